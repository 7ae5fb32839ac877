package main

import (
	"encoding/json"
	"testing"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"Đặng Đình Mẫu": "Đặng Đình Mẫu", "": "", "a\x1b[2J": `"a\x1b[2J"`, "a\u009b2J": `"a\u009b2J"`,
		"a\u202eb": `"a\u202eb"`, "a\u2066b": `"a\u2066b"`, "a\xffb": `"a\xffb"`, "a\nb": `"a\nb"`,
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestSeveralErrorsAreOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"layout: full_name: does not fit\nlayout: qr: does not fit": "full_name: does not fit; qr: does not fit",
		"open a\nb: layout: gone":                                   "open a\nb: gone", // a name stays as it is, and is shown quoted
	} {
		if got := plain(text); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestEscapedJSONIsTheSameJSON(t *testing.T) {
	for _, text := range []string{"Mẫu", "a\u009bb", "a\u202eb", "a\U000e0001b", "𠮷", "\x00\x1b"} {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		out := escaped(raw)
		for _, r := range string(out) {
			if r == 0x9b || r == 0x202e || r == 0xe0001 || r < ' ' {
				t.Errorf("%q comes out raw", text)
			}
		}
		var back string
		if err := json.Unmarshal(out, &back); err != nil || back != text {
			t.Errorf("%q came back as %q, %v", text, back, err)
		}
	}
}
