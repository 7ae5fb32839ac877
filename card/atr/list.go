package atr

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// maxNames bounds what a list may say of one card.
const maxNames = 20

// Names looks an answer to reset up in a list in the form of pcsc-tools' smartcard_list.txt: a pattern of hexadecimal
// bytes at the start of a line, where a dot stands for any digit, and below it what such cards are, each on a line with a
// tab before it. The list is the reader's own; none comes with this program.
func Names(list io.Reader, answer []byte) ([]string, error) {
	text := fmt.Sprintf("% X", answer)
	var names []string
	matches := false
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "\t"):
			if matches && len(names) < maxNames {
				names = append(names, strings.TrimSpace(line))
			}
		case strings.HasPrefix(line, "3"):
			matches = fits(strings.TrimSpace(line), text)
		default:
			matches = false
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("atr: the list of cards: %w", err)
	}
	return names, nil
}

// fits holds one pattern of a list to an answer to reset.
func fits(pattern, text string) bool {
	pattern = strings.ToUpper(pattern)
	if strings.Trim(pattern, "0123456789ABCDEF .()[]|-") != "" {
		return false
	}
	if !strings.ContainsAny(pattern, "()[]|-") && len(pattern) != len(text) {
		return false
	}
	expression, err := regexp.Compile("^(?:" + pattern + ")$")
	return err == nil && expression.MatchString(text)
}
