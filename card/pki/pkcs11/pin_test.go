package pkcs11

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPINFile(t *testing.T) {
	folder := t.TempDir()
	for i, c := range []struct {
		text string
		mode os.FileMode
		want string
		says string
	}{
		{"123456", 0o600, "123456", ""},
		{"123456\n", 0o400, "123456", ""},
		{"1234 56\r\n", 0o600, "1234 56", ""},
		{"123456\n\n", 0o600, "123456\n", ""},
		{"", 0o600, "", "no PIN"},
		{"\n", 0o600, "", "no PIN"},
		{strings.Repeat("1", maxPIN+1), 0o600, "", "no PIN"},
		{"123456", 0o644, "", "chmod"},
	} {
		path := filepath.Join(folder, string(rune('a'+i)))
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, c.mode)
		got, err := PINFile(path)()
		if string(got) != c.want || (err == nil) != (c.says == "") {
			t.Errorf("%q: %q, %v", c.text, got, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "123456")) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	if _, err := PINFile(folder)(); err == nil {
		t.Error("a folder is a PIN file")
	}
}
