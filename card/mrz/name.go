package mrz

import (
	"errors"
	"fmt"
	"strings"
)

// longestName bounds the identifiers that are taken, in bytes: far more than any name has.
const longestName = 1000

// nameLine gives the lower line (Doc 9303-5, section 4.2.2.3).
func nameLine(primary, secondary string) (string, error) {
	if len(primary) > longestName || len(secondary) > longestName {
		return "", fmt.Errorf("name: an identifier is longer than %d bytes", longestName)
	}
	p, err := transliterate(primary)
	if err != nil {
		return "", fmt.Errorf("primary identifier: %w", err)
	}
	s, err := transliterate(secondary)
	if err != nil {
		return "", fmt.Errorf("secondary identifier: %w", err)
	}
	if p == "" {
		return "", errors.New("primary identifier: missing")
	}
	return fill(fit(parts(p), parts(s)), lineLength), nil
}

func parts(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '<' })
}

// fit joins the two identifiers and shortens them where they are longer than a line, so that every part keeps at
// least its initial and the thirtieth character is a letter, which is the sign of a name that may have been cut.
// Doc 9303-5, section 4.2.3, leaves the way to the issuer. Here the longest part loses its last letter, again and
// again: those of the secondary identifier, and those of the primary one where it alone leaves no three places.
func fit(primary, secondary []string) string {
	if name := joinName(primary, secondary); len(name) <= lineLength {
		return name
	}
	if len(secondary) == 0 {
		return join(shorten(primary, lineLength))
	}
	const separator, initial = 2, 1
	primary = shorten(primary, lineLength-separator-initial)
	for {
		room := lineLength - separator - len(join(primary))
		name := joinName(primary, shorten(secondary, room))
		if len(name) == lineLength || len(primary) == 1 && len(primary[0]) == 1 {
			return name
		}
		// Initials alone leave one place at the end: it goes to the secondary identifier.
		primary = shorten(primary, len(join(primary))-1)
	}
}

// shorten takes the last letter of the longest part, the last among equals, until the joined parts fit; where only
// initials are left, the last of them. At least one initial stays.
func shorten(full []string, room int) []string {
	short := append([]string(nil), full...)
	for len(join(short)) > room {
		i := longest(short)
		switch {
		case len(short[i]) > 1:
			short[i] = short[i][:len(short[i])-1]
		case len(short) > 1:
			short = short[:len(short)-1]
		default:
			return short
		}
	}
	return short
}

func longest(parts []string) int {
	at := 0
	for i, p := range parts {
		if len(p) >= len(parts[at]) {
			at = i
		}
	}
	return at
}

func join(parts []string) string { return strings.Join(parts, "<") }

func joinName(primary, secondary []string) string {
	if len(secondary) == 0 {
		return join(primary)
	}
	return join(primary) + "<<" + join(secondary)
}
