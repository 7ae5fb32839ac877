package bac

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

// chipOfExample gives the chip of appendix D.3 with its challenge given out.
func chipOfExample(t testing.TB, e example) *Chip {
	t.Helper()
	chip := &Chip{Seed: e.Seed, Rand: bytes.NewReader(append(bytes.Clone(e.RNDIC), e.KIC...))}
	if resp := chip.Challenge(apdu.Command{INS: 0x84, Ne: 8}); resp.SW != apdu.SWOK {
		t.Fatal(resp.SW)
	}
	return chip
}

// Every bit of cryptogram and checksum is turned over once: 6300, no session, and the challenge is spent.
func TestChipRejectsEveryFlippedBit(t *testing.T) {
	e := loadExample(t)
	good := command(t, hex.EncodeToString(e.Command))
	for bit := range len(good.Data) * 8 {
		cmd := good
		cmd.Data = bytes.Clone(good.Data)
		cmd.Data[bit/8] ^= 0x80 >> (bit % 8)
		chip := chipOfExample(t, e)
		if resp, session := chip.Authenticate(cmd); resp.SW != apdu.SWAuthenticationFailed || len(resp.Data) != 0 || session != nil {
			t.Fatalf("bit %d: %x, session %v", bit, resp.Bytes(), session)
		}
		if resp, session := chip.Authenticate(good); resp.SW != apdu.SWConditionsNotSatisfied || session != nil {
			t.Fatalf("bit %d: the challenge lives on: %x", bit, resp.Bytes())
		}
	}
}

func TestChipChallengeServesOnce(t *testing.T) {
	e := loadExample(t)
	good := command(t, hex.EncodeToString(e.Command))
	chip := chipOfExample(t, e)
	if resp, session := chip.Authenticate(good); resp.SW != apdu.SWOK || session == nil {
		t.Fatalf("%x", resp.Bytes())
	}
	if resp, session := chip.Authenticate(good); resp.SW != apdu.SWConditionsNotSatisfied || session != nil {
		t.Errorf("replayed: %x", resp.Bytes())
	}
	chip = chipOfExample(t, e)
	chip.Reset()
	if resp, session := chip.Authenticate(good); resp.SW != apdu.SWConditionsNotSatisfied || session != nil {
		t.Errorf("after power off: %x", resp.Bytes())
	}
	if resp, _ := (&Chip{}).Authenticate(good); resp.SW != apdu.SWConditionsNotSatisfied {
		t.Errorf("never asked for: %x", resp.Bytes())
	}
}

func TestChipRefusals(t *testing.T) {
	e := loadExample(t)
	good := command(t, hex.EncodeToString(e.Command))
	with := func(change func(*apdu.Command)) apdu.Command {
		cmd := good
		change(&cmd)
		return cmd
	}
	for name, c := range map[string]struct {
		cmd apdu.Command
		sw  apdu.StatusWord
	}{
		"P1 not 0":     {with(func(c *apdu.Command) { c.P1 = 1 }), 0x6A86},
		"P2 not 0":     {with(func(c *apdu.Command) { c.P2 = 1 }), 0x6A86},
		"short":        {with(func(c *apdu.Command) { c.Data = c.Data[:39] }), 0x6700},
		"long":         {with(func(c *apdu.Command) { c.Data = append(bytes.Clone(c.Data), 0) }), 0x6700},
		"without data": {with(func(c *apdu.Command) { c.Data = nil }), 0x6700},
	} {
		if resp, session := chipOfExample(t, e).Authenticate(c.cmd); resp.SW != c.sw || session != nil {
			t.Errorf("%s: %v, want %04X", name, resp.SW, uint16(c.sw))
		}
	}
	for name, cmd := range map[string]apdu.Command{"P1": {INS: 0x84, P1: 1, Ne: 8}, "data": {INS: 0x84, Data: []byte{1}, Ne: 8}, "Ne": {INS: 0x84, Ne: 9}} {
		if resp := chipOfExample(t, e).Challenge(cmd); resp.SW == apdu.SWOK || len(resp.Data) != 0 {
			t.Errorf("GET CHALLENGE with wrong %s: %x", name, resp.Bytes())
		}
	}
	unpersonalised := chipOfExample(t, e)
	unpersonalised.Seed = nil
	if resp, session := unpersonalised.Authenticate(good); resp.SW != apdu.SWConditionsNotSatisfied || session != nil {
		t.Errorf("without K_seed: %x", resp.Bytes())
	}
	if resp := (&Chip{Seed: e.Seed, Rand: bytes.NewReader(nil)}).Challenge(apdu.Command{INS: 0x84, Ne: 8}); resp.SW == apdu.SWOK {
		t.Error("a challenge without randomness")
	}
}

// answers gives a chip that answers these bytes, whatever it is asked.
type answers [][]byte

func (a *answers) Send(apdu.Command) (apdu.Response, error) {
	if len(*a) == 0 {
		return apdu.Response{}, io.ErrUnexpectedEOF
	}
	next := (*a)[0]
	*a = (*a)[1:]
	return apdu.ParseResponse(next)
}

func run(e example, second []byte) (*sm.Terminal, error) {
	chip := &answers{append(bytes.Clone(e.RNDIC), 0x90, 0), second}
	return Run(chip, e.MRZInformation, bytes.NewReader(append(bytes.Clone(e.RNDIFD), e.KIFD...)))
}

func TestTerminalRejectsEveryFlippedBit(t *testing.T) {
	e := loadExample(t)
	if _, err := run(e, e.Response); err != nil {
		t.Fatal(err)
	}
	for bit := range len(e.Response) * 8 {
		flipped := bytes.Clone(e.Response)
		flipped[bit/8] ^= 0x80 >> (bit % 8)
		terminal, err := run(e, flipped)
		if err == nil || terminal != nil {
			t.Errorf("bit %d passed", bit)
		}
		if bit < 40*8 && !errors.Is(err, ErrChip) {
			t.Errorf("bit %d: %v, want ErrChip", bit, err)
		}
	}
}

// A chip that knows the key and answers to another challenge, or gives the terminal's own cryptogram back, is found.
func TestTerminalComparesTheNonces(t *testing.T) {
	e := loadExample(t)
	keys, err := accessKeys(e.Seed)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Repeat([]byte{7}, 8)
	for name, nonces := range map[string][2][]byte{"RND.IC": {other, e.RNDIFD}, "RND.IFD": {e.RNDIC, other}, "the order": {e.RNDIFD, e.RNDIC}} {
		answer, err := seal(keys, nonces[0], nonces[1], e.KIC)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run(e, append(answer, 0x90, 0)); !errors.Is(err, ErrChip) {
			t.Errorf("%s changed: %v, want ErrChip", name, err)
		}
	}
	if _, err := run(e, append(bytes.Clone(e.Command[5:45]), 0x90, 0)); !errors.Is(err, ErrChip) {
		t.Errorf("reflected: %v, want ErrChip", err)
	}
}

func TestTerminalTellsRefusalFromTheRest(t *testing.T) {
	e := loadExample(t)
	for _, c := range []struct {
		answer  []byte
		refused bool
	}{
		{[]byte{0x63, 0x00}, true}, {[]byte{0x63, 0xC2}, true}, {[]byte{0x69, 0x82}, true}, {[]byte{0x69, 0x88}, true},
		{[]byte{0x6A, 0x80}, true}, {[]byte{0x69, 0x83}, true},
		{[]byte{0x6D, 0x00}, false}, {[]byte{0x67, 0x00}, false}, {[]byte{0x69, 0x85}, false}, {[]byte{0x6F, 0x00}, false},
	} {
		_, err := run(e, c.answer)
		sw := apdu.StatusWord(c.answer[0])<<8 | apdu.StatusWord(c.answer[1])
		if errors.Is(err, ErrRefused) != c.refused || errors.Is(err, ErrChip) || !errors.Is(err, sw) {
			t.Errorf("%x: %v, want refused %v", c.answer, err, c.refused)
		}
	}
	random := func() io.Reader { return bytes.NewReader(make([]byte, 24)) }
	if _, err := Run(&answers{}, e.MRZInformation, random()); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrRefused) {
		t.Errorf("a wire that is cut: %v", err)
	}
	if _, err := Run(&answers{{0x69, 0x82}}, e.MRZInformation, random()); errors.Is(err, ErrRefused) || !errors.Is(err, apdu.SWSecurityStatusNotSatisfied) {
		t.Errorf("no challenge given: %v", err)
	}
	if _, err := Run(&answers{{1, 2, 3, 0x90, 0}}, e.MRZInformation, random()); err == nil {
		t.Error("a challenge of three bytes passed")
	}
	untouched := &answers{{1}}
	if _, err := Run(untouched, e.MRZInformation, bytes.NewReader(nil)); err == nil || len(*untouched) != 1 {
		t.Errorf("without randomness: %v", err)
	}
}

func FuzzChip(f *testing.F) {
	e := loadExample(f)
	f.Add([]byte(e.Command), true)
	f.Add([]byte{0, 0x84, 0, 0, 8}, false)
	f.Fuzz(func(t *testing.T, b []byte, challenge bool) {
		cmd, err := apdu.ParseCommand(b)
		if err != nil {
			return
		}
		chip := &Chip{Seed: e.Seed, Rand: bytes.NewReader(append(bytes.Clone(e.RNDIC), e.KIC...))}
		if challenge {
			chip.Challenge(apdu.Command{INS: 0x84, Ne: 8})
		}
		if _, session := chip.Authenticate(cmd); session != nil && !bytes.Equal(cmd.Data, e.Command[5:45]) {
			t.Errorf("%x opens a session", b)
		}
		chip.Challenge(cmd)
	})
}

func FuzzTerminal(f *testing.F) {
	e := loadExample(f)
	f.Add([]byte(e.RNDIC), []byte(e.Response))
	f.Add([]byte{}, []byte{0x63, 0})
	f.Fuzz(func(t *testing.T, challenge, second []byte) {
		chip := &answers{append(bytes.Clone(challenge), 0x90, 0), second}
		_, err := Run(chip, e.MRZInformation, bytes.NewReader(append(bytes.Clone(e.RNDIFD), e.KIFD...)))
		if err == nil && !bytes.Equal(second, e.Response) {
			t.Errorf("%x %x passed", challenge, second)
		}
	})
}
