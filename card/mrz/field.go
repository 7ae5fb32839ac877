package mrz

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The rules of the single fields, for writing and reading alike. Their errors name the field and not its content.

func checkCode(code string) error {
	if len(code) < 1 || len(code) > 2 || !strings.Contains("ACI", code[:1]) || !all(code, isLetter, isDigit) {
		return errors.New("document code: not A, C or I and at most one more character")
	}
	return nil
}

func checkState(field, code string) error {
	if len(code) < 1 || len(code) > 3 || !all(code, isLetter) {
		return fmt.Errorf("%s: not a code of one to three letters", field)
	}
	return nil
}

func checkNumber(number string) error {
	if number == "" || len(number) > longestNumber || !all(number, isMRZ) {
		return fmt.Errorf("document number: not one to %d characters A-Z, 0-9", longestNumber)
	}
	if strings.Trim(number, "<") != number {
		return errors.New("document number: begins or ends with a filler")
	}
	if len(number) > numberLength && strings.Contains(number[numberLength:], "<") {
		return errors.New("document number: a filler after the ninth character")
	}
	return nil
}

func checkOptional(field, data string, room int) error {
	if len(data) > room || !all(data, isMRZ) || strings.HasSuffix(data, "<") {
		return fmt.Errorf("%s: not at most %d characters A-Z, 0-9 and <, the last no filler", field, room)
	}
	return nil
}

// checkBirth takes parts that are not known (Doc 9303-3, section 4.8).
func checkBirth(date string) error {
	if len(date) != 6 || !all(date, isDigit, isFiller) {
		return errors.New("date of birth: not six digits YYMMDD")
	}
	for _, part := range []struct {
		digits   string
		min, max int
	}{{date[:2], 0, 99}, {date[2:4], 1, 12}, {date[4:], 1, 31}} {
		if n, err := strconv.Atoi(part.digits); part.digits != "<<" && (err != nil || n < part.min || n > part.max) {
			return errors.New("date of birth: no day of the calendar")
		}
	}
	return nil
}

func isFiller(c byte) bool { return c == '<' }

func checkExpiry(date string) error {
	if !all(date, isDigit) || checkBirth(date) != nil {
		return errors.New("date of expiry: not a day written YYMMDD")
	}
	return nil
}

func checkSex(sex string) error {
	if sex != "M" && sex != "F" && sex != "" {
		return errors.New("sex: not M, F or unspecified")
	}
	return nil
}
