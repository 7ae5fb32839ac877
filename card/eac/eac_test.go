package eac

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// wire hands commands to the chip itself, without secure messaging, and may change them on the way.
type wire struct {
	chip    *Chip
	session *sm.Session // that the chip has begun
	change  func(*apdu.Command)
	back    func(*apdu.Response)
	refuse  map[uint16]apdu.StatusWord // by P1 P2 of MANAGE SECURITY ENVIRONMENT
	count   int
}

func (w *wire) Send(cmd apdu.Command) (apdu.Response, error) {
	w.count++
	cmd.Data = bytes.Clone(cmd.Data)
	if w.change != nil {
		w.change(&cmd)
	}
	var resp apdu.Response
	var session *sm.Session
	switch cmd.INS {
	case 0x22:
		if sw, ok := w.refuse[uint16(cmd.P1)<<8|uint16(cmd.P2)]; ok {
			return apdu.Response{SW: sw}, nil
		}
		resp, session = w.chip.Manage(cmd)
	case 0x86:
		resp, session = w.chip.GeneralAuthenticate(cmd)
	case 0x2A:
		resp = w.chip.VerifyCertificate(cmd)
	case 0x84:
		resp = w.chip.Challenge(cmd)
	case 0x82:
		resp = w.chip.Authenticate(cmd)
	}
	if session != nil {
		w.session = session
	}
	if w.back != nil {
		w.back(&resp)
	}
	return resp, nil
}

// pair is a chip with one key and what its EF.DG14 offers.
func pair(t testing.TB, parameterID int, suite sm.Suite, id *int) (*Chip, Offer) {
	t.Helper()
	private, err := GenerateKey(parameterID, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := private.Public()
	if err != nil {
		t.Fatal(err)
	}
	chip := &Chip{Keys: []StaticKey{{Private: private, ID: id, Suites: []sm.Suite{suite}}}, Rand: rand.Reader}
	info := secinfo.ChipAuthenticationInfo{Agreement: public.Agreement(), Suite: suite, Version: 1, KeyID: id}
	return chip, Offer{Info: info, Key: public}
}

func same(a, b sm.Session) bool {
	return a.Suite == b.Suite && bytes.Equal(a.Keys.Enc, b.Keys.Enc) && bytes.Equal(a.Keys.Mac, b.Keys.Mac)
}

// Every domain and every suite come to one session on both sides.
func TestEveryDomainAndSuite(t *testing.T) {
	id := 300
	for _, domain := range []int{0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18} {
		for suite, number := range []*int{nil, &id, nil, &id} {
			chip, offer := pair(t, domain, sm.Suite(suite), number)
			w := &wire{chip: chip}
			agreed, err := ChipAuthenticate(w, offer, rand.Reader)
			if err != nil || w.session == nil || !same(agreed.Session, *w.session) {
				t.Errorf("domain %d with %v: %v", domain, sm.Suite(suite), err)
			}
			if !bytes.Equal(agreed.Terminal, chip.terminal) {
				t.Errorf("domain %d: Comp(PK.IFD) is %x and %x", domain, agreed.Terminal, chip.terminal)
			}
		}
	}
}

// A chip that has another private key than EF.DG14 says comes to other keys: it is found out by its first response.
func TestCloneComesToOtherKeys(t *testing.T) {
	_, offer := pair(t, 13, sm.AES128, nil)
	clone, _ := pair(t, 13, sm.AES128, nil)
	w := &wire{chip: clone}
	agreed, err := ChipAuthenticate(w, offer, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if same(agreed.Session, *w.session) {
		t.Error("the clone has the keys")
	}
}

// A bit of the commands that changes is refused, or leads to other keys.
func TestEveryBitOfChipAuthentication(t *testing.T) {
	for _, test := range []struct {
		domain int
		suite  sm.Suite
		step   int // every bit of a point, and of a longer value of Diffie-Hellman some bit of each byte
	}{{12, sm.TripleDES, 1}, {12, sm.AES128, 1}, {0, sm.AES128, 7}} {
		chip, offer := pair(t, test.domain, test.suite, nil)
		offer.SetAT = test.suite != sm.TripleDES
		tried := 0
		for n := 0; ; n += test.step {
			seen, changed := 0, false
			w := &wire{chip: chip, change: func(cmd *apdu.Command) {
				if bit := n - seen; bit >= 0 && bit < len(cmd.Data)*8 {
					cmd.Data[bit/8] ^= 1 << (bit % 8)
					changed = true
				}
				seen += len(cmd.Data) * 8
			}}
			agreed, err := ChipAuthenticate(w, offer, bytes.NewReader(bytes.Repeat([]byte{7}, 66)))
			if !changed {
				break
			}
			// A triple DES key that is refused is tried by MSE: Set AT: that is three commands.
			if err == nil && (offer.SetAT || w.count == 1) && w.session != nil && same(agreed.Session, *w.session) {
				t.Fatalf("domain %d, %v: bit %d may change", test.domain, test.suite, n)
			}
			tried++
		}
		if tried*test.step < 65*8 {
			t.Errorf("only %d bits were tried", tried)
		}
	}
}

// Triple DES falls back to MSE: Set AT where the chip lacks MSE: Set KAT, and nothing else falls back.
func TestFallback(t *testing.T) {
	chip, offer := pair(t, 13, sm.TripleDES, nil)
	w := &wire{chip: chip, refuse: map[uint16]apdu.StatusWord{0x41A6: apdu.SWInstructionNotSupported}}
	if agreed, err := ChipAuthenticate(w, offer, rand.Reader); err != nil || w.count != 3 || !same(agreed.Session, *w.session) {
		t.Errorf("%d commands, %v", w.count, err)
	}
	chip, offer = pair(t, 13, sm.AES128, nil)
	w = &wire{chip: chip, refuse: map[uint16]apdu.StatusWord{0x41A4: apdu.SWWrongData}}
	if _, err := ChipAuthenticate(w, offer, rand.Reader); !errors.Is(err, ErrChip) || !errors.Is(err, apdu.SWWrongData) || w.count != 1 {
		t.Errorf("%d commands, %v", w.count, err)
	}
	chip, offer = pair(t, 13, sm.AES128, nil)
	w = &wire{chip: chip, back: func(r *apdu.Response) {
		if len(r.Data) > 0 {
			r.Data = []byte{0x7C, 0x02, 0x81, 0x00}
		}
	}}
	if _, err := ChipAuthenticate(w, offer, rand.Reader); !errors.Is(err, ErrChip) {
		t.Errorf("an answer of version 2: %v", err)
	}
}

func TestOffersThatDoNotFit(t *testing.T) {
	chip, offer := pair(t, 13, sm.AES128, nil)
	for name, change := range map[string]func(*Offer){
		"version 2":         func(o *Offer) { o.Info.Version = 2 },
		"another kind":      func(o *Offer) { o.Info.Agreement = secinfo.DH },
		"no key":            func(o *Offer) { o.Key = secinfo.PublicKey{} },
		"no such suite":     func(o *Offer) { o.Info.Suite = 9 },
		"a negative number": func(o *Offer) { n := -1; o.Info.KeyID = &n },
	} {
		bad := offer
		change(&bad)
		if _, err := ChipAuthenticate(&wire{chip: chip}, bad, rand.Reader); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// What the chip answers to commands that are not as they should be; no session begins.
func TestChipRefusesAgreement(t *testing.T) {
	one, two := 1, 2
	chip, offer := pair(t, 13, sm.AES128, &one)
	other, _ := pair(t, 12, sm.AES128, &two)
	both := append(slices.Clone(chip.Keys), other.Keys...)
	both[0].Suites = append(both[0].Suites, sm.TripleDES)
	protocol := "800a04007f00070202030202"
	good := hex.EncodeToString(tlv.Encode(0x80, offer.Key.Bytes()))
	off := good[:len(good)-1] + "0"
	if off == good {
		off = good[:len(good)-1] + "1"
	}
	for _, test := range []struct {
		name, command string
		want          apdu.StatusWord
	}{
		{"two keys and no number", "0x41a4" + protocol, apdu.SWReferenceNotFound},
		{"a number of nobody", "0x41a4" + protocol + "840103", apdu.SWReferenceNotFound},
		{"a protocol of nobody", "0x41a4800a04007f00070202030209840101", apdu.SWWrongData},
		{"no protocol", "0x41a4840101", apdu.SWWrongData},
		{"not data objects", "0x41a480ff", apdu.SWWrongData},
		{"no key to agree with", "0x41a6840101", apdu.SWWrongData},
		{"a point that is none", "0x41a6910404000000840101", apdu.SWWrongData},
		{"another purpose", "0x41b6910404000000840101", apdu.SWIncorrectP1P2},
		{"a good choice", "0x41a4" + protocol + "840101", apdu.SWOK},
	} {
		c := &Chip{Keys: both}
		b, err := hex.DecodeString(test.command[2:])
		if err != nil {
			t.Fatal(err)
		}
		resp, session := c.Manage(apdu.Command{INS: 0x22, P1: b[0], P2: b[1], Data: b[2:]})
		if resp.SW != test.want || session != nil || (c.chosen != nil) != (test.want == apdu.SWOK) {
			t.Errorf("%s: %v, want %v", test.name, resp.SW, test.want)
		}
	}
	for _, test := range []struct{ name, field string }{
		{"a point off the curve", "7c43" + off}, {"no template", good}, {"two objects", "7c45" + good + "8100"}, {"nothing", ""},
	} {
		c := &Chip{Keys: chip.Keys, chosen: &chip.Keys[0], suite: sm.AES128}
		b, err := hex.DecodeString(test.field)
		if err != nil {
			t.Fatal(err)
		}
		if resp, session := c.GeneralAuthenticate(apdu.Command{INS: 0x86, Data: b}); resp.SW != apdu.SWWrongData || session != nil {
			t.Errorf("%s: %v", test.name, resp.SW)
		}
		if resp, _ := c.GeneralAuthenticate(apdu.Command{INS: 0x86, Data: b}); resp.SW != apdu.SWConditionsNotSatisfied {
			t.Errorf("%s: a choice serves twice: %v", test.name, resp.SW)
		}
	}
}

func TestPrivateKeysAreKept(t *testing.T) {
	for _, domain := range []int{0, 1, 2, 10, 13, 18} {
		key, err := GenerateKey(domain, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		b, err := key.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePrivateKey(b)
		if err != nil || !bytes.Equal(again.D, key.D) || again.Curve != key.Curve || (again.Group == nil) != (key.Group == nil) {
			t.Errorf("domain %d: the key is not read back: %v", domain, err)
		}
		if fmt.Sprintf("%v %+v %#v", key, *key, *key) != "[secret] [secret] [secret]" {
			t.Error("a key prints its numbers")
		}
	}
	for _, b := range [][]byte{nil, {8}, {13}, make([]byte, 33), append([]byte{13}, bytes.Repeat([]byte{0xFF}, 32)...), make([]byte, 21)} {
		if _, err := ParsePrivateKey(b); err == nil {
			t.Errorf("%x is a key", b)
		}
	}
}

// today is the date on the chips below.
func today() date.Date { return date.Date{Year: 2025, Month: 6, Day: 1} }
