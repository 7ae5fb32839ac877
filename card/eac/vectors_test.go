package eac

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// keys are a session's keys; the counter is missing where it is zero.
type keys struct{ Enc, Mac, SSC hexBytes }

func (k keys) session() sm.Session {
	suite := sm.TripleDES
	switch {
	case len(k.Enc) == 32:
		suite = sm.AES256
	case len(k.SSC) == 16:
		suite = sm.AES128
	}
	return sm.Session{Suite: suite, Keys: sm.Keys{Enc: k.Enc, Mac: k.Mac}, SSC: k.SSC}
}

// dialogue is a Chip Authentication with a chip in the field, of which the public key alone is known.
type dialogue struct {
	Name          string
	DG14          hexBytes
	Exchanges     [][2]hexBytes
	Before, After keys
	D, Q          hexBytes // the terminal's ephemeral key
}

// worked is a worked example of TR-03110: key agreement and Terminal Authentication.
type worked struct {
	PICCPriv    hexBytes `json:"picc_priv"`
	PICCPub     hexBytes `json:"picc_pub"`
	PCDPriv     hexBytes `json:"pcd_priv"`
	PCDPub      hexBytes `json:"pcd_pub"`
	K           hexBytes
	PACEPICCPub hexBytes `json:"pace_picc_pub"`
	RPICC       hexBytes `json:"r_picc"`
	Signature   hexBytes
	CVCA        hexBytes
	DV          hexBytes
	Terminal    hexBytes
	Key         hexBytes
}

type vectors struct {
	Sessions []dialogue
	ECDH, DH worked
}

func load(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil || len(v.Sessions) != 4 {
		t.Fatalf("vectors: %v", err)
	}
	return v
}

// offer finds what the chip of a dialogue offers: triple DES where EF.DG14 says nothing.
func (d dialogue) offer(t testing.TB) Offer {
	t.Helper()
	infos, err := secinfo.ParseDG14(d.DG14)
	if err != nil {
		t.Fatal(err)
	}
	key, err := infos.ChipAuthenticationKeys[0].PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	offer := Offer{Info: secinfo.ChipAuthenticationInfo{Agreement: secinfo.ECDH, Version: 1}, Key: key}
	if len(infos.ChipAuthentication) > 0 {
		offer.Info, offer.SetAT = infos.ChipAuthentication[0], true
	}
	return offer
}

// page is a chip that answers from the record and compares what it is asked.
type page struct {
	t     *testing.T
	lines [][2]hexBytes
}

func (p *page) Send(cmd apdu.Command) (apdu.Response, error) {
	if len(p.lines) == 0 {
		return apdu.Response{}, fmt.Errorf("the page has ended")
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, line[0]) {
		p.t.Errorf("the terminal sends %x, %v; want %x", got, err, line[0])
	}
	return apdu.ParseResponse(line[1])
}

// The terminal sends, byte for byte, what was sent to chips in the field, under the keys before and after.
func TestTerminalVectors(t *testing.T) {
	for _, d := range load(t).Sessions {
		p := &page{t, d.Exchanges}
		before, err := sm.NewTerminal(p, d.Before.session())
		if err != nil {
			t.Fatal(err)
		}
		agreed, err := ChipAuthenticate(before, d.offer(t), bytes.NewReader(d.D))
		if err != nil {
			t.Fatalf("%s: %v", d.Name, err)
		}
		if !bytes.Equal(agreed.Session.Keys.Enc, d.After.Enc) || !bytes.Equal(agreed.Session.Keys.Mac, d.After.Mac) {
			t.Errorf("%s: the keys are %x %x", d.Name, agreed.Session.Keys.Enc, agreed.Session.Keys.Mac)
		}
		if !bytes.Equal(agreed.Terminal, d.Q[1:33]) {
			t.Errorf("%s: Comp(PK.IFD) is %x", d.Name, agreed.Terminal)
		}
		after, err := sm.NewTerminal(p, agreed.Session)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := after.Send(apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x01, 0x0E}})
		if err != nil || resp.SW != apdu.SWOK || len(p.lines) != 0 {
			t.Errorf("%s: SELECT EF.DG14: %v, %v", d.Name, resp.SW, err)
		}
	}
}

// fieldChip is a chip that is asked from the record: secure messaging before the two protocols.
type fieldChip struct {
	messaging sm.Chip
	eac       Chip
}

func newFieldChip(t testing.TB, d dialogue, static *PrivateKey) *fieldChip {
	t.Helper()
	offer := d.offer(t)
	key := StaticKey{Private: static, ID: offer.Info.KeyID, Suites: []sm.Suite{offer.Info.Suite}}
	c := &fieldChip{eac: Chip{Keys: []StaticKey{key}}}
	c.messaging.Next = c
	if err := c.messaging.Start(d.Before.session()); err != nil {
		t.Fatal(err)
	}
	c.messaging.Handle(apdu.Command{INS: 0x00}) // the command that began the session before
	return c
}

// Handle answers what has passed secure messaging.
func (c *fieldChip) Handle(cmd apdu.Command) apdu.Response {
	var session *sm.Session
	resp := apdu.Response{SW: apdu.SWOK}
	switch cmd.INS {
	case 0x22:
		resp, session = c.eac.Manage(cmd)
	case 0x86:
		resp, session = c.eac.GeneralAuthenticate(cmd)
	}
	if session != nil && c.messaging.Start(*session) != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	return resp
}

// Nobody knows the private keys of the chips in the field, so they are judged in two steps. First the chip takes the
// recorded commands, under a key of its own, and must answer them byte for byte. Then both sides change places: the
// chip has the terminal's private key and is sent the chip's public one, which must give the recorded keys and the
// recorded answer to the first command under them.
func TestChipVectors(t *testing.T) {
	for _, d := range load(t).Sessions {
		offer := d.offer(t)
		static := &PrivateKey{Curve: offer.Key.Curve, D: d.D}
		chip := newFieldChip(t, d, static)
		for i, line := range d.Exchanges[:len(d.Exchanges)-1] {
			if got := chip.messaging.Handle(command(t, line[0])); !bytes.Equal(got.Bytes(), line[1]) {
				t.Errorf("%s: answer %d is %x, want %x", d.Name, i, got.Bytes(), line[1])
			}
		}
		if !bytes.Equal(chip.eac.terminal, d.Q[1:33]) {
			t.Errorf("%s: Comp(PK.IFD) is %x", d.Name, chip.eac.terminal)
		}
		session := changedPlaces(t, offer, static)
		after := &sm.Chip{Next: chip}
		if err := after.Start(*session); err != nil {
			t.Fatal(err)
		}
		after.Handle(apdu.Command{INS: 0x00})
		last := d.Exchanges[len(d.Exchanges)-1]
		if got := after.Handle(command(t, last[0])); !bytes.Equal(got.Bytes(), last[1]) {
			t.Errorf("%s: the first answer of the new session is %x, want %x", d.Name, got.Bytes(), last[1])
		}
		if !bytes.Equal(session.Keys.Enc, d.After.Enc) || !bytes.Equal(session.Keys.Mac, d.After.Mac) || session.SSC != nil {
			t.Errorf("%s: the keys are %x %x", d.Name, session.Keys.Enc, session.Keys.Mac)
		}
	}
}

// changedPlaces lets a chip with this key agree with the public key of the chip in the field.
func changedPlaces(t *testing.T, offer Offer, static *PrivateKey) *sm.Session {
	t.Helper()
	chip := &Chip{Keys: []StaticKey{{Private: static, Suites: []sm.Suite{offer.Info.Suite}}}}
	if !offer.SetAT {
		resp, session := chip.Manage(apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: tlv.Encode(0x91, offer.Key.Bytes())})
		if resp.SW != apdu.SWOK || session == nil {
			t.Fatal(resp.SW)
		}
		return session
	}
	protocol, err := mechanism(offer.Info.Protocol())
	if err != nil {
		t.Fatal(err)
	}
	if resp, _ := chip.Manage(apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: tlv.Encode(0x80, protocol)}); resp.SW != apdu.SWOK {
		t.Fatal(resp.SW)
	}
	data := tlv.Encode(0x7C, tlv.Encode(0x80, offer.Key.Bytes()))
	resp, session := chip.GeneralAuthenticate(apdu.Command{INS: 0x86, Data: data, Ne: 256})
	if !bytes.Equal(resp.Bytes(), []byte{0x7C, 0x00, 0x90, 0x00}) || session == nil {
		t.Fatalf("%x", resp.Bytes())
	}
	return session
}

func command(t testing.TB, b []byte) apdu.Command {
	t.Helper()
	cmd, err := apdu.ParseCommand(b)
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// domainOf gives the domain parameters of a worked example.
func (w worked) domain(t testing.TB) secinfo.PublicKey {
	t.Helper()
	id := 13
	if len(w.PICCPub) == 128 {
		id = 0
	}
	k, err := keyDomain(id)
	if err != nil {
		t.Fatal(err)
	}
	return k.domain()
}

// Both sides of the worked examples come to the printed secret, ECDH and DH.
func TestAgreementVectors(t *testing.T) {
	v := load(t)
	for _, w := range []worked{v.ECDH, v.DH} {
		for _, side := range []struct{ private, own, other hexBytes }{{w.PICCPriv, w.PICCPub, w.PCDPub}, {w.PCDPriv, w.PCDPub, w.PICCPub}} {
			public, err := publicOf(side.private, w.domain(t))
			if err != nil || !bytes.Equal(public.Bytes(), side.own) {
				t.Errorf("the public key is %x, %v", public.Bytes(), err)
			}
			other, err := readKey(w.domain(t), side.other)
			if err != nil {
				t.Fatal(err)
			}
			if k, err := agree(side.private, other); err != nil || !bytes.Equal(k, w.K) {
				t.Errorf("K = %x, %v; want %x", k, err, w.K)
			}
		}
	}
}

// chip gives the chip of a worked example as it waits for the terminal's signature: with the terminal's key imported, of a PACE session
// with the printed keys.
func (w worked) chip(t testing.TB) *Chip {
	t.Helper()
	pace, err := readKey(w.domain(t), w.PACEPICCPub)
	if err != nil {
		t.Fatal(err)
	}
	ephemeral, err := readKey(w.domain(t), w.PCDPub)
	if err != nil {
		t.Fatal(err)
	}
	cvca, dv := parse(t, w.CVCA), parse(t, w.DV)
	root, err := cvc.Root(cvca)
	if err != nil {
		t.Fatal(err)
	}
	// The examples' CVCA is one of inspection systems, their terminal one of authentication.
	root.Authorization = cvc.Authorization{Type: cvc.AuthenticationTerminal, Bits: []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF}}
	trust := &cvc.Trust{Points: []cvc.TrustPoint{root}, Date: date.Date{Year: 2010, Month: 1, Day: 1},
		Type: cvc.AuthenticationTerminal, AllowWeak: true}
	chip := &Chip{Trust: trust, ID: Compress(pace), Rand: bytes.NewReader(w.RPICC)}
	chip.Bind(ephemeral)
	for _, c := range []*cvc.Certificate{dv, parse(t, w.Terminal)} {
		field, err := c.Field()
		if err != nil {
			t.Fatal(err)
		}
		dst := apdu.Command{INS: 0x22, P1: 0x81, P2: 0xB6, Data: tlv.Encode(0x83, []byte(c.Authority))}
		if resp, _ := chip.Manage(dst); resp.SW != apdu.SWOK {
			t.Fatalf("MSE: Set DST %q: %v", c.Authority, resp.SW)
		}
		if resp := chip.VerifyCertificate(apdu.Command{INS: 0x2A, P2: 0xBE, Data: field}); resp.SW != apdu.SWOK {
			t.Fatalf("PSO: Verify Certificate %q: %v", c.Holder, resp.SW)
		}
	}
	return chip
}

func parse(t testing.TB, b []byte) *cvc.Certificate {
	t.Helper()
	c, err := cvc.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The chip of the worked examples takes the printed chain and the printed signature, and no other.
func TestChipOfTerminalAuthenticationVectors(t *testing.T) {
	v := load(t)
	for _, w := range []worked{v.ECDH, v.DH} {
		for i := range 1 + 8*3 {
			chip := w.chip(t)
			at := apdu.Command{INS: 0x22, P1: 0x81, P2: 0xA4, Data: tlv.Encode(0x83, []byte(parse(t, w.Terminal).Holder))}
			if resp, _ := chip.Manage(at); resp.SW != apdu.SWOK {
				t.Fatal(resp.SW)
			}
			if got := chip.Challenge(apdu.Command{INS: 0x84, Ne: 8}); !bytes.Equal(got.Data, w.RPICC) {
				t.Fatalf("the challenge is %x", got.Bytes())
			}
			signature, want := bytes.Clone(w.Signature), apdu.SWOK
			if i > 0 {
				signature[i*5] ^= 1 << (i % 8)
				want = apdu.SWAuthenticationFailed
			}
			if got := chip.Authenticate(apdu.Command{INS: 0x82, Data: signature}); got.SW != want {
				t.Errorf("signature %d: %v, want %v", i, got.SW, want)
			}
		}
	}
}

// The terminal of the RSA example, whose signature has no randomness, sends the printed chain and signature.
func TestTerminalOfTerminalAuthenticationVectors(t *testing.T) {
	w := load(t).DH
	dv, terminal := parse(t, w.DV), parse(t, w.Terminal)
	key, err := cvc.ParsePrivateKey(w.Key, terminal.PublicKey.Algorithm)
	if err != nil {
		t.Fatal(err)
	}
	pace, err := readKey(w.domain(t), w.PACEPICCPub)
	if err != nil {
		t.Fatal(err)
	}
	ephemeral, err := readKey(w.domain(t), w.PCDPub)
	if err != nil {
		t.Fatal(err)
	}
	short := func(p1, p2 byte, name string) hexBytes {
		return append([]byte{0x00, 0x22, p1, p2, byte(len(name) + 2), 0x83, byte(len(name))}, name...)
	}
	certificate := func(b []byte) hexBytes {
		field := b[5:] // behind 7F21 and a length of three bytes
		return append([]byte{0x00, 0x2A, 0x00, 0xBE, 0x00, byte(len(field) >> 8), byte(len(field))}, field...)
	}
	ok := hexBytes{0x90, 0x00}
	p := &page{t, [][2]hexBytes{
		{short(0x81, 0xB6, "DETESTCVCA00003"), ok},
		{certificate(w.DV), ok},
		{short(0x81, 0xB6, "DETESTDVDE019"), ok},
		{certificate(w.Terminal), ok},
		{short(0x81, 0xA4, terminal.Holder), ok},
		{{0x00, 0x84, 0x00, 0x00, 0x08}, append(bytes.Clone(w.RPICC), ok...)},
		{append([]byte{0x00, 0x82, 0x00, 0x00, 0x80}, w.Signature...), ok},
	}}
	own := Credentials{Certificates: []*cvc.Certificate{terminal, dv}, Holder: terminal.Holder, Key: key}
	to := Binding{Authorities: []string{"DETESTCVCA00003"}, Chip: Compress(pace), Terminal: Compress(ephemeral)}
	if err := TerminalAuthenticate(p, own, to, nil); err != nil || len(p.lines) != 0 {
		t.Errorf("%v, %d lines left", err, len(p.lines))
	}
}
