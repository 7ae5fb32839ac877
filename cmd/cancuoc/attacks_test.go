package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/vnm"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/simulator"
)

func cam() secinfo.PACEInfo {
	return secinfo.PACEInfo{Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES128, Version: 2, ParameterID: 13}
}

// withFile gives a chip with another content of one file.
func withFile(s simulator.State, mf bool, fid uint16, content []byte) simulator.State {
	s.Files = slices.Clone(s.Files)
	for i, f := range s.Files {
		if f.MF == mf && f.FID == fid {
			s.Files[i].Content, s.Files[i].Size = content, max(f.Size, len(content))
		}
	}
	return s
}

// A copy without any key of the victim's chip gets an EF.CardSecurity over a key of its own, signed by another authority
// that the verifier trusts too.
func TestCardSecurityOfAnotherAuthority(t *testing.T) {
	o, elsewhere := newOffice(t), newOffice(t)
	profile := quick(t)
	profile.PACE = append(profile.PACE, cam())
	profile.ActiveAuthentication = card.ActiveAuthentication{}
	victim, data := o.issue(t, profile, nil)
	key, err := eac.GenerateKey(13, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	spki, err := public.Standardised()
	if err != nil {
		t.Fatal(err)
	}
	file, _ := lds.ByName("EF.CardAccess")
	content, _ := data.File(file)
	infos, err := secinfo.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	id := 13
	infos.ChipAuthenticationKeys = []secinfo.ChipAuthenticationPublicKeyInfo{{Key: spki, KeyID: &id}}
	forged, err := lds.SignCardSecurity(infos, cms.Signer{Certificate: elsewhere.Authority.DocumentSigner.Raw, Key: elsewhere.Authority.DocumentSignerKey}, o.now)
	if err != nil {
		t.Fatal(err)
	}
	clone := withFile(victim, true, 0x011D, forged)
	encoded, err := key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	clone.Mapping, clone.ChipAuthentication = []perso.Secret{encoded}, nil
	reading, _, err := o.inspect(t, power(clone, nil), reader.Inspection{})
	if err != nil {
		t.Fatal(err)
	}
	both := pki.Trust{Anchors: []pki.Certificate{o.Authority.CSCA, elsewhere.Authority.CSCA}}
	if v := reader.Verify(reading, both, o.now); v.Verdict != reader.NotGenuine || check(t, v, "chip").Result != reader.Fail {
		t.Errorf("%s, %+v", v.Verdict, check(t, v, "chip"))
	}
}

// Who allows a downgrade still asks for the proof that something signed promises.
func TestAllowedDowngradeIsNoProof(t *testing.T) {
	o := newOffice(t)
	profile := quick(t)
	profile.PACE = append(profile.PACE, cam())
	profile.ActiveAuthentication, profile.ChipAuthentication, profile.TerminalAuthentication = card.ActiveAuthentication{}, nil, false
	state, _ := o.issue(t, profile, nil)
	for _, fault := range []simulator.Fault{simulator.HiddenAccess, simulator.WeakAccess} {
		reading, _, err := o.inspect(t, power(state, simulator.Faults{simulator.Clone: 1, fault: 1}), reader.Inspection{})
		if err != nil {
			t.Fatal(err)
		}
		allowing := reader.Policy{Trust: o.Trust(), AllowDowngrade: true}
		if v := allowing.Verify(reading, o.now); v.Verdict == reader.Genuine || check(t, v, "chip").Result != reader.Unknown {
			t.Errorf("%s: %s, %+v", fault, v.Verdict, check(t, v, "chip"))
		}
	}
}

// Whoever disturbs one answer of a genuine card, anywhere, does not make it a false one.
func TestOneDisturbedAnswerMakesNoCardFalse(t *testing.T) {
	o := newOffice(t)
	withMapping := quick(t)
	withMapping.PACE = append(withMapping.PACE, cam())
	for name, profile := range map[string]card.Profile{"generic mapping": quick(t), "chip authentication mapping": withMapping} {
		state, _ := o.issue(t, profile, fingers(t))
		for how, change := range map[string]func([]byte) []byte{
			"flipped": func(a []byte) []byte { b := bytes.Clone(a); b[0] ^= 1; return b },
			"6988":    func([]byte) []byte { return []byte{0x69, 0x88} },
			"6982":    func([]byte) []byte { return []byte{0x69, 0x82} },
		} {
			for at := 1; ; at++ {
				chip := power(state, nil)
				wire := &disturbed{wire: chip, at: at, how: change}
				i := reader.Inspection{Access: byMRZ(t), Rand: rand.Reader, Reset: chip.Reset, Terminal: o.terminal()}
				reading, err := i.Read(t.Context(), &apdu.Conn{Wire: wire})
				if wire.count < at {
					break
				}
				if v := o.judge(reading); err == nil && v.Verdict == reader.NotGenuine {
					t.Errorf("%s, answer %d %s: %+v", name, at, how, v.Checks)
				}
			}
		}
	}
}

// PACE that was begun in the clear is over when Basic Access Control has opened a session.
func TestNoPACEInsideASessionOfBAC(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	chip := power(state, nil)
	plain := &apdu.Conn{Wire: chip}
	setAT := apdu.Command{INS: 0x22, P1: 0xC1, P2: 0xA4,
		Data: []byte{0x80, 0x0A, 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, 0x02, 0x02, 0x83, 0x01, 0x01}}
	for _, cmd := range []apdu.Command{setAT, {INS: 0xA4, P1: 4, P2: 0x0C, Data: lds.AID()}} {
		if resp, err := plain.Send(cmd); err != nil || resp.SW != apdu.SWOK {
			t.Fatal(resp.SW, err)
		}
	}
	information, err := vnm.AccessInformation("000321000009", date.Date{Year: 2021, Month: 7, Day: 2}, date.Date{Year: 2035, Month: 7, Day: 2})
	if err != nil {
		t.Fatal(err)
	}
	channel, err := bac.Run(plain, information, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	info := secinfo.PACEInfo{Suite: sm.AES128, Version: 2, ParameterID: 13}
	if _, _, err := pace.Run(withoutSetAT{channel}, info, pace.MRZ(information), rand.Reader); err == nil {
		t.Error("PACE was run inside the session of Basic Access Control")
	}
}

// withoutSetAT leaves MSE: Set AT out.
type withoutSetAT struct{ next apdu.Sender }

func (w withoutSetAT) Send(cmd apdu.Command) (apdu.Response, error) {
	if cmd.INS == 0x22 {
		return apdu.Response{SW: apdu.SWOK}, nil
	}
	return w.next.Send(cmd)
}

// A card file with one byte for a file, and every fault there is, brings nothing down.
func TestCardFilesWithNextToNothing(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	for _, kind := range simulator.FaultKinds() {
		for _, content := range [][]byte{nil, {0x61}, {0x61, 0x00}} {
			s := withFile(withFile(withFile(state, false, 0x0101, content), true, 0x011C, content), false, 0x011D, content)
			_, verdict, err := o.inspect(t, power(s, simulator.Faults{kind.Fault: 1}), reader.Inspection{})
			if err == nil && verdict.Verdict == reader.Genuine {
				t.Errorf("%s: %x is a genuine card", kind.Fault, content)
			}
		}
	}
}

// Whatever a terminal that has no rights sends, fingerprints stay closed.
func TestFingerprintsStayClosed(t *testing.T) {
	o, stranger := newOffice(t), newOffice(t)
	state, _ := o.issue(t, quick(t), fingers(t))
	chip := power(state, nil)
	var channel apdu.Sender
	i := reader.Inspection{Terminal: stranger.terminal(), Channel: func(s apdu.Sender) apdu.Sender { channel = s; return s }}
	if _, _, err := o.inspect(t, chip, i); err != nil {
		t.Fatal(err)
	}
	for name, cmd := range map[string]apdu.Command{
		"SELECT": {INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, 3}}, "READ BINARY by short identifier": {INS: 0xB0, P1: 0x83, Ne: 16},
		"READ BINARY with odd INS": {INS: 0xB1, P2: 3, Data: []byte{0x54, 1, 0}, Ne: 16},
	} {
		if resp, err := channel.Send(cmd); err != nil || !errors.Is(resp.SW, apdu.SWSecurityStatusNotSatisfied) {
			t.Errorf("%s: %v, %v", name, resp.SW, err)
		}
	}
}
