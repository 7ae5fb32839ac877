package lds

import (
	"bytes"
	"encoding/hex"
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"testing/quick"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// codec reads a file and writes again what it has read.
type codec func(file []byte) ([]byte, error)

// encodesAgain demands that a file is read and written again byte for byte.
func (c codec) encodesAgain(t *testing.T, name string, file []byte) {
	t.Helper()
	again, err := c(file)
	if err != nil || !bytes.Equal(again, file) {
		t.Errorf("%s: %d bytes of %d, %v", name, len(again), len(file), err)
	}
}

// refusals are files in the notation of [build], each with a part of what the error must say.
type refusals map[string][2]string

// refuses demands that each file is an error, and for its own reason.
func (c codec) refuses(t *testing.T, files refusals) {
	t.Helper()
	for name, file := range files {
		if _, err := c(build(t, file[0])); err == nil || !strings.Contains(err.Error(), file[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// build gives the bytes of a file written in hex, where (...) stands for a length and the value between. What is open at
// the end is closed there.
func build(t testing.TB, notation string) []byte {
	t.Helper()
	open := strings.LastIndexByte(notation, '(')
	if open < 0 {
		return unhex(t, notation)
	}
	inner, after, _ := strings.Cut(notation[open+1:], ")")
	value := unhex(t, inner)
	header := tlv.AppendHeader(nil, 0, len(value))[1:]
	return build(t, notation[:open]+hex.EncodeToString(append(header, value...))+after)
}

// bends cuts a file everywhere, adds to it and flips every bit: a cut is refused, and what is taken is written again.
func (c codec) bends(t *testing.T, file []byte) {
	t.Helper()
	for n := range file {
		if _, err := c(file[:n]); err == nil {
			t.Errorf("%d bytes of %d were taken", n, len(file))
		}
	}
	if _, err := c(append(bytes.Clone(file), 0x00)); err == nil {
		t.Error("a byte too many was taken")
	}
	for i := range file {
		for bit := range 8 {
			bent := bytes.Clone(file)
			bent[i] ^= 1 << bit
			c.holds(t, bent)
		}
	}
}

// holds demands of any bytes: if they are read, they are written again as they were. Only a length in more bytes than
// it needs, which ISO/IEC 7816-4 allows, is written shorter.
func (c codec) holds(t *testing.T, b []byte) {
	t.Helper()
	again, err := c(b)
	if err != nil {
		return
	}
	if len(again) > len(b) || len(again) == len(b) && !bytes.Equal(again, b) {
		t.Errorf("%x was written again as %x", b, again)
	}
	if third, err := c(again); err != nil || !bytes.Equal(third, again) {
		t.Errorf("what was written is not read again: %v", err)
	}
}

// fuzz is the target of a codec, with files to begin with.
func (c codec) fuzz(f *testing.F, seeds ...[]byte) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) { c.holds(t, b) })
}

// isBounded demands that reading takes memory in proportion to the file, whatever the file announces. An image taken
// out of it is no copy; what is written again is one, and so are the layers around it.
func (c codec) isBounded(t *testing.T, file []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = c(file)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 200*uint64(len(file))+64<<10 {
		t.Errorf("%d bytes took %d", len(file), took)
	}
}

// everySeed checks a property over generated values.
func everySeed(t *testing.T, property func(r *rand.Rand) bool) {
	t.Helper()
	if err := quick.Check(func(seed int64) bool { return property(rand.New(rand.NewSource(seed))) }, nil); err != nil {
		t.Error(err)
	}
}

func someBytes(r *rand.Rand, least, most int) []byte {
	b := make([]byte, least+r.Intn(most-least+1))
	r.Read(b)
	return b
}

// someText gives at most so many bytes of text, in the letters that names here have.
func someText(r *rand.Rand, most int) string {
	letters := []rune("ABCXYZ<019 ẤƯờđñß")
	s := ""
	for range r.Intn(most + 1) {
		next := string(letters[r.Intn(len(letters))])
		if len(s)+len(next) > most {
			break
		}
		s += next
	}
	return s
}

func someDate(r *rand.Rand, digits string) Date {
	if r.Intn(3) == 0 {
		return Date{}
	}
	return Date{Digits: digits, BCD: r.Intn(2) == 0}
}

func someHeader(r *rand.Rand, subtype byte) BiometricHeader {
	if r.Intn(2) == 0 {
		return nil
	}
	return BiometricHeader{
		{Tag: 0x80, Value: []byte{1, 1}}, {Tag: 0x81, Value: someBytes(r, 1, 3)}, {Tag: 0x82, Value: []byte{subtype}},
		{Tag: 0x83, Value: someBytes(r, 7, 7)}, {Tag: 0x85, Value: someBytes(r, 8, 8)}, {Tag: 0x86, Value: someBytes(r, 4, 4)},
		{Tag: 0x87, Value: []byte{1, 1}}, {Tag: 0x88, Value: someBytes(r, 2, 2)}, {Tag: 0x90, Value: someBytes(r, 1, 9)},
	}
}

func TestBiometricHeadersThatLie(t *testing.T) {
	owner, format := tlv.Object{Tag: 0x87, Value: []byte{1, 1}}, tlv.Object{Tag: 0x88, Value: []byte{0, 8}}
	for name, c := range map[string]struct {
		header BiometricHeader
		ok     bool
	}{
		"owner and format":      {BiometricHeader{owner, format}, true},
		"in another order":      {BiometricHeader{format, owner}, true},
		"something of its own":  {BiometricHeader{owner, format, {Tag: 0x91, Value: nil}}, true},
		"no owner":              {BiometricHeader{format}, false},
		"no format":             {BiometricHeader{owner}, false},
		"nothing":               {BiometricHeader{}, false},
		"owner twice":           {BiometricHeader{owner, format, owner}, false},
		"a format of one byte":  {BiometricHeader{owner, {Tag: 0x88, Value: []byte{8}}}, false},
		"a type of four bytes":  {BiometricHeader{owner, format, {Tag: 0x81, Value: make([]byte, 4)}}, false},
		"a type of none":        {BiometricHeader{owner, format, {Tag: 0x81}}, false},
		"a date that is short":  {BiometricHeader{owner, format, {Tag: 0x83, Value: make([]byte, 6)}}, false},
		"an object of the file": {BiometricHeader{owner, format, {Tag: 0x5F2E}}, false},
		"an object identifier":  {BiometricHeader{owner, format, {Tag: 0x06}}, false},
	} {
		if err := c.header.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
