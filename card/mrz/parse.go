package mrz

import (
	"errors"
	"fmt"
	"strings"
)

// longestText bounds what Parse looks at: three lines with room for blanks around them.
const longestText = 4096

// Parse reads the three lines of a zone, parted by LF or CRLF; blanks around them do not matter. Every field is
// checked and every check digit verified. Errors say line, position and field, never what stands there.
func Parse(text string) (TD1, error) {
	lines, err := split(text)
	if err != nil {
		return TD1{}, fmt.Errorf("mrz: %w", err)
	}
	z, err := read(lines)
	if err != nil {
		return TD1{}, fmt.Errorf("mrz: %w", err)
	}
	return z, nil
}

func split(text string) (lines [3]string, err error) {
	if len(text) > longestText {
		return lines, fmt.Errorf("%d bytes are no machine readable zone; that of a card has three lines of %d", len(text), lineLength)
	}
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if n < 3 {
			lines[n] = line
		}
		n++
	}
	if n != 3 {
		return lines, fmt.Errorf("%d lines, where the zone of a card (TD1) has three", n)
	}
	for i, line := range lines {
		if err := checkLine(i+1, line); err != nil {
			return lines, err
		}
	}
	return lines, nil
}

func checkLine(n int, line string) error {
	position := 0
	for _, r := range line {
		position++
		if r > 'Z' || !isMRZ(byte(r)) {
			return fmt.Errorf("line %d, position %d: not A-Z, 0-9 or <", n, position)
		}
	}
	if position != lineLength {
		return fmt.Errorf("line %d: %d characters, where %d are due", n, position, lineLength)
	}
	return nil
}

// read takes the fields from three lines of thirty characters of a zone.
func read(lines [3]string) (TD1, error) {
	upper, middle, lower := lines[0], lines[1], lines[2]
	number, digitAt, optional, err := splitNumber(upper)
	if err != nil {
		return TD1{}, err
	}
	z := TD1{
		DocumentCode: trim(upper[0:2]), Issuer: trim(upper[2:5]), DocumentNumber: trim(number), OptionalData1: trim(optional),
		DateOfBirth: middle[0:6], Sex: trim(middle[7:8]), DateOfExpiry: middle[8:14], Nationality: trim(middle[15:18]),
		OptionalData2: trim(middle[18:29]),
	}
	for _, check := range []struct {
		line, position int
		err            error
	}{
		{1, 1, checkCode(z.DocumentCode)},
		{1, 3, checkState("issuing State", z.Issuer)},
		{1, 6, checkNumber(z.DocumentNumber)},
		{1, digitAt + 1, digit("document number", number, upper[digitAt])},
		{2, 1, checkBirth(z.DateOfBirth)},
		{2, 7, digit("date of birth", middle[0:6], middle[6])},
		{2, 8, checkSex(z.Sex)},
		{2, 9, checkExpiry(z.DateOfExpiry)},
		{2, 15, digit("date of expiry", middle[8:14], middle[14])},
		{2, 16, checkState("nationality", z.Nationality)},
		{2, 30, digit("composite", composite(upper, middle), middle[29])},
	} {
		if check.err != nil {
			return TD1{}, fmt.Errorf("line %d, position %d: %w", check.line, check.position, check.err)
		}
	}
	z.Primary, z.Secondary, err = splitName(lower)
	return z, err
}

func digit(field, over string, found byte) error {
	if checkDigit(over) != found {
		return fmt.Errorf("%s: the check digit does not fit", field)
	}
	return nil
}

// splitNumber gives the document number as its check digit is made over it, the index of that digit in the upper
// line, and the optional data. A filler in place of the check digit says that the number goes on in the optional data
// (Doc 9303-5, section 4.2.2.3, note j).
func splitNumber(upper string) (number string, digitAt int, optional string, err error) {
	number, optional = upper[5:14], upper[15:30]
	if upper[14] != '<' {
		return number, 14, optional, nil
	}
	rest, after, ended := strings.Cut(optional, "<")
	if len(rest) < 2 || !ended {
		return "", 0, "", errors.New("line 1, position 15: document number: a filler says that the number goes on " +
			"in the optional data, which does not hold its end, check digit and filler")
	}
	return number + rest[:len(rest)-1], 15 + len(rest) - 1, after, nil
}

func splitName(lower string) (primary, secondary string, err error) {
	if at := strings.IndexFunc(lower, func(r rune) bool { return isDigit(byte(r)) }); at >= 0 {
		return "", "", fmt.Errorf("line 3, position %d: name: a digit", at+1)
	}
	primary, secondary, _ = strings.Cut(lower, "<<")
	if primary == "" {
		return "", "", errors.New("line 3, position 1: name: missing")
	}
	return strings.Join(parts(primary), " "), strings.Join(parts(secondary), " "), nil
}

func trim(s string) string { return strings.TrimRight(s, "<") }
