package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/specimen/issuer"
	"github.com/cancuoc/cancuoc/card/tlv"
	"github.com/cancuoc/cancuoc/reader"
	"github.com/cancuoc/cancuoc/simulator"
)

// office issues sample cards in memory, and judges them at one time.
type office struct {
	*issuer.Office
	now time.Time
}

func newOffice(t testing.TB) office {
	t.Helper()
	now := time.Now()
	made, err := issuer.New(rand.Reader, now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return office{made, now}
}

// quick is the profile of Viet Nam with a signing key that is made faster than one of RSA.
func quick(t testing.TB) card.Profile {
	t.Helper()
	profile, err := card.ProfileNamed("vn-cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	profile.ActiveAuthentication = card.ActiveAuthentication{ParameterID: 12, Hash: crypto.SHA256}
	return profile
}

// issue writes the chip of the youngest specimen, who has no portrait, by this profile.
func (o office) issue(t testing.TB, profile card.Profile, fingerprints []byte) (simulator.State, perso.Data) {
	t.Helper()
	issuance, err := issuer.Issuance("le-mau-nhi", "")
	if err != nil {
		t.Fatal(err)
	}
	issuance.Profile, issuance.Fingerprints = profile, fingerprints
	data, err := o.Sign(issuance)
	if err != nil {
		t.Fatal(err)
	}
	blank, err := simulator.Blank(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var kept simulator.State
	chip := simulator.NewCard(blank, rand.Reader, func(s simulator.State) error { kept = s; return nil })
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: chip})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Write(t.Context(), data, nil); err != nil {
		t.Fatal(err)
	}
	return kept, data
}

func power(s simulator.State, faults simulator.Faults) *simulator.Card {
	c := simulator.NewCard(s, rand.Reader, nil)
	c.Faults = faults
	return c
}

// byMRZ is the access key of the youngest specimen.
func byMRZ(t testing.TB) reader.Access {
	t.Helper()
	access, err := reader.AccessByNumber("000321000009", date.Date{Year: 2021, Month: 7, Day: 2}, date.Date{Year: 2035, Month: 7, Day: 2})
	if err != nil {
		t.Fatal(err)
	}
	return access
}

func (o office) inspect(t testing.TB, c *simulator.Card, i reader.Inspection) (reader.Reading, reader.Verdict, error) {
	t.Helper()
	if i.Access == (reader.Access{}) {
		i.Access = byMRZ(t)
	}
	i.Rand, i.Reset = rand.Reader, c.Reset
	reading, err := i.Read(t.Context(), &apdu.Conn{Wire: c})
	return reading, o.judge(reading), err
}

func (o office) judge(r reader.Reading) reader.Verdict {
	return reader.Verify(r, o.Trust(), o.now)
}

func check(t testing.TB, v reader.Verdict, name string) reader.Check {
	t.Helper()
	for _, c := range v.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return reader.Check{}
}

// Every way of PACE that the standard has, on every set of domain parameters, on a card as it was issued.
func TestEveryWayOfPACE(t *testing.T) {
	o := newOffice(t)
	suites := []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256}
	curves := []int{10, 11, 12, 13, 14, 15, 16, 17, 18}
	var infos []secinfo.PACEInfo
	for n, id := range curves {
		infos = append(infos, secinfo.PACEInfo{Suite: suites[n%4], ParameterID: id})
		if id != 10 {
			infos = append(infos, secinfo.PACEInfo{Mapping: secinfo.IntegratedMapping, Suite: suites[(n+1)%4], ParameterID: id})
		}
		infos = append(infos, secinfo.PACEInfo{Mapping: secinfo.ChipAuthenticationMapping, Suite: suites[1+n%3], ParameterID: id})
	}
	for id := range 3 {
		infos = append(infos, secinfo.PACEInfo{Agreement: secinfo.DH, Suite: suites[id], ParameterID: id},
			secinfo.PACEInfo{Agreement: secinfo.DH, Mapping: secinfo.IntegratedMapping, Suite: suites[id+1], ParameterID: id})
	}
	for _, info := range infos {
		info.Version = secinfo.PACEVersion
		t.Run(strings.ReplaceAll(info.String(), " ", "_"), func(t *testing.T) {
			t.Parallel()
			profile := quick(t)
			profile.BAC, profile.PACE = false, []secinfo.PACEInfo{info}
			if info.Mapping.ProvesChip() {
				profile.PACE = append(profile.PACE, secinfo.PACEInfo{Suite: info.Suite, Version: 2, ParameterID: info.ParameterID})
			}
			state, _ := o.issue(t, profile, nil)
			reading, verdict, err := o.inspect(t, power(state, nil), reader.Inspection{NoBAC: true})
			if err != nil {
				t.Fatal(err)
			}
			if reading.Access != "PACE" || !strings.HasPrefix(reading.How, info.String()+",") || verdict.Verdict != reader.Genuine {
				t.Errorf("%s: %+v", reading.How, verdict)
			}
			mapping := reading.Proofs.Mapping.Outcome
			if (mapping == reader.Proven) != info.Mapping.ProvesChip() {
				t.Errorf("mapping: %+v", reading.Proofs)
			}
			if strings.Contains(fmt.Sprintf("%+v %#v", state, state), fmt.Sprint(state.ChipID)) {
				t.Error("a state prints its secrets")
			}
		})
	}
}

// Of several ways the strongest that both know; curves of 192 bits are known by name and not used.
func TestTheStrongestWayOfPACE(t *testing.T) {
	o := newOffice(t)
	profile := quick(t)
	profile.PACE = []secinfo.PACEInfo{
		{Suite: sm.AES256, Version: 2, ParameterID: 9}, {Suite: sm.AES128, Version: 2, ParameterID: 13},
		{Suite: sm.AES192, Version: 2, ParameterID: 16}, {Agreement: secinfo.DH, Suite: sm.AES192, Version: 2, ParameterID: 2},
	}
	state, _ := o.issue(t, profile, nil)
	reading, verdict, err := o.inspect(t, power(state, nil), reader.Inspection{})
	if err != nil || !strings.HasPrefix(reading.How, "PACE-ECDH-GM with AES-192 on brainpoolP384r1") || verdict.Verdict != reader.Genuine {
		t.Errorf("%s, %v: %+v", reading.How, err, verdict)
	}
	profile.PACE = profile.PACE[:1]
	state, _ = o.issue(t, profile, nil)
	if _, _, err := o.inspect(t, power(state, nil), reader.Inspection{NoBAC: true}); !errors.Is(err, reader.ErrNoPACE) || !strings.Contains(err.Error(), "brainpoolP192r1") {
		t.Errorf("a curve of 192 bits: %v", err)
	}
}

// Every kind of Chip Authentication and Active Authentication, after PACE and after Basic Access Control.
func TestEveryChipAuthentication(t *testing.T) {
	o := newOffice(t)
	suites := []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256}
	for n, id := range []int{0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18} {
		suite := suites[n%4]
		t.Run(fmt.Sprintf("%d_%v", id, suite), func(t *testing.T) {
			t.Parallel()
			profile := quick(t)
			profile.ChipAuthentication = []card.ChipAuthentication{{ParameterID: id, Suites: []sm.Suite{suite}}}
			if id > 2 {
				profile.ActiveAuthentication = card.ActiveAuthentication{ParameterID: id, Hash: []crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}[n%4]}
			} else {
				profile.ActiveAuthentication = card.ActiveAuthentication{RSABits: 1024, Hash: []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512}[n]}
			}
			if n%2 == 1 {
				profile.PACE = nil
			}
			state, _ := o.issue(t, profile, nil)
			reading, verdict, err := o.inspect(t, power(state, nil), reader.Inspection{})
			if err != nil || verdict.Verdict != reader.Genuine || reading.Proofs.Chip.Outcome != reader.Proven || reading.Proofs.Active.Outcome != reader.Proven {
				t.Errorf("%v: %+v, %+v", err, reading.Proofs, verdict)
			}
		})
	}
}

// Among several keys the strongest suite, and the key that goes with it.
func TestSeveralChipKeys(t *testing.T) {
	o := newOffice(t)
	profile := quick(t)
	profile.ChipAuthentication = []card.ChipAuthentication{{ParameterID: 13, Suites: []sm.Suite{sm.TripleDES, sm.AES128}},
		{ParameterID: 16, Suites: []sm.Suite{sm.AES256}}, {ParameterID: 2, Suites: []sm.Suite{sm.AES192}}}
	state, _ := o.issue(t, profile, nil)
	reading, verdict, err := o.inspect(t, power(state, nil), reader.Inspection{})
	if err != nil || verdict.Verdict != reader.Genuine || reading.Proofs.Chip.Detail != "Chip Authentication, CA-ECDH with AES-256" {
		t.Errorf("%v: %+v, %+v", err, reading.Proofs.Chip, verdict)
	}
}

// Files of 32 KiB and more are read to their last byte, with short commands too.
func TestLongFiles(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	for _, size := range []int{32766, 32767, 32768, 32769, 40000, 66000} {
		content := tlv.Encode(0x75, make([]byte, size))
		rand.Read(content[5:])
		state.Capacity = 1 << 20
		files := slices.DeleteFunc(slices.Clone(state.Files), func(f simulator.File) bool { return f.FID == 0x0102 || f.FID == 0x011E })
		com, err := lds.COM{LDSVersion: "0107", UnicodeVersion: "040000", Tags: []byte{0x61, 0x75, 0x6D, 0x6E, 0x6F}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		long := state
		long.Files = append(files, simulator.File{FID: 0x0102, Read: lds.Session, Size: len(content), Content: content},
			simulator.File{FID: 0x011E, Read: lds.Session, Size: len(com), Content: com})
		for _, i := range []reader.Inspection{{}, {Short: true}} {
			reading, _, err := o.inspect(t, power(long, nil), i)
			if err != nil || string(reading.Files["EF.DG2"]) != string(content) {
				t.Errorf("%d bytes, short %v: %d read, %v", len(content), i.Short, len(reading.Files["EF.DG2"]), err)
			}
		}
	}
}

// A chip with a timing model takes its time, at each command.
func TestTiming(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	total := func(timing simulator.Timing) (sum time.Duration) {
		chip := power(state, nil)
		chip.Timing = timing
		chip.Wait(func(d time.Duration) { sum += d })
		if _, _, err := o.inspect(t, chip, reader.Inspection{}); err != nil {
			t.Fatal(err)
		}
		return sum
	}
	slow, fast := total(simulator.Timing{BitRate: 106_000}), total(simulator.Timing{BitRate: 424_000})
	if slow < 100*time.Millisecond || slow < 3*fast || slow > 5*fast {
		t.Errorf("at 106 kbit/s %v, at 424 kbit/s %v", slow, fast)
	}
	if keys := total(simulator.Timing{Crypto: 10 * time.Millisecond}); keys < 80*time.Millisecond || keys > 200*time.Millisecond {
		t.Errorf("operations with keys took %v", keys)
	}
	if nothing := total(simulator.Timing{Page: time.Second}); nothing != 0 {
		t.Errorf("reading wrote for %v", nothing)
	}
}

// A chip that was terminated answers nothing, and nothing brings it back.
func TestTerminatedChip(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	chip := power(state, nil)
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: chip})
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Terminate(); err != nil {
		t.Fatal(err)
	}
	chip.Reset()
	if _, _, err := o.inspect(t, chip, reader.Inspection{}); err == nil {
		t.Error("a terminated chip was read")
	}
	if _, err := (perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}).Open(&apdu.Conn{Wire: chip}); err == nil {
		t.Error("a terminated chip was opened")
	}
}

// fingers is an EF.DG3 with one drawn finger.
func fingers(t testing.TB) []byte {
	t.Helper()
	dg3, err := lds.EncodeDG3(lds.DG3{Fingers: []lds.Finger{{Position: lds.RightIndex, Width: 4, Height: 4, Image: make([]byte, 16)}}})
	if err != nil {
		t.Fatal(err)
	}
	return dg3
}

func (o office) terminal() *eac.Credentials {
	return &eac.Credentials{Certificates: []*cvc.Certificate{o.Chain.Verifier.Certificate, o.Chain.Terminal.Certificate},
		Holder: o.Chain.Terminal.Holder, Key: o.Chain.Terminal.Key}
}

// Terminal Authentication opens EF.DG3 to whom the CVCA lets in, bound to BAC, PACE and chip authentication mapping.
func TestFingerprintsOpenToTheRightTerminal(t *testing.T) {
	o, stranger := newOffice(t), newOffice(t)
	cam := secinfo.PACEInfo{Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES128, Version: 2, ParameterID: 13}
	for name, change := range map[string]func(*card.Profile){
		"PACE": func(*card.Profile) {},
		"PACE DH": func(p *card.Profile) {
			p.PACE = []secinfo.PACEInfo{{Agreement: secinfo.DH, Suite: sm.AES128, Version: 2, ParameterID: 1}}
		},
		"BAC": func(p *card.Profile) { p.PACE = nil },
		"CAM": func(p *card.Profile) { p.PACE, p.ChipAuthentication = append(p.PACE, cam), nil },
		"DH":  func(p *card.Profile) { p.ChipAuthentication[0].ParameterID = 2 },
	} {
		profile := quick(t)
		change(&profile)
		state, data := o.issue(t, profile, fingers(t))
		reading, verdict, err := o.inspect(t, power(state, nil), reader.Inspection{Terminal: o.terminal()})
		if err != nil || verdict.Verdict != reader.Genuine || string(reading.Files["EF.DG3"]) != string(fingers(t)) || len(reading.Files) != len(data.Files)+1 {
			t.Errorf("%s: %v, %+v, %+v", name, err, reading.Proofs, verdict)
		}
		for who, credentials := range map[string]*eac.Credentials{"nobody": nil, "a stranger": stranger.terminalOf(o)} {
			reading, verdict, err = o.inspect(t, power(state, nil), reader.Inspection{Terminal: credentials})
			if _, read := reading.Files["EF.DG3"]; err != nil || read || verdict.Verdict != reader.Genuine || !strings.Contains(check(t, verdict, "files").Detail, "closed to this terminal: EF.DG3") {
				t.Errorf("%s, %s: %v, %+v", name, who, err, verdict)
			}
		}
	}
}

// terminalOf gives the stranger's terminal under the name of one that the chip would let in.
func (o office) terminalOf(other office) *eac.Credentials {
	credentials := other.terminal()
	credentials.Key = o.Chain.Terminal.Key
	return credentials
}

// What a chip has learnt from certificates outlives its power: its date, and a new CVCA by a link certificate.
func TestChipRemembersWhatItLearnt(t *testing.T) {
	o := newOffice(t)
	profile := quick(t)
	state, _ := o.issue(t, profile, fingers(t))
	later := date.Of(o.now).AddDays(30)
	renewed, err := cvc.GenerateEC(cvc.ECDSASHA256, 13, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := renewed.Public()
	if err != nil {
		t.Fatal(err)
	}
	link, err := cvc.Issue(cvc.Certificate{Authority: o.Chain.CVCA.Holder, Holder: "VNSPECCVCA00002", PublicKey: public,
		Authorization: o.Chain.CVCA.Authorization, Effective: later, Expiration: later.AddYears(3)}, o.Chain.CVCA.Key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	verifier := *o.Chain.Verifier.Certificate
	verifier.Authority, verifier.Holder, verifier.Effective, verifier.Expiration = "VNSPECCVCA00002", "VNSPECDV00002", later, later.AddDays(90)
	second, err := cvc.Issue(verifier, renewed, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	terminal := *o.Chain.Terminal.Certificate
	terminal.Authority, terminal.Holder, terminal.Effective, terminal.Expiration = "VNSPECDV00002", "VNSPECIS00002", later, later.AddDays(30)
	third, err := cvc.Issue(terminal, o.Chain.Verifier.Key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	kept := state
	chip := simulator.NewCard(state, rand.Reader, func(s simulator.State) error { kept = s; return nil })
	credentials := eac.Credentials{Certificates: []*cvc.Certificate{link, second, third}, Holder: third.Holder, Key: o.Chain.Terminal.Key}
	reading, _, err := o.inspect(t, chip, reader.Inspection{Terminal: &credentials})
	if err != nil || reading.Proofs.Terminal.Outcome != reader.Proven || reading.Files["EF.DG3"] == nil {
		t.Fatalf("by a link certificate: %v, %+v", err, reading.Proofs.Terminal)
	}
	if kept.CurrentDate != later.String() || len(kept.TrustPoints) != 2 {
		t.Errorf("the chip believes that it is %s and trusts %d", kept.CurrentDate, len(kept.TrustPoints))
	}
	reading, _, err = o.inspect(t, power(kept, nil), reader.Inspection{Terminal: &credentials})
	if err != nil || reading.Proofs.Terminal.Outcome != reader.Proven {
		t.Errorf("once more: %v, %+v", err, reading.Proofs.Terminal)
	}
	if references, err := cvc.ParseFile(reading.Files["EF.CVCA"]); err != nil || fmt.Sprint(references) != "[VNSPECCVCA00002 VNSPECCVCA00001]" {
		t.Errorf("EF.CVCA: %v, %v", references, err)
	}
	kept.CurrentDate = date.Of(o.now).AddDays(200).String()
	reading, _, err = o.inspect(t, power(kept, nil), reader.Inspection{Terminal: o.terminal()})
	if err != nil || reading.Proofs.Terminal.Outcome != reader.Failed || reading.Files["EF.DG3"] != nil {
		t.Errorf("an expired terminal: %v, %+v", err, reading.Proofs.Terminal)
	}
}

// Each fault of a card, and the verdict or the error that it must cause.
func TestEveryFaultHasItsVerdict(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), fingers(t))
	type outcome struct {
		verdict reader.Authenticity
		check   string // that says so
		says    string
		err     error
	}
	want := map[string]outcome{
		"":                  {reader.Genuine, "chip", "Chip Authentication", nil},
		"cut@15":            {err: simulator.ErrPowerLost},
		"cut-after@15":      {err: simulator.ErrPowerLost},
		"cut-half@15":       {err: simulator.ErrPowerLost},
		"wrong-mac":         {err: sm.ErrResponse},
		"wrong-mac@9":       {err: sm.ErrResponse},
		"stale-counter":     {err: sm.ErrResponse},
		"stale-counter@9":   {err: sm.ErrResponse},
		"clone":             {reader.NotGenuine, "chip", "does not carry out Chip Authentication", nil},
		"clone-own-keys":    {reader.NotGenuine, "chip", "does not have the private key", nil},
		"hidden-cardaccess": {reader.NotProven, "access", "no EF.CardAccess offered it", nil},
		"weak-cardaccess":   {reader.NotProven, "access", "holds what was not signed", nil},
		"blocked-pace":      {reader.NotProven, "access", "6982", nil},
		"6cxx":              {reader.Genuine, "chip", "", nil},
		"short-reads":       {reader.Genuine, "chip", "", nil},
		"short-length":      {reader.Genuine, "chip", "", nil},
		"swapped-dg":        {reader.NotGenuine, "hashes", "EF.DG1", nil},
		"forged-sod":        {reader.NotGenuine, "signature", "wrong signature", nil},
		"torn-write":        {err: apdu.SWWrongOffset},
		"lying-length":      {err: apdu.SWWrongOffset},
	}
	seen := map[simulator.Fault]bool{}
	for text, w := range want {
		var faults simulator.Faults
		if text != "" {
			if err := faults.ParseFault(text); err != nil {
				t.Fatal(err)
			}
		}
		for fault := range faults {
			seen[fault] = true
		}
		reading, verdict, err := o.inspect(t, power(state, faults), reader.Inspection{Terminal: o.terminal()})
		switch {
		case w.err != nil:
			if !errors.Is(err, w.err) {
				t.Errorf("%s: %v; want %v", text, err, w.err)
			}
		case err != nil:
			t.Errorf("%s: %v", text, err)
		case verdict.Verdict != w.verdict || !strings.Contains(check(t, verdict, w.check).Detail, w.says):
			t.Errorf("%s: %s, %+v", text, verdict.Verdict, check(t, verdict, w.check))
		case reading.Files["EF.DG13"] == nil:
			t.Errorf("%s: not everything was read", text)
		}
	}
	for _, kind := range simulator.FaultKinds() {
		if !seen[kind.Fault] {
			t.Errorf("fault %s has no verdict here", kind.Fault)
		}
	}
}

// A copy is found out by Active Authentication alone too, and by chip authentication mapping alone.
func TestClonesByEachProtocolAlone(t *testing.T) {
	o := newOffice(t)
	cam := secinfo.PACEInfo{Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES128, Version: 2, ParameterID: 13}
	for name, change := range map[string]func(*card.Profile){
		"Active": func(p *card.Profile) { p.ChipAuthentication = nil },
		"RSA": func(p *card.Profile) {
			p.ChipAuthentication, p.ActiveAuthentication = nil, card.ActiveAuthentication{RSABits: 1024, Hash: crypto.SHA256}
		},
		"3DES":    func(p *card.Profile) { p.ChipAuthentication[0].Suites = []sm.Suite{sm.TripleDES} },
		"mapping": func(p *card.Profile) { p.PACE = append(p.PACE, cam) },
		"mapping alone": func(p *card.Profile) {
			*p = card.Profile{Name: "cam", DataGroups: []int{1, 13}, PACE: append(p.PACE, cam)}
		},
	} {
		profile := quick(t)
		change(&profile)
		state, _ := o.issue(t, profile, nil)
		for _, fault := range []simulator.Fault{simulator.Clone, simulator.CloneOwnKeys} {
			reading, verdict, err := o.inspect(t, power(state, simulator.Faults{fault: 1}), reader.Inspection{})
			want := reader.NotGenuine
			if name == "mapping alone" && fault == simulator.Clone {
				want = reader.NotProven // it refuses, as anyone on the way to the card could
			}
			if err != nil || verdict.Verdict != want || check(t, verdict, "chip").Result == reader.Pass {
				t.Errorf("%s, %s: %v, %s, %+v", name, fault, err, verdict.Verdict, reading.Proofs)
			}
		}
	}
}

// A plain command and a secure messaging error end the session and what the terminal has earned; a command that is
// refused for another reason does not.
func TestWhatEndsASession(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), fingers(t))
	dg3 := apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x01, 0x03}}
	for name, c := range map[string]struct {
		disturb func(*simulator.Card, apdu.Sender)
		alive   bool
	}{
		"nothing": {func(*simulator.Card, apdu.Sender) {}, true},
		"a refused command": {func(_ *simulator.Card, s apdu.Sender) {
			s.Send(apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x0F, 0x0F}})
		}, true},
		"a plain command": {func(c *simulator.Card, _ apdu.Sender) { c.Transmit([]byte{0x00, 0xB0, 0x00, 0x00, 0x04}) }, false},
		"a wrong checksum": {func(c *simulator.Card, _ apdu.Sender) {
			c.Transmit([]byte{0x0C, 0xB0, 0, 0, 0x0D, 0x97, 1, 4, 0x8E, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0})
		}, false},
	} {
		chip := power(state, nil)
		var channel apdu.Sender
		i := reader.Inspection{Terminal: o.terminal(), Channel: func(s apdu.Sender) apdu.Sender { channel = s; return s }}
		if _, _, err := o.inspect(t, chip, i); err != nil {
			t.Fatal(err)
		}
		c.disturb(chip, channel)
		resp, err := channel.Send(dg3)
		if alive := err == nil && resp.SW == apdu.SWOK; alive != c.alive {
			t.Errorf("after %s: %v, %v", name, resp.SW, err)
		}
		if c.alive {
			continue
		}
		_, verdict, err := o.inspect(t, chip, reader.Inspection{})
		if err != nil || !strings.Contains(check(t, verdict, "files").Detail, "closed to this terminal: EF.DG3") {
			t.Errorf("after %s the rights live on: %v", name, err)
		}
	}
}

// BAC and PACE are not run in one session, nor either twice (Doc 9303-11, section 4.1).
func TestOneAccessProtocolInASession(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	chip := power(state, nil)
	var channel apdu.Sender
	if _, _, err := o.inspect(t, chip, reader.Inspection{Channel: func(s apdu.Sender) apdu.Sender { channel = s; return s }}); err != nil {
		t.Fatal(err)
	}
	setAT := []byte{0x80, 0x0A, 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, 0x02, 0x02, 0x83, 0x01, 0x01}
	for name, cmd := range map[string]apdu.Command{
		"MSE: Set AT of PACE":   {INS: 0x22, P1: 0xC1, P2: 0xA4, Data: setAT},
		"EXTERNAL AUTHENTICATE": {INS: 0x82, Data: make([]byte, 40), Ne: 40},
	} {
		if resp, err := channel.Send(cmd); err != nil || resp.SW == apdu.SWOK {
			t.Errorf("%s in a session: %v, %v", name, resp.SW, err)
		}
	}
}

// Wrong passwords make the chip slow, over power cuts too; the right one makes it fast again.
func TestWrongPasswordsDelay(t *testing.T) {
	o := newOffice(t)
	state, _ := o.issue(t, quick(t), nil)
	wrong, err := reader.AccessByCAN("000008")
	if err != nil {
		t.Fatal(err)
	}
	right, err := reader.AccessByCAN("000009")
	if err != nil {
		t.Fatal(err)
	}
	kept := state
	var waited []time.Duration
	open := func(access reader.Access) error {
		chip := simulator.NewCard(kept, rand.Reader, func(s simulator.State) error { kept = s; return nil })
		chip.Wait(func(d time.Duration) { waited = append(waited, d) })
		_, _, err := o.inspect(t, chip, reader.Inspection{Access: access})
		return err
	}
	for range 7 {
		if err := open(wrong); !errors.Is(err, reader.ErrAccess) {
			t.Fatalf("a wrong card access number: %v", err)
		}
	}
	if err := open(right); err != nil {
		t.Fatal(err)
	}
	if err := open(right); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(waited); got != "[50ms 100ms 200ms 400ms 800ms 1s 1s]" {
		t.Errorf("waited %s", got)
	}
}

// A reading ends where its context ends, at whichever command that is.
func TestReadingIsInterrupted(t *testing.T) {
	o := newOffice(t)
	profile := quick(t)
	profile.ActiveAuthentication = card.ActiveAuthentication{RSABits: 2048, Hash: crypto.SHA256}
	state, _ := o.issue(t, profile, nil)
	read := func(last int) (sent int, err error) {
		chip := power(state, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		wire := counting{&apdu.Conn{Wire: chip}, func() {
			if sent++; sent == last {
				cancel()
			}
		}}
		_, err = reader.Inspection{Access: byMRZ(t), Rand: rand.Reader, Reset: chip.Reset}.Read(ctx, wire)
		return sent, err
	}
	all, err := read(0)
	if err != nil || all < 20 {
		t.Fatalf("%d commands, %v", all, err)
	}
	for n := 1; n < all; n++ {
		if sent, err := read(n); !errors.Is(err, context.Canceled) || sent != n {
			t.Errorf("cancelled at command %d of %d: %d were sent, %v", n, all, sent, err)
		}
	}
}

// counting calls back before each command.
type counting struct {
	next apdu.Sender
	each func()
}

func (c counting) Send(cmd apdu.Command) (apdu.Response, error) {
	c.each()
	return c.next.Send(cmd)
}

// disturbed is a wire on which somebody changes one answer.
type disturbed struct {
	wire  apdu.Transmitter
	at    int
	how   func([]byte) []byte
	count int
}

func (d *disturbed) Transmit(command []byte) ([]byte, error) {
	answer, err := d.wire.Transmit(command)
	if d.count++; d.count == d.at && err == nil {
		answer = d.how(answer)
	}
	return answer, err
}

// mostCommands bounds a reading: a card that answers with less than it was asked for costs more commands, and none costs
// them without end.
const mostCommands = 10_000

// Whatever a card, or somebody on the way to it, puts in the place of one answer: the reading ends, and is genuine only
// if every file is what was signed.
func FuzzDisturbedReading(f *testing.F) {
	o := newOffice(f)
	state, data := o.issue(f, quick(f), fingers(f))
	signed := map[string][]byte{}
	for _, file := range data.Files {
		signed[file.Name()] = file.Content
	}
	for at := range 45 {
		f.Add(uint8(at), uint8(at), []byte{0x90, 0x00})
	}
	f.Add(uint8(4), uint8(0), []byte{0x6C, 0x10})
	f.Add(uint8(9), uint8(1), []byte{0x61, 0xFF})
	f.Add(uint8(6), uint8(1), []byte{0x31, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x90, 0x00})
	access := byMRZ(f)
	f.Fuzz(func(t *testing.T, at, kind uint8, bytes []byte) {
		chip := power(state, nil)
		wire := &disturbed{wire: chip, at: int(at), how: func(answer []byte) []byte {
			switch {
			case kind%3 == 0 || len(bytes) == 0:
				return bytes
			case kind%3 == 1:
				return append(bytes, answer...)
			}
			changed := append([]byte(nil), answer...)
			for i, b := range bytes {
				changed[(int(kind)+i)%len(changed)] ^= b
			}
			return changed
		}}
		inspection := reader.Inspection{Access: access, Rand: rand.Reader, Reset: chip.Reset, Terminal: o.terminal()}
		reading, err := inspection.Read(t.Context(), &apdu.Conn{Wire: wire})
		if wire.count > mostCommands {
			t.Fatalf("%d commands", wire.count)
		}
		if err != nil || o.judge(reading).Verdict != reader.Genuine {
			return
		}
		for name, content := range reading.Files {
			if name != "EF.ATR/INFO" && string(content) != string(signed[name]) { // that one nobody signs
				t.Fatalf("genuine, and %s is another", name)
			}
		}
	})
}

// A card that answers every command with success and nothing, or with more to come, or whose files never end.
func TestCardsThatNeverEnd(t *testing.T) {
	for name, answer := range map[string][]byte{
		"9000": {0x90, 0x00}, "61FF": {0x61, 0xFF}, "6C01": {0x6C, 0x01}, "6A82": {0x6A, 0x82}, "one byte": {0x31, 0x90, 0x00},
		"more to come": {0x31, 0x61, 0x00}, "a long file": {0x31, 0x83, 0x7F, 0xFF, 0xFF, 0x90, 0x00}, "nothing": {},
	} {
		wire := &constant{answer: answer}
		_, err := reader.Inspection{Access: byMRZ(t), Rand: rand.Reader, Reset: func() error { return nil }}.Read(t.Context(), &apdu.Conn{Wire: wire})
		if err == nil || wire.count > mostCommands {
			t.Errorf("%s: %d commands, %v", name, wire.count, err)
		}
	}
}

type constant struct {
	answer []byte
	count  int
}

func (c *constant) Transmit([]byte) ([]byte, error) {
	c.count++
	return c.answer, nil
}

// A whole reading in process: PACE, Chip, Terminal and Active Authentication, and every file of a card.
func BenchmarkReading(b *testing.B) {
	o := newOffice(b)
	for name, change := range map[string]func(*card.Profile){"PACE": func(*card.Profile) {}, "BAC": func(p *card.Profile) { p.PACE = nil }} {
		profile := quick(b)
		change(&profile)
		state, _ := o.issue(b, profile, fingers(b))
		chip := power(state, nil)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, verdict, err := o.inspect(b, chip, reader.Inspection{Terminal: o.terminal()}); err != nil || verdict.Verdict != reader.Genuine {
					b.Fatal(err, verdict)
				}
				chip.Reset()
			}
		})
	}
}
