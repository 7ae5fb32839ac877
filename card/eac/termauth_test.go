package eac

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// state is a CVCA with a document verifier and an inspection system.
type state struct {
	cvca *cvc.Certificate
	own  Credentials
	keys []*cvc.PrivateKey
}

func newState(t testing.TB, rights ...cvc.Rights) state {
	t.Helper()
	names := []string{"VNCVCA00001", "VNDV00001", "VNIS00001"}
	roles := []cvc.Role{cvc.CVCA, cvc.DomesticDV, cvc.Terminal}
	s := state{own: Credentials{Holder: names[2]}}
	for i, name := range names {
		key, err := cvc.GenerateEC(cvc.ECDSASHA256, 12, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s.keys = append(s.keys, key)
		above := max(i-1, 0)
		c := s.issue(t, above, cvc.Certificate{Authority: names[above], Holder: name,
			Authorization: cvc.InspectionAuthorization(roles[i], rights[i])}, key)
		if i == 0 {
			s.cvca = c
		} else {
			s.own.Certificates = append(s.own.Certificates, c)
		}
	}
	s.own.Key = s.keys[2]
	return s
}

func (s state) issue(t testing.TB, signer int, template cvc.Certificate, key *cvc.PrivateKey) *cvc.Certificate {
	t.Helper()
	var err error
	if template.PublicKey, err = key.Public(); err != nil {
		t.Fatal(err)
	}
	if template.Effective.IsZero() {
		template.Effective = today()
	}
	template.Expiration = template.Effective.AddYears(1)
	c, err := cvc.Issue(template, s.keys[signer], rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// open gives a chip of the state in a session that has authenticated it, and what binds to both.
func (s state) open(t testing.TB) (*wire, Binding) {
	t.Helper()
	root, err := cvc.Root(s.cvca)
	if err != nil {
		t.Fatal(err)
	}
	chip, _ := pair(t, 12, sm.AES128, nil)
	chip.Trust = &cvc.Trust{Points: []cvc.TrustPoint{root}, Date: today()}
	chip.ID = []byte("0002000068")
	ephemeral := secinfo.PublicKey{Curve: ec.P256(), Point: ec.P256().Generator()}
	chip.Bind(ephemeral)
	return &wire{chip: chip}, Binding{Authorities: chip.Trust.Authorities(), Chip: chip.ID, Terminal: Compress(ephemeral)}
}

func TestRightsAreGranted(t *testing.T) {
	for _, test := range []struct{ cvca, dv, terminal, want cvc.Rights }{
		{3, 3, 3, cvc.ReadDG3 | cvc.ReadDG4}, {3, 3, 1, cvc.ReadDG3}, {3, 1, 3, cvc.ReadDG3}, {3, 2, 1, 0},
	} {
		s := newState(t, test.cvca, test.dv, test.terminal)
		w, to := s.open(t)
		if err := TerminalAuthenticate(w, s.own, to, rand.Reader); err != nil || w.chip.Rights() != test.want || w.count != 7 {
			t.Errorf("%v: rights %v after %d commands, %v", test, w.chip.Rights(), w.count, err)
		}
		w.chip.Reset()
		if w.chip.Rights() != 0 {
			t.Error("the rights outlive the session")
		}
	}
}

// The chip lets in nobody who is not all that he says.
func TestTerminalsThatAreRefused(t *testing.T) {
	s := newState(t, 3, 3, 3)
	stranger := newState(t, 3, 3, 3)
	key, err := cvc.GenerateEC(cvc.ECDSASHA256, 13, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*Credentials, *Binding, *Chip)
		want   error
	}{
		"another key":            {func(c *Credentials, _ *Binding, _ *Chip) { c.Key = key }, ErrTerminal},
		"another chip":           {func(_ *Credentials, b *Binding, _ *Chip) { b.Chip = []byte("0002000069") }, ErrTerminal},
		"another session":        {func(_ *Credentials, b *Binding, _ *Chip) { b.Terminal = make([]byte, 32) }, ErrTerminal},
		"no Chip Authentication": {func(_ *Credentials, _ *Binding, c *Chip) { c.Reset() }, ErrCertificate},
		"no trust point":         {func(_ *Credentials, _ *Binding, c *Chip) { c.Trust = nil }, ErrCertificate},
		"no identifier":          {func(_ *Credentials, _ *Binding, c *Chip) { c.ID = nil }, ErrTerminal},
		"an expired chain":       {func(_ *Credentials, _ *Binding, c *Chip) { c.Trust.Date = today().AddYears(3) }, ErrCertificate},
		"a chain of a stranger":  {func(c *Credentials, _ *Binding, _ *Chip) { *c = stranger.own }, ErrCertificate},
		"no chain":               {func(_ *Credentials, b *Binding, _ *Chip) { b.Authorities = []string{"DECVCA00001"} }, cvc.ErrNoChain},
	} {
		w, to := s.open(t)
		own := s.own
		test.change(&own, &to, w.chip)
		if err := TerminalAuthenticate(w, own, to, rand.Reader); !errors.Is(err, test.want) || w.chip.Rights() != 0 {
			t.Errorf("%s: %v, rights %v", name, err, w.chip.Rights())
		}
		if w.count > 7 {
			t.Errorf("%s: %d commands", name, w.count)
		}
	}
	w, _ := s.open(t)
	if err := TerminalAuthenticate(w, s.own, Binding{Authorities: []string{"VNCVCA00001"}}, rand.Reader); err == nil || w.count != 0 {
		t.Errorf("without Chip Authentication: %v after %d commands", err, w.count)
	}
}

// A session takes one Terminal Authentication, a new Chip Authentication begins anew.
func TestOnceInASession(t *testing.T) {
	s := newState(t, 3, 3, 3)
	w, to := s.open(t)
	if err := TerminalAuthenticate(w, s.own, to, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := TerminalAuthenticate(w, s.own, to, rand.Reader); !errors.Is(err, ErrCertificate) || w.chip.Rights() != 3 {
		t.Errorf("a second time: %v", err)
	}
	if resp := w.chip.Authenticate(apdu.Command{INS: 0x82, Data: make([]byte, 64)}); resp.SW != apdu.SWSecurityStatusNotSatisfied {
		t.Errorf("a second signature: %v", resp.SW)
	}
	w, to = newSession(t, w)
	if w.chip.Rights() != 0 {
		t.Error("the rights outlive the session")
	}
	if err := TerminalAuthenticate(w, s.own, to, rand.Reader); err != nil || w.chip.Rights() != 3 {
		t.Errorf("in the next session: %v", err)
	}
}

// newSession does a Chip Authentication with the chip.
func newSession(t testing.TB, w *wire) (*wire, Binding) {
	t.Helper()
	public, err := w.chip.Keys[0].Private.Public()
	if err != nil {
		t.Fatal(err)
	}
	info := secinfo.ChipAuthenticationInfo{Agreement: secinfo.ECDH, Suite: sm.AES128, Version: 1}
	agreed, err := ChipAuthenticate(w, Offer{Info: info, Key: public}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return w, Binding{Authorities: w.chip.Trust.Authorities(), Chip: w.chip.ID, Terminal: agreed.Terminal}
}

// No bit of certificates, challenge and signature may change.
func TestEveryBitOfTerminalAuthentication(t *testing.T) {
	s := newState(t, 3, 3, 3)
	tried := 0
	for n := 0; ; n++ {
		w, to := s.open(t)
		seen, changed := 0, false
		flip := func(b []byte) {
			if bit := n - seen; bit >= 0 && bit < len(b)*8 {
				b[bit/8] ^= 1 << (bit % 8)
				changed = true
			}
			seen += len(b) * 8
		}
		w.change = func(cmd *apdu.Command) { flip(cmd.Data) }
		w.back = func(resp *apdu.Response) { flip(resp.Data) }
		err := TerminalAuthenticate(w, s.own, to, rand.Reader)
		if !changed {
			if err != nil {
				t.Error(err)
			}
			break
		}
		if err == nil || w.chip.Rights() != 0 {
			t.Fatalf("bit %d may change", n)
		}
		tried++
	}
	if tried < 3000 {
		t.Errorf("only %d bits were tried", tried)
	}
}

// A link certificate on the way makes the chip trust the next key of its CVCA, and its date moves on.
func TestLinkOnTheWay(t *testing.T) {
	s := newState(t, 3, 3, 3)
	next, err := cvc.GenerateEC(cvc.ECDSASHA384, 16, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	later := date.Date{Year: 2026, Month: 1, Day: 1}
	link := s.issue(t, 0, cvc.Certificate{Authority: "VNCVCA00001", Holder: "VNCVCA00002", Effective: later,
		Authorization: cvc.InspectionAuthorization(cvc.CVCA, 3)}, next)
	s.keys = append(s.keys, next)
	var below []*cvc.PrivateKey
	for range 2 {
		key, err := cvc.GenerateEC(cvc.ECDSASHA384, 16, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		below = append(below, key)
	}
	s.keys = append(s.keys, below...)
	dv := s.issue(t, 3, cvc.Certificate{Authority: "VNCVCA00002", Holder: "VNDV00002", Effective: later,
		Authorization: cvc.InspectionAuthorization(cvc.ForeignDV, 3)}, below[0])
	is := s.issue(t, 4, cvc.Certificate{Authority: "VNDV00002", Holder: "VNIS00002", Effective: later.AddYears(1),
		Authorization: cvc.InspectionAuthorization(cvc.Terminal, 1)}, below[1])
	own := Credentials{Certificates: append(s.own.Certificates, is, dv, link), Holder: "VNIS00002", Key: below[1]}
	w, to := s.open(t)
	if err := TerminalAuthenticate(w, own, to, rand.Reader); err != nil || w.count != 9 || w.chip.Rights() != cvc.ReadDG3 {
		t.Fatalf("%d commands, %v", w.count, err)
	}
	file, err := cvc.EncodeFile(w.chip.Trust.Authorities())
	if err != nil || !bytes.HasPrefix(file, []byte("\x42\x0bVNCVCA00002\x42\x0bVNCVCA00001\x00")) {
		t.Errorf("EF.CVCA is %q, %v", file, err)
	}
	if w.chip.Trust.Date != later {
		t.Errorf("the date is %v", w.chip.Trust.Date)
	}
}

// The commands in another order than the standard's lead nowhere.
func TestCommandsOutOfOrder(t *testing.T) {
	s := newState(t, 3, 3, 3)
	manage := func(p1, p2 byte, name string) apdu.Command {
		return apdu.Command{INS: 0x22, P1: p1, P2: p2, Data: tlv.Encode(0x83, []byte(name))}
	}
	verify := func(i int) apdu.Command {
		field, err := s.own.Certificates[i].Field()
		if err != nil {
			t.Fatal(err)
		}
		return apdu.Command{INS: 0x2A, P2: 0xBE, Data: field}
	}
	challenge, sign := apdu.Command{INS: 0x84, Ne: 8}, apdu.Command{INS: 0x82, Data: make([]byte, 64)}
	dst, dv, dst2, is, at := manage(0x81, 0xB6, "VNCVCA00001"), verify(0), manage(0x81, 0xB6, "VNDV00001"), verify(1), manage(0x81, 0xA4, "VNIS00001")
	for name, commands := range map[string]struct {
		all  []apdu.Command
		want apdu.StatusWord
	}{
		"a certificate without a key":           {[]apdu.Command{dv}, apdu.SWConditionsNotSatisfied},
		"a key of nobody":                       {[]apdu.Command{manage(0x81, 0xB6, "VNCVCA00009")}, apdu.SWReferenceNotFound},
		"no reference":                          {[]apdu.Command{{INS: 0x22, P1: 0x81, P2: 0xB6, Data: []byte{0x84, 0}}}, apdu.SWWrongData},
		"one choice for two":                    {[]apdu.Command{dst, dv, is}, apdu.SWConditionsNotSatisfied},
		"the verifier as terminal":              {[]apdu.Command{dst, dv, manage(0x81, 0xA4, "VNDV00001")}, apdu.SWReferenceNotFound},
		"the CVCA as terminal":                  {[]apdu.Command{manage(0x81, 0xA4, "VNCVCA00001")}, apdu.SWReferenceNotFound},
		"a terminal as authority":               {[]apdu.Command{dst, dv, dst2, is, manage(0x81, 0xB6, "VNIS00001"), is}, apdu.SWWrongData},
		"the verifier after the terminal":       {[]apdu.Command{dst, dv, dst2, is, dst2}, apdu.SWReferenceNotFound},
		"a challenge before MSE: Set AT":        {[]apdu.Command{dst, dv, dst2, is, challenge}, apdu.SWConditionsNotSatisfied},
		"a signature before the challenge":      {[]apdu.Command{dst, dv, dst2, is, at, sign}, apdu.SWConditionsNotSatisfied},
		"a challenge that serves twice":         {[]apdu.Command{dst, dv, dst2, is, at, challenge, sign, sign}, apdu.SWConditionsNotSatisfied},
		"a wrong signature":                     {[]apdu.Command{dst, dv, dst2, is, at, challenge, sign}, apdu.SWAuthenticationFailed},
		"a challenge of four bytes":             {[]apdu.Command{dst, dv, dst2, is, at, {INS: 0x84, Ne: 4}}, apdu.SWWrongLength},
		"bytes that are no certificate":         {[]apdu.Command{dst, {INS: 0x2A, P2: 0xBE, Data: dst.Data}}, apdu.SWWrongData},
		"a certificate with P2 of another kind": {[]apdu.Command{dst, {INS: 0x2A, P2: 0xAE, Data: dv.Data}}, apdu.SWIncorrectP1P2},
		"in order":                              {[]apdu.Command{dst, dv, dst2, is, at, challenge}, apdu.SWOK},
	} {
		w, _ := s.open(t)
		var last apdu.Response
		for _, cmd := range commands.all {
			last, _ = w.Send(cmd)
		}
		if last.SW != commands.want || w.chip.Rights() != 0 {
			t.Errorf("%s: %v, want %v", name, last.SW, commands.want)
		}
	}
}

func TestChallengeOfTheWrongLength(t *testing.T) {
	s := newState(t, 3, 3, 3)
	w, to := s.open(t)
	w.back = func(resp *apdu.Response) {
		if len(resp.Data) > 0 {
			resp.Data = resp.Data[:4]
		}
	}
	if err := TerminalAuthenticate(w, s.own, to, rand.Reader); err == nil || w.count != 6 {
		t.Errorf("%v after %d commands", err, w.count)
	}
}

// FuzzChip sends the chip whatever there is: it answers, and lets nobody in.
func FuzzChip(f *testing.F) {
	s := newState(f, 3, 3, 3)
	field, err := s.own.Certificates[0].Field()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(0x22), byte(0x81), byte(0xB6), tlv.Encode(0x83, []byte("VNCVCA00001")))
	f.Add(byte(0x2A), byte(0x00), byte(0xBE), field)
	f.Add(byte(0x22), byte(0x41), byte(0xA4), []byte("\x80\x0a\x04\x00\x7f\x00\x07\x02\x02\x03\x02\x02"))
	f.Add(byte(0x86), byte(0x00), byte(0x00), []byte("\x7c\x02\x80\x00"))
	f.Add(byte(0x82), byte(0x00), byte(0x00), make([]byte, 64))
	f.Add(byte(0x22), byte(0x41), byte(0xA6), []byte("\x91\x00"))
	f.Fuzz(func(t *testing.T, ins, p1, p2 byte, data []byte) {
		w, _ := s.open(t)
		for _, first := range []apdu.Command{
			{INS: 0x22, P1: 0x41, P2: 0xA4, Data: []byte("\x80\x0a\x04\x00\x7f\x00\x07\x02\x02\x03\x02\x02")},
			{INS: 0x22, P1: 0x81, P2: 0xB6, Data: tlv.Encode(0x83, []byte("VNCVCA00001"))},
		} {
			for _, cmd := range []apdu.Command{first, {INS: ins, P1: p1, P2: p2, Data: data, Ne: 256}} {
				if _, err := w.Send(cmd); err != nil {
					t.Fatal(err)
				}
			}
		}
		if w.chip.Rights() != 0 || len(w.chip.Trust.Points) != 1 {
			t.Error("somebody was let in")
		}
	})
}
