package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// packageWords are the names with which the errors of our packages begin; an operator has no use for them.
const packageWords = `(?:activeauth|apdu|atr|authority|bac|card|cms|cvc|cvca|date|dh|eac|ec|layout|lds|lint|mrz|pace|pcsc|perso|pki|pkcs11|reader|register|scp|secinfo|simulator|sm|specimen|spool|station|tlv|vnm|vpcd|x509)`

var (
	packageNames = regexp.MustCompile(`(^|: |; |\()` + packageWords + `: `)
	nextError    = regexp.MustCompile(`\n` + packageWords + `: `) // of several that were joined, each on a line
)

// plain takes the packages' names out of an error's text, and puts several errors on one line.
func plain(text string) string {
	text = nextError.ReplaceAllString(text, "; ")
	for {
		next := packageNames.ReplaceAllString(text, "$1")
		if next == text {
			return text
		}
		text = next
	}
}

// printable keeps what a card, a record or a path says from moving the operator's cursor or turning text around: text
// with anything but letters, signs and spaces in it is shown quoted.
func printable(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	return fmt.Sprintf("%+q", s)
}

// escaped puts escapes for what encoding/json lets through and a terminal obeys: controls above 7E, marks that turn
// text around. They stand only inside strings, so JSON stays the same JSON.
func escaped(json []byte) []byte {
	var out []byte
	for len(json) > 0 {
		r, size := utf8.DecodeRune(json)
		if r == '\n' || unicode.IsPrint(r) {
			out = append(out, json[:size]...)
		} else if r <= 0xFFFF {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			high, low := (r-0x10000)>>10+0xD800, (r-0x10000)&0x3FF+0xDC00
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
		json = json[size:]
	}
	return out
}
