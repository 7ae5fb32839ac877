package mrz

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Transliterate writes a name in Latin letters as the zone does: capitals A to Z, one filler between parts
// (Doc 9303-3, sections 4.6 and 6.A). Marks above and below letters are left out, so Ế gives E and Ä gives A; letters
// that are no marked A to Z go by the table: Đ D, Æ AE, Ø OE, ß SS, Þ TH. Spaces, hyphens and commas part, apostrophes
// and other punctuation vanish. Any other character, digits among them, is an error that names it.
func Transliterate(s string) (string, error) {
	name, err := transliterate(s)
	if err != nil {
		return "", fmt.Errorf("mrz: %w", err)
	}
	return name, nil
}

func transliterate(s string) (string, error) {
	var out strings.Builder
	part := false // a part has ended, and none has begun since
	for _, r := range norm.NFD.String(s) {
		if parting(r) {
			part = true
			continue
		}
		letters, err := letters(r)
		if err != nil {
			return "", err
		}
		if letters == "" {
			continue
		}
		if part && out.Len() > 0 {
			out.WriteByte('<')
		}
		part = false
		out.WriteString(letters)
	}
	return out.String(), nil
}

func parting(r rune) bool { return r == ',' || unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) }

// letters gives the letters A to Z that stand for one decomposed character: none for marks and punctuation.
func letters(r rune) (string, error) {
	capital := unicode.ToUpper(r)
	if capital >= 'A' && capital <= 'Z' {
		return string(capital), nil
	}
	if to, known := latin[capital]; known {
		return to, nil
	}
	if r != unicode.ReplacementChar && (isMark(r) || unicode.IsPunct(r) || r == modifierApostrophe) {
		return "", nil
	}
	return "", fmt.Errorf("the machine readable zone has no letters for %U", r)
}

// modifierApostrophe is U+02BC, a letter by class and an apostrophe by use.
const modifierApostrophe = 'ʼ'

// isMark tells whether r is one of the combining diacritical marks of the Latin script.
func isMark(r rune) bool { return r >= 0x0300 && r <= 0x036F }
