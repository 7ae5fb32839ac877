package pace

import (
	"bytes"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

func FuzzTerminal(f *testing.F) {
	e := loadExamples(f)[4]
	var seed [][]byte
	for _, line := range e.dialogue() {
		seed = append(seed, unhex(f, line[1]))
	}
	f.Add(seed[1], seed[2], seed[3], seed[4])
	f.Add([]byte{0x7C, 0, 0x90, 0}, []byte{0x63, 0}, []byte{}, []byte{0x7C, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0})
	f.Fuzz(func(t *testing.T, nonce, mapping, key, token []byte) {
		_, result, err := Run(&scripted{[][]byte{{0x90, 0}, nonce, mapping, key, token}}, e.info(t), e.password(), e.terminalRandom())
		if err == nil && (!bytes.Contains(token, e.TIC) || len(result.ChipAuthenticationData) == 0) {
			t.Errorf("%X %X %X %X passed", nonce, mapping, key, token)
		}
	})
}

func FuzzChip(f *testing.F) {
	e := loadExamples(f)[4]
	lines := e.dialogue()
	for i, line := range lines {
		f.Add(unhex(f, line[0]), uint8(i))
	}
	f.Add([]byte{0x10, 0x86, 0, 0, 2, 0x7C, 0x80, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		cmd, err := apdu.ParseCommand(b)
		if err != nil {
			return
		}
		chip := e.chip(t)
		at := int(step) % len(lines)
		for i, line := range lines[:at] {
			if i == 0 {
				chip.SetAT(command(t, line[0]))
			} else {
				chip.Authenticate(command(t, line[0]))
			}
		}
		resp, session := chip.Authenticate(cmd)
		if session != nil && !bytes.Contains(b, e.TIFD) {
			t.Errorf("%X opens a session", b)
		}
		if len(resp.Data) > 256 {
			t.Errorf("%X: an answer of %d bytes", b, len(resp.Data))
		}
		if resp := chip.SetAT(cmd); len(resp.Data) != 0 {
			t.Errorf("%X: MSE:Set AT answers data", b)
		}
	})
}
