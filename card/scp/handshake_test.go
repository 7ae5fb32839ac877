package scp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// counting counts what is sent to a chip.
type counting struct {
	chip apdu.Handler
	sent int
}

func (c *counting) Send(cmd apdu.Command) (apdu.Response, error) {
	c.sent++
	return c.chip.Handle(cmd), nil
}

func protocols(t *testing.T) map[string]dialogue {
	v := loadVectors(t)
	return map[string]dialogue{"scp02": v.session(t, "computed apart, three keys"), "scp03": v.session(t, "SCP03_Test_AES256_33")}
}

// What a chip tells is known, and keys are tried, before anything is sent that it could count.
func TestKeysAreChosenBeforeAnythingIsRisked(t *testing.T) {
	for name, d := range protocols(t) {
		chip := d.chip(nil)
		wire := &counting{chip: chip}
		h, err := d.initiate(wire, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := Identity{Protocol: d.Protocol, Diversification: chip.Diversification, KeyVersion: chip.KeyVersion,
			Sequence: chip.Sequence, Parameter: 0x70, PseudoRandom: true}
		if d.Protocol == SCP02 {
			want.Parameter, want.PseudoRandom = 0x15, false
		}
		if h.Identity != want {
			t.Errorf("%s: %+v, want %+v", name, h.Identity, want)
		}
		other := d.keys()
		other.MAC, other.ENC = other.DEK, other.DEK
		for _, wrong := range []StaticKeys{other, {}, {ENC: d.ENC}} {
			if h.Proves(wrong) {
				t.Errorf("%s: other keys are proved", name)
			}
			if _, err := h.Authenticate(wrong, 0x01); err == nil {
				t.Errorf("%s: other keys open the channel", name)
			}
		}
		if _, err := h.Authenticate(other, 0x01); !errors.Is(err, ErrCryptogram) {
			t.Errorf("%s: other keys: %v", name, err)
		}
		if !h.Proves(d.keys()) || wire.sent != 1 || chip.Open() || chip.Sequence != want.Sequence {
			t.Errorf("%s: %d commands sent", name, wire.sent)
		}
		if _, err := h.Authenticate(d.keys(), 0x01); err != nil || wire.sent != 2 || !chip.Open() {
			t.Errorf("%s: %v, %d commands sent", name, err, wire.sent)
		}
		if _, err := h.Authenticate(d.keys(), 0x01); err == nil || wire.sent != 2 {
			t.Errorf("%s: a second time: %v, %d commands sent", name, err, wire.sent)
		}
	}
}

// A chip may know the keys and refuse: that is told from keys that are not its own.
func TestARefusalIsToldFromWrongKeys(t *testing.T) {
	for name, d := range protocols(t) {
		for _, sw := range []apdu.StatusWord{0x6300, 0x6982, 0x6983, 0x6985, 0x6A80, 0x63C1, 0x6200} {
			h, err := d.initiate(senderFunc(func(cmd apdu.Command) (apdu.Response, error) {
				if cmd.INS == 0x82 {
					return apdu.Response{SW: sw}, nil
				}
				return apdu.ParseResponse(d.InitializeUpdateResponse)
			}), 0)
			if err != nil {
				t.Fatal(err)
			}
			if terminal, err := h.Authenticate(d.keys(), 0x01); !errors.Is(err, ErrAuthentication) || !errors.Is(err, sw) ||
				errors.Is(err, ErrCryptogram) || terminal != nil {
				t.Errorf("%s, %04X: %v", name, uint16(sw), err)
			}
		}
	}
}

// No downgrade: a chip that answers with the other protocol is left alone, and levels do not cross over.
func TestProtocolsDoNotMix(t *testing.T) {
	both := protocols(t)
	for name, d := range both {
		asked := SCP02 - d.Protocol
		wire := &counting{chip: d.chip(nil)}
		if _, err := Initiate(wire, asked, 0, bytes.NewReader(make([]byte, 8))); !errors.Is(err, ErrProtocol) || wire.sent != 1 {
			t.Errorf("%v asked of a chip of %s: %v", asked, name, err)
		}
	}
	for name, levels := range map[string][]byte{
		"scp02": {0x00, 0x03, 0x11, 0x13, 0x33, 0x02}, "scp03": {0x00, 0x02, 0x10, 0x30, 0x31},
	} {
		d := both[name]
		for _, level := range levels {
			wire := &counting{chip: d.chip(nil)}
			h, err := d.initiate(wire, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Authenticate(d.keys(), level); err == nil || wire.sent != 1 {
				t.Errorf("%s, level %02X: %v, %d commands sent", name, level, err, wire.sent)
			}
			chip, _ := d.asked(t, nil)
			cmd := mustCommand(t, d.ExternalAuthenticate)
			cmd.P1 = level
			copy(cmd.Data[8:], chip.session.commandMAC(cmd, cmd.Data[:8]))
			if sw := chip.Handle(cmd).SW; sw != apdu.SWIncorrectP1P2 || chip.Open() {
				t.Errorf("%s, level %02X: the chip answers %v", name, level, sw)
			}
		}
	}
	none := Protocol(7)
	if _, err := Initiate(&counting{}, none, 0, bytes.NewReader(make([]byte, 8))); err == nil {
		t.Error("protocol 7: no error")
	}
}

func TestTerminalRefusesWhatIsNotSCP02(t *testing.T) {
	d := protocols(t)["scp02"]
	for name, change := range map[string]func([]byte) []byte{
		"an answer of SCP03":          func(b []byte) []byte { b[11] = 3; return b },
		"keys of another version":     func(b []byte) []byte { b[10]++; return b },
		"an answer cut short":         func(b []byte) []byte { return append(b[:27:27], 0x90, 0) },
		"nothing":                     func([]byte) []byte { return []byte{0x90, 0} },
		"a refusal":                   func([]byte) []byte { return []byte{0x69, 0x83} },
		"an answer with bytes behind": func(b []byte) []byte { return append(b[:28:28], 0, 0x90, 0) },
	} {
		wire := &counting{}
		answer := change(bytes.Clone(d.InitializeUpdateResponse))
		wire.chip = handlerFunc(func(apdu.Command) apdu.Response {
			resp, err := apdu.ParseResponse(answer)
			if err != nil {
				t.Fatal(err)
			}
			return resp
		})
		if _, err := d.initiate(wire, d.InitializeUpdateResponse[10]); err == nil || wire.sent != 1 {
			t.Errorf("%s: %v, %d commands sent", name, err, wire.sent)
		}
	}
}

// SCP02 has short commands only: a longer one is refused at both ends, and MaxData says how much fits.
func TestSCP02IsShort(t *testing.T) {
	d := protocols(t)["scp02"]
	terminal := openedTerminal(t, d, 0, []byte{0x90, 0})
	for limit, want := range map[int]int{70000: 247, 261: 247, 260: 246, 20: 6, 14: 0, 0: 0} {
		if got := terminal.MaxData(limit); got != want {
			t.Errorf("MaxData(%d) = %d, want %d", limit, got, want)
		}
	}
	for _, cmd := range []apdu.Command{{CLA: 0x80, Data: make([]byte, 248)}, {CLA: 0x80, Ne: 257}, {CLA: 0x80, Extended: true}} {
		if _, err := terminal.Send(cmd); err == nil {
			t.Errorf("%d bytes, Ne %d: no error", len(cmd.Data), cmd.Ne)
		}
	}
	if _, err := terminal.Send(apdu.Command{CLA: 0x80, Data: make([]byte, 247), Ne: 256}); err != nil {
		t.Error(err)
	}
	chip := openedChip(t, d, 0, handlerFunc(func(apdu.Command) apdu.Response {
		t.Error("an extended command passed")
		return apdu.Response{SW: apdu.SWOK}
	}))
	cmd := apdu.Command{CLA: 0x84, INS: 0xE2, Extended: true}
	cmd.Data = chip.session.commandMAC(cmd, nil)
	if sw := chip.Handle(cmd).SW; sw != apdu.SWSecurityStatusNotSatisfied || chip.Open() {
		t.Errorf("an extended command: %v", sw)
	}
}

// A chip without randomness or with keys that cannot be answers, and opens no channel; one whose counter has run out neither.
func TestChipOfSCP02ThatCannot(t *testing.T) {
	d := protocols(t)["scp02"]
	for name, spoil := range map[string]func(*Chip){
		"no randomness":    func(c *Chip) { c.Rand = nil },
		"too little of it": func(c *Chip) { c.Rand = bytes.NewReader(make([]byte, 5)) },
		"AES-256 keys":     func(c *Chip) { c.Keys = StaticKeys{make([]byte, 32), make([]byte, 32), make([]byte, 32)} },
		"no keys":          func(c *Chip) { c.Keys = StaticKeys{} },
		"no such protocol": func(c *Chip) { c.Protocol = 9 },
	} {
		chip := d.chip(nil)
		spoil(chip)
		if resp := chip.Handle(mustCommand(t, d.InitializeUpdate)); resp.SW == apdu.SWOK || len(resp.Data) != 0 {
			t.Errorf("%s: %x", name, resp.Bytes())
		}
	}
	chip := d.chip(nil)
	chip.Sequence = 0xFFFF
	h, err := d.initiate(&counting{chip: chip}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(d.keys(), 0x01); !errors.Is(err, apdu.SWConditionsNotSatisfied) || chip.Open() {
		t.Errorf("a counter that has run out: %v", err)
	}
}

func TestProtocolText(t *testing.T) {
	var c struct{ A, B Protocol }
	if err := json.Unmarshal([]byte(`{"A":"scp02","B":"scp03"}`), &c); err != nil || c.A != SCP02 || c.B != SCP03 {
		t.Errorf("%+v, %v", c, err)
	}
	if b, err := json.Marshal(c); err != nil || string(b) != `{"A":"scp02","B":"scp03"}` {
		t.Errorf("%s, %v", b, err)
	}
	for _, text := range []string{`"scp01"`, `"SCP03"`, `""`, `"scp03 "`} {
		if err := json.Unmarshal([]byte(text), &c.A); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	if _, err := Protocol(3).MarshalText(); err == nil || fmt.Sprint(SCP02, SCP03) != "scp02 scp03" {
		t.Errorf("%v %v", SCP02, SCP03)
	}
}

// Nothing that holds keys prints them, whatever the verb.
func TestNothingPrintsKeys(t *testing.T) {
	for name, d := range protocols(t) {
		chip, _ := d.asked(t, nil)
		master, err := NewMasterKey(d.ENC)
		if err != nil {
			t.Fatal(err)
		}
		terminal := openedTerminal(t, d, 0, nil)
		var text strings.Builder
		for _, v := range []any{d.keys(), &StaticKeys{ENC: d.ENC, MAC: d.ENC, DEK: d.ENC}, chip, *chip, terminal, *terminal,
			master, &master, struct{ m MasterKey }{master}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "% x"} {
				fmt.Fprintf(&text, verb+"\n", v)
			}
			slog.New(slog.NewTextHandler(&text, nil)).Info("open", "of", v)
			slog.New(slog.NewJSONHandler(&text, nil)).Info("open", "of", fmt.Sprint(v))
		}
		if b, err := json.Marshal([]any{d.keys(), chip.Keys}); err == nil {
			text.Write(b)
		}
		lower := strings.ToLower(text.String())
		for _, verb := range []string{"%x", "% x", "%v", "%#v", "%d", "%o"} {
			key := strings.Trim(fmt.Sprintf(verb, []byte(d.ENC[4:9])), "[]}")
			if _, bytes, found := strings.Cut(key, "{"); found {
				key = bytes
			}
			if strings.Contains(lower, strings.ToLower(key)) {
				t.Errorf("%s: printed by %s", name, verb)
			}
		}
		if !strings.Contains(lower, secret) {
			t.Errorf("%s: %s", name, lower)
		}
	}
}
