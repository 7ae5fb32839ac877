package station

import (
	"strings"
	"testing"
)

// A file of keys that is not written as it should be, or is named where a card profile belongs, is repeated in no error.
func TestErrorsRepeatNoChipKey(t *testing.T) {
	const key = "5A5B5C5D5E5F60616263646566676869"
	for _, text := range []string{key, key + "=" + key, "ENC=" + key + key + key, "ENC " + key, "MASTER:" + key, "ENC=" + key + "\n" + key,
		`{"ENC":"` + key + `"}`, "ENC=" + key + "=", "MASTER=10111213141516171819202122232425"} {
		_, err := parseChipKeys(text, "", 24)
		if err == nil {
			continue
		}
		if repeats(err, text) {
			t.Errorf("keys: %v", err)
		}
		if _, err := ParseChipProfile([]byte(text)); err == nil || repeats(err, text) {
			t.Errorf("profile: %v", err)
		}
	}
	for _, text := range []string{"MASTER=10111213141516171819202122232425\n", key + " = 1\n", "MASTER=\"" + key + "\"\n"} {
		if _, err := ParseChipProfile([]byte(text)); err == nil || repeats(err, text) {
			t.Errorf("profile: %v", err)
		}
	}
}

// repeats tells whether an error has eight bytes in a row of what it is about.
func repeats(err error, text string) bool {
	for i := 0; i+16 <= len(text); i++ {
		if part := text[i : i+16]; !strings.ContainsAny(part, " =:\n\"{}") && strings.Contains(err.Error(), part) {
			return true
		}
	}
	return false
}
