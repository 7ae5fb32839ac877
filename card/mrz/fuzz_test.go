package mrz

import (
	"strings"
	"testing"
)

// What was read is written again as it stood, as far as the first two lines go: in the third, fillers may differ.
func FuzzParse(f *testing.F) {
	for _, s := range specimens {
		f.Add(strings.Join(s.lines[:], "\n"))
	}
	f.Add("")
	f.Add(strings.Repeat("<", 30) + "\r\n" + strings.Repeat("<", 30) + "\n\n" + strings.Repeat("<", 30))
	f.Fuzz(func(t *testing.T, text string) {
		z, err := Parse(text)
		if err != nil {
			return
		}
		if z.Information() == "" {
			t.Fatal("a zone that was read opens no chip")
		}
		lines, err := z.Lines()
		if checkSecond(z.DocumentCode) != nil {
			return
		}
		if err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		in, _ := split(text)
		if lines[0] != in[0] || lines[1] != in[1] {
			t.Fatalf("read %q, written %q", in, lines)
		}
		if again, err := Parse(strings.Join(lines[:], "\n")); err != nil || again != z {
			t.Fatalf("%+v, then %+v, %v", z, again, err)
		}
	})
}

// Whatever comes out holds letters and single fillers only, and comes out of itself again.
func FuzzTransliterate(f *testing.F) {
	for _, s := range []string{"Đặng Đình Mẫu", "Weiß, Æ-Þ", "ʼ'", "\u0300\u0301", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Transliterate(s)
		if err != nil {
			return
		}
		if !all(got, isLetter, isFiller) || strings.Contains(got, "<<") || strings.Trim(got, "<") != got {
			t.Fatalf("%q gave %q", s, got)
		}
		if again, err := Transliterate(strings.ReplaceAll(got, "<", " ")); err != nil || again != got {
			t.Fatalf("%q, then %q, %v", got, again, err)
		}
	})
}
