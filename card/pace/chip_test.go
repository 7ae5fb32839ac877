package pace

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

func TestChipRefusesBadPublicKeys(t *testing.T) {
	for name, key := range bad(t) {
		for _, step := range []int{stepMap, stepAgree} {
			chip := chipAt(t, key.info, step)
			tag := map[int]byte{stepMap: 0x81, stepAgree: 0x83}[step]
			resp, session := chip.Authenticate(apdu.Command{CLA: 0x10, Data: object(0x7C, object(tag, key.public))})
			if resp.SW != apdu.SWWrongData || len(resp.Data) != 0 || session != nil || chip.Running() {
				t.Errorf("%s in step %d: %v", name, step, resp.SW)
			}
		}
	}
}

// chipAt gives a chip that waits for this step.
func chipAt(t *testing.T, info secinfo.PACEInfo, step int) *Chip {
	t.Helper()
	chip := newChip(info)
	w := &wire{chip: chip}
	stop := &stopping{w, step + 1}
	if _, _, err := Run(stop, info, CAN("123456"), rand.Reader); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrChip) || errors.Is(err, ErrRefused) {
		t.Fatal(err)
	}
	if !chip.Running() || chip.run.step != step {
		t.Fatalf("the chip is not at step %d", step)
	}
	return chip
}

// stopping is a wire that is cut after some commands.
type stopping struct {
	next *wire
	left int
}

func (s *stopping) Send(cmd apdu.Command) (apdu.Response, error) {
	if s.left == 0 {
		return apdu.Response{}, io.ErrUnexpectedEOF
	}
	s.left--
	return s.next.Send(cmd)
}

func TestChipRefusesItsOwnPublicKey(t *testing.T) {
	private := bytes.Repeat([]byte{7}, 32)
	for _, step := range []int{stepMap, stepAgree} {
		chip := chipAt(t, gm(13), step)
		generator := chip.run.group.generator()
		if step == stepAgree {
			generator = chip.run.generator
		}
		public, err := chip.run.group.multiple(generator, private)
		if err != nil {
			t.Fatal(err)
		}
		chip.Rand = bytes.NewReader(private)
		tag := map[int]byte{stepMap: 0x81, stepAgree: 0x83}[step]
		resp, _ := chip.Authenticate(apdu.Command{CLA: 0x10, Data: object(0x7C, object(tag, public.Bytes()))})
		if resp.SW != apdu.SWWrongData {
			t.Errorf("step %d: %v", step, resp.SW)
		}
	}
}

func TestChipSetAT(t *testing.T) {
	oid := func(i secinfo.PACEInfo) []byte { return protocolBytes(i) }
	two := []secinfo.PACEInfo{gm(12), gm(13), im(13), cam(16)}
	mse := func(objects ...[]byte) apdu.Command {
		return apdu.Command{INS: 0x22, P1: 0xC1, P2: 0xA4, Data: bytes.Join(objects, nil)}
	}
	can, mrz := object(0x83, []byte{2}), object(0x83, []byte{1})
	for name, c := range map[string]struct {
		cmd apdu.Command
		sw  apdu.StatusWord
	}{
		"only one set for the protocol":   {mse(object(0x80, oid(im(13))), can), 0x9000},
		"with its set":                    {mse(object(0x80, oid(im(13))), mrz, object(0x84, []byte{13})), 0x9000},
		"two sets, one named":             {mse(object(0x80, oid(gm(12))), can, object(0x84, []byte{13})), 0x9000},
		"two sets, none named":            {mse(object(0x80, oid(gm(12))), can), 0x6A88},
		"a set that is not there":         {mse(object(0x80, oid(gm(12))), can, object(0x84, []byte{14})), 0x6A88},
		"a set in two bytes":              {mse(object(0x80, oid(gm(12))), can, object(0x84, []byte{0, 13})), 0x6A88},
		"an empty set":                    {mse(object(0x80, oid(gm(12))), can, object(0x84, nil)), 0x6A88},
		"a password that is not there":    {mse(object(0x80, oid(im(13))), object(0x83, []byte{3})), 0x6A88},
		"another order":                   {mse(mrz, object(0x84, []byte{13}), object(0x80, oid(im(13)))), 0x9000},
		"an unknown object":               {mse(object(0x80, oid(im(13))), can, object(0x91, []byte{1, 2})), 0x9000},
		"an authorization template":       {mse(object(0x80, oid(im(13))), can, []byte{0x7F, 0x4C, 0}), 0x9000},
		"chip authentication mapping":     {mse(object(0x80, oid(cam(16))), can), 0x9000},
		"a protocol that is not offered":  {mse(object(0x80, oid(cam(16))[:9]), can), 0x6A80},
		"no protocol":                     {mse(can), 0x6A80},
		"no password":                     {mse(object(0x80, oid(im(13)))), 0x6A80},
		"a password of two bytes":         {mse(object(0x80, oid(im(13))), object(0x83, []byte{1, 1})), 0x6A80},
		"the protocol twice":              {mse(object(0x80, oid(im(13))), object(0x80, oid(im(13))), can), 0x6A80},
		"the password twice":              {mse(object(0x80, oid(im(13))), can, mrz), 0x6A80},
		"cut short":                       {mse(object(0x80, oid(im(13))), []byte{0x83, 1}), 0x6A80},
		"nothing":                         {mse(), 0x6A80},
		"P2 of another template":          {apdu.Command{INS: 0x22, P1: 0xC1, P2: 0xA6}, 0x6A86},
		"P1 for the computation of a key": {apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4}, 0x6A86},
		"chained":                         {apdu.Command{CLA: 0x10, INS: 0x22, P1: 0xC1, P2: 0xA4}, 0x6E00},
	} {
		chip := newChip(two...)
		if resp := chip.SetAT(c.cmd); resp.SW != c.sw || len(resp.Data) != 0 || chip.Running() != (c.sw == 0x9000) {
			t.Errorf("%s: %v, want %04X", name, resp.SW, uint16(c.sw))
		}
	}
	for name, chip := range map[string]*Chip{
		"no key for chip authentication mapping": {Infos: two, Passwords: []Password{CAN("123456")}, Rand: rand.Reader},
		"no password":                            {Infos: two, Rand: rand.Reader},
	} {
		if resp := chip.SetAT(mse(object(0x80, oid(cam(16))), can)); resp.SW != apdu.SWReferenceNotFound || chip.Running() {
			t.Errorf("%s: %v", name, resp.SW)
		}
	}
	unsupported := newChip(secinfo.PACEInfo{Suite: sm.AES128, Version: 2, ParameterID: 9})
	if resp := unsupported.SetAT(mse(object(0x80, oid(gm(9))), can)); resp.SW != apdu.SWWrongData {
		t.Errorf("brainpoolP192r1: %v", resp.SW)
	}
}

func TestChipSequence(t *testing.T) {
	g, err := openGroup(gm(13))
	if err != nil {
		t.Fatal(err)
	}
	public := g.generator().Bytes()
	chained := func(data []byte) apdu.Command { return apdu.Command{CLA: 0x10, INS: 0x86, Data: data} }
	nonce, mapping := object(0x7C, nil), object(0x7C, object(0x81, public))
	key, token := object(0x7C, object(0x83, public)), object(0x7C, object(0x85, make([]byte, 8)))
	if resp, _ := newChip(gm(13)).Authenticate(chained(nonce)); resp.SW != apdu.SWConditionsNotSatisfied {
		t.Errorf("without MSE:Set AT: %v", resp.SW)
	}
	for name, c := range map[string]struct {
		step int
		cmd  apdu.Command
		sw   apdu.StatusWord
	}{
		"mapping before the nonce":     {stepNonce, chained(mapping), 0x6985},
		"token before the nonce":       {stepNonce, chained(token), 0x6985},
		"the nonce again":              {stepMap, chained(nonce), 0x6985},
		"key before the mapping":       {stepMap, chained(key), 0x6985},
		"mapping again":                {stepAgree, chained(mapping), 0x6985},
		"mapping instead of the token": {stepToken, apdu.Command{Data: mapping}, 0x6985},
		"the nonce not chained":        {stepNonce, apdu.Command{Data: nonce}, 0x6985},
		"the key not chained":          {stepAgree, apdu.Command{Data: key}, 0x6985},
		"the token chained":            {stepToken, chained(token), 0x6883},
		"another class":                {stepMap, apdu.Command{CLA: 0x80, Data: mapping}, 0x6E00},
		"P1":                           {stepMap, apdu.Command{CLA: 0x10, P1: 1, Data: mapping}, 0x6A86},
		"P2":                           {stepMap, apdu.Command{CLA: 0x10, P2: 1, Data: mapping}, 0x6A86},
		"no wrapping":                  {stepMap, chained(object(0x81, public)), 0x6A80},
		"no data":                      {stepNonce, chained(nil), 0x6A80},
		"something after the wrapping": {stepNonce, chained(append(bytes.Clone(nonce), 0)), 0x6A80},
		"an unknown object":            {stepMap, chained(object(0x7C, object(0x91, public))), 0x6A80},
		"two objects":                  {stepMap, chained(object(0x7C, append(object(0x81, public), object(0x81, public)...))), 0x6A80},
		"a wrong token":                {stepToken, apdu.Command{Data: token}, 0x6300},
		"an empty token":               {stepToken, apdu.Command{Data: object(0x7C, object(0x85, nil))}, 0x6300},
		"the chip's answer as a token": {stepToken, apdu.Command{Data: object(0x7C, object(0x86, make([]byte, 8)))}, 0x6A80},
	} {
		chip := chipAt(t, gm(13), max(c.step, 0))
		resp, session := chip.Authenticate(c.cmd)
		if resp.SW != c.sw || len(resp.Data) != 0 || session != nil || chip.Running() {
			t.Errorf("%s: %v, want %04X", name, resp.SW, uint16(c.sw))
		}
		if resp, session := chip.Authenticate(chained(nonce)); resp.SW != apdu.SWConditionsNotSatisfied || session != nil {
			t.Errorf("%s: the protocol lives on: %v", name, resp.SW)
		}
	}
	chip := chipAt(t, gm(13), stepAgree)
	chip.Reset()
	if resp, _ := chip.Authenticate(chained(key)); resp.SW != apdu.SWConditionsNotSatisfied {
		t.Errorf("after power off: %v", resp.SW)
	}
	chip = chipAt(t, gm(13), stepAgree)
	chip.Rand = bytes.NewReader(nil)
	if resp, _ := chip.Authenticate(chained(key)); resp.SW != apdu.SWUnspecified {
		t.Errorf("without randomness: %v", resp.SW)
	}
	if resp, _ := chipAt(t, im(13), stepMap).Authenticate(chained(object(0x7C, object(0x81, make([]byte, 16))))); resp.SW != apdu.SWWrongData {
		t.Errorf("a nonce t of 16 bytes for AES-192: %v", resp.SW)
	}
}

// A token serves once: when the last command is sent again, the session that it opened is not given a second time.
func TestChipTokenServesOnce(t *testing.T) {
	e := loadExamples(t)[0]
	chip := e.chip(t)
	lines := e.dialogue()
	chip.SetAT(command(t, lines[0][0]))
	for _, line := range lines[1:4] {
		chip.Authenticate(command(t, line[0]))
	}
	if resp, session := chip.Authenticate(command(t, lines[4][0])); resp.SW != apdu.SWOK || session == nil {
		t.Fatal(resp.SW)
	}
	if resp, session := chip.Authenticate(command(t, lines[4][0])); resp.SW != apdu.SWConditionsNotSatisfied || session != nil {
		t.Errorf("again: %v", resp.SW)
	}
}

// Terminals that ask are told the references of the keys that Terminal Authentication may start from.
func TestChipTellsReferences(t *testing.T) {
	chip := newChip(gm(12))
	chip.CARs = []string{"VNCVCA00002", "VNCVCA00001", "VNCVCA00000"}
	asking := &asking{wire{chip: chip}}
	_, result, err := Run(asking, gm(12), CAN("123456"), rand.Reader)
	if err != nil || fmt.Sprintf("%s", result.CARs) != "[VNCVCA00002 VNCVCA00001]" {
		t.Errorf("%s, %v", result.CARs, err)
	}
	if _, result, err = Run(&wire{chip: chip}, gm(12), CAN("123456"), rand.Reader); err != nil || result.CARs != nil {
		t.Errorf("not asked: %s, %v", result.CARs, err)
	}
}

type asking struct{ wire }

func (a *asking) Send(cmd apdu.Command) (apdu.Response, error) {
	if cmd.INS == 0x22 {
		cmd.Data = append(bytes.Clone(cmd.Data), 0x7F, 0x4C, 0x00)
	}
	return a.wire.Send(cmd)
}
