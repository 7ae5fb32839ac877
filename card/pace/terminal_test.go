package pace

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// answering is a wire that replaces the value of the response to one command.
type answering struct {
	wire
	message int
	value   []byte
}

func (a *answering) Send(cmd apdu.Command) (apdu.Response, error) {
	resp, err := a.wire.Send(cmd)
	if a.n == a.message+1 {
		tag := map[int]byte{3: 0x80, 5: 0x82, 7: 0x84}[a.message]
		resp.Data = object(0x7C, object(tag, a.value))
	}
	return resp, err
}

func TestTerminalRefusesBadPublicKeys(t *testing.T) {
	for name, key := range bad(t) {
		for _, message := range []int{5, 7} {
			a := &answering{wire{chip: newChip(key.info)}, message, key.public}
			_, _, err := Run(a, key.info, CAN("123456"), rand.Reader)
			if !errors.Is(err, ErrChip) || errors.Is(err, ErrRefused) {
				t.Errorf("%s in message %d: %v", name, message, err)
			}
			if key.info.Agreement == secinfo.DH && !errors.Is(err, dh.ErrElement) {
				t.Errorf("%s in message %d: not named: %v", name, message, err)
			}
			if a.n != message+1 {
				t.Errorf("%s in message %d: the terminal went on", name, message)
			}
		}
	}
}

// mirror gives the terminal's own public key back.
type mirror struct {
	wire
	message int
}

func (m *mirror) Send(cmd apdu.Command) (apdu.Response, error) {
	resp, err := m.wire.Send(cmd)
	if m.n == m.message+1 {
		resp.Data = bytes.Clone(cmd.Data)
		resp.Data[2]++
		if len(resp.Data) > 0x82 {
			resp.Data[2]--
			resp.Data[3]++
		}
	}
	return resp, err
}

func TestTerminalRefusesItsOwnPublicKey(t *testing.T) {
	for _, info := range []secinfo.PACEInfo{gm(13), cam(13), {Agreement: secinfo.DH, Suite: sm.AES128, Version: 2}} {
		for _, message := range []int{5, 7} {
			_, _, err := Run(&mirror{wire{chip: newChip(info)}, message}, info, CAN("123456"), rand.Reader)
			if !errors.Is(err, ErrChip) || !strings.Contains(err.Error(), "is the terminal's") {
				t.Errorf("%v, message %d: %v", info, message, err)
			}
		}
	}
}

// scripted answers one after another, whatever it is asked.
type scripted struct{ answers [][]byte }

func (s *scripted) Send(apdu.Command) (apdu.Response, error) {
	if len(s.answers) == 0 {
		return apdu.Response{}, io.ErrUnexpectedEOF
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	return apdu.ParseResponse(next)
}

// answersOf gives the responses of an example with one exchanged.
func answersOf(t testing.TB, e example, step int, changed []byte) *scripted {
	t.Helper()
	s := &scripted{}
	for i, line := range e.dialogue() {
		answer := unhex(t, line[1])
		if i == step {
			answer = changed
		}
		s.answers = append(s.answers, answer)
	}
	return s
}

func TestTerminalTellsRefusalFromTheRest(t *testing.T) {
	e := loadExamples(t)[0]
	for _, c := range []struct {
		step    int
		answer  string
		refused bool
	}{
		{4, "6300", true}, {4, "63C2", true}, {4, "63C0", true}, {4, "6982", true}, {4, "6983", true}, {4, "6988", true}, {4, "6A80", true},
		{4, "6985", false}, {4, "6D00", false}, {4, "6F00", false}, {4, "6700", false},
		{0, "6A80", false}, {0, "6A88", false}, {0, "6982", false}, {0, "63C1", false}, {0, "6D00", false},
		{1, "6300", false}, {1, "6985", false}, {2, "6300", false}, {2, "6A80", false}, {3, "6300", false}, {3, "6982", false},
	} {
		_, _, err := Run(answersOf(t, e, c.step, unhex(t, c.answer)), e.info(t), e.password(), e.terminalRandom())
		sw := apdu.StatusWord(unhex(t, c.answer)[0])<<8 | apdu.StatusWord(unhex(t, c.answer)[1])
		if errors.Is(err, ErrRefused) != c.refused || errors.Is(err, ErrChip) || !errors.Is(err, sw) {
			t.Errorf("step %d %s: %v", c.step, c.answer, err)
		}
	}
	for step := range 5 {
		s := answersOf(t, e, -1, nil)
		s.answers = s.answers[:step]
		_, _, err := Run(s, e.info(t), e.password(), e.terminalRandom())
		if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrChip) || errors.Is(err, ErrRefused) {
			t.Errorf("the wire is cut at step %d: %v", step, err)
		}
	}
}

func TestTerminalRefusesBadAnswers(t *testing.T) {
	all := loadExamples(t)
	gm, im, cam := all[0], all[2], all[4]
	ok := func(tag byte, value []byte) []byte { return append(object(0x7C, object(tag, value)), 0x90, 0) }
	both := func(objects ...[]byte) []byte { return append(object(0x7C, bytes.Join(objects, nil)), 0x90, 0) }
	token, data := object(0x86, cam.TIC), object(0x8A, cam.AIC)
	for name, c := range map[string]struct {
		e      example
		step   int
		answer []byte
	}{
		"no nonce":                       {gm, 1, both()},
		"an empty answer":                {gm, 1, []byte{0x90, 0}},
		"no wrapping":                    {gm, 1, append(object(0x80, gm.Z), 0x90, 0)},
		"two nonces":                     {gm, 1, both(object(0x80, gm.Z), object(0x80, gm.Z))},
		"an empty nonce":                 {gm, 1, ok(0x80, nil)},
		"a nonce of 15 bytes":            {gm, 1, ok(0x80, gm.Z[1:])},
		"a nonce of 80 bytes":            {gm, 1, ok(0x80, make([]byte, 80))},
		"a nonce under the wrong tag":    {gm, 1, ok(0x81, gm.Z)},
		"IM: a nonce of two blocks":      {im, 1, ok(0x80, make([]byte, 32))},
		"IM: mapping data not empty":     {im, 2, ok(0x82, []byte{1})},
		"IM: no mapping data":            {im, 2, both()},
		"a lying length":                 {gm, 2, []byte{0x7C, 0x43, 0x82, 0x41, 0x04, 0x90, 0}},
		"the token cut":                  {gm, 4, ok(0x86, gm.TIC[:7])},
		"no token":                       {gm, 4, both()},
		"the terminal's own token":       {gm, 4, ok(0x86, gm.TIFD)},
		"chip data without CAM":          {gm, 4, both(object(0x86, gm.TIC), object(0x8A, make([]byte, 32)))},
		"an unknown object":              {gm, 4, both(object(0x86, gm.TIC), object(0x91, nil))},
		"CAM: no chip data":              {cam, 4, both(token)},
		"CAM: empty chip data":           {cam, 4, both(token, object(0x8A, nil))},
		"CAM: chip data of half a block": {cam, 4, both(token, object(0x8A, cam.AIC[:40]))},
		"CAM: chip data without padding": {cam, 4, both(token, object(0x8A, cam.AIC[:32]))},
		"CAM: chip data twice":           {cam, 4, both(token, data, data)},
		"CAM: chip data first":           {cam, 4, both(data, token)},
	} {
		_, _, err := Run(answersOf(t, c.e, c.step, c.answer), c.e.info(t), c.e.password(), c.e.terminalRandom())
		if !errors.Is(err, ErrChip) || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	answer := both(token, object(0x87, []byte("VNCVCA00002")), object(0x88, []byte("VNCVCA00001")), data)
	_, result, err := Run(answersOf(t, cam, 4, answer), cam.info(t), cam.password(), cam.terminalRandom())
	if err != nil || len(result.CARs) != 2 || string(result.CARs[0]) != "VNCVCA00002" || string(result.CARs[1]) != "VNCVCA00001" {
		t.Errorf("references: %q, %v", result.CARs, err)
	}
}

func TestTerminalNamesTheParametersWhenAmbiguous(t *testing.T) {
	info := gm(13)
	info.Ambiguous = true
	s := &firstCommand{}
	Run(s, info, CAN("123456"), rand.Reader)
	if got := hex.EncodeToString(s.cmd); got != "0022c1a412800a04007f0007020204020283010284010d" {
		t.Errorf("MSE:Set AT: %s", got)
	}
	chip := newChip(gm(12), gm(13))
	if _, _, err := Run(&wire{chip: chip}, info, CAN("123456"), rand.Reader); err != nil {
		t.Error(err)
	}
	if got := parameterBytes(0x0100); !bytes.Equal(got, []byte{1, 0}) {
		t.Errorf("256 is written %X", got)
	}
}

type firstCommand struct{ cmd []byte }

func (f *firstCommand) Send(cmd apdu.Command) (apdu.Response, error) {
	f.cmd, _ = cmd.Bytes()
	return apdu.Response{}, io.EOF
}

func TestTerminalDeclinesWhatItCannotRun(t *testing.T) {
	for _, info := range []secinfo.PACEInfo{gm(8), gm(9), gm(0), gm(19), im(10), {Suite: sm.AES128, Version: 1, ParameterID: 13},
		{Mapping: secinfo.ChipAuthenticationMapping, Version: 2, ParameterID: 13}, gm(secinfo.NoParameterID)} {
		s := &firstCommand{}
		if _, _, err := Run(s, info, CAN("123456"), rand.Reader); err == nil || errors.Is(err, io.EOF) || s.cmd != nil {
			t.Errorf("%v: %v", info, err)
		}
	}
	if _, _, err := Run(&wire{chip: newChip(gm(12))}, gm(12), CAN("123456"), bytes.NewReader(nil)); err == nil || errors.Is(err, ErrChip) {
		t.Errorf("without randomness: %v", err)
	}
}

// A copy of a card has its files and passwords and keys of its own: chip authentication mapping tells.
func TestCAMFindsCopies(t *testing.T) {
	info := cam(13)
	genuine, copied := newChip(info), newChip(info)
	_, result, err := Run(&wire{chip: copied}, info, CAN("123456"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyCAM(result, publicKeys(t, genuine)); !errors.Is(err, ErrNotGenuine) {
		t.Errorf("a copy: %v", err)
	}
	if err := VerifyCAM(result, publicKeys(t, copied)); err != nil {
		t.Error(err)
	}
	other := publicKeys(t, copied)
	other[0].KeyID = new(16)
	if err := VerifyCAM(result, other); err == nil || errors.Is(err, ErrNotGenuine) {
		t.Errorf("no key with this identifier: %v", err)
	}
	for name, data := range map[string][]byte{"nothing": nil, "zero": make([]byte, 32), "cut": result.ChipAuthenticationData[1:],
		"plus the order": new(big.Int).Add(new(big.Int).SetBytes(result.ChipAuthenticationData), ec.BrainpoolP256r1().Order()).Bytes()} {
		changed := result
		changed.ChipAuthenticationData = data
		if err := VerifyCAM(changed, publicKeys(t, copied)); !errors.Is(err, ErrNotGenuine) {
			t.Errorf("%s: %v", name, err)
		}
	}
	result.Info = gm(13)
	if err := VerifyCAM(result, publicKeys(t, copied)); err == nil {
		t.Error("generic mapping proves a key")
	}
}
