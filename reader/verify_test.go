package reader

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
)

// at is when the specimens are signed and judged.
var at = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func newAuthority(t testing.TB) *pki.Authority {
	t.Helper()
	a, err := pki.NewSpecimenAuthority(rand.Reader, at.AddDate(0, 0, -1), "VN")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func signerOf(a *pki.Authority) cms.Signer {
	return cms.Signer{Certificate: a.DocumentSigner.Raw, Key: a.DocumentSignerKey}
}

func trustIn(a *pki.Authority) pki.Trust { return pki.Trust{Anchors: []pki.Certificate{a.CSCA}} }

// issued gives the reading of a specimen's card, as it was signed at the given time.
func issued(t testing.TB, name string, a *pki.Authority, signed time.Time) Reading {
	t.Helper()
	raw, err := specimen.Record(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := card.ParseRecord(raw)
	if err != nil {
		t.Fatal(err)
	}
	doc = doc.Complete()
	var photo []byte
	if doc.Portrait != "" {
		file, err := fs.ReadFile(specimen.Files(), doc.Portrait)
		if err != nil {
			t.Fatal(err)
		}
		fit, err := portrait.Fit(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		photo = fit.Chip
	}
	profile, err := card.ProfileNamed(doc.Profile)
	if err != nil {
		t.Fatal(err)
	}
	profile.ActiveAuthentication = card.ActiveAuthentication{ParameterID: 12, Hash: crypto.SHA256} // made faster than RSA
	data, err := card.Issue(card.Issuance{Document: doc, Profile: profile, Portrait: photo, Signer: signerOf(a), At: signed, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	r := Reading{Access: "PACE", How: "PACE by the MRZ", Files: map[string][]byte{},
		Proofs: Proofs{Chip: Proof{Proven, "Chip Authentication"}, Active: Proof{Proven, "Active Authentication"}}}
	for _, f := range data.Files {
		r.Files[f.Name()] = f.Content
	}
	return r
}

// withoutKeys gives the reading of a card that was issued with Basic Access Control and no keys of its own.
func withoutKeys(t testing.TB, r Reading, a *pki.Authority) Reading {
	t.Helper()
	r = r.copy()
	for _, name := range []string{"EF.CardAccess", "EF.DG14", "EF.DG15"} {
		delete(r.Files, name)
	}
	r.Access, r.How, r.Proofs = "BAC", howBAC, Proofs{}
	resign(t, &r, signerOf(a), at)
	com := lds.COM{LDSVersion: "0107", UnicodeVersion: "040000"}
	sod, err := lds.ParseSOD(r.Files["EF.SOD"])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sod.SecurityObject.DataGroups() {
		file, _ := lds.DataGroup(n)
		com.Tags = append(com.Tags, file.Tag)
	}
	if r.Files["EF.COM"], err = com.Encode(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r Reading) copy() Reading {
	r.Files = maps.Clone(r.Files)
	return r
}

func checkOf(t testing.TB, v Verdict, name string) Check {
	t.Helper()
	for _, c := range v.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %s", name)
	return Check{}
}

func TestGenuineCards(t *testing.T) {
	a := newAuthority(t)
	for name, status := range map[string]Status{"dang-dinh-mau": Valid, "nguyen-thi-mau": Valid, "le-mau-nhi": Valid} {
		r := issued(t, name, a, at)
		v := Verify(r, trustIn(a), at)
		if v.Verdict != Genuine || v.Status != status || !v.Specimen {
			t.Errorf("%s: %+v", name, v)
		}
		v = Verify(withoutKeys(t, r, a), trustIn(a), at)
		if c := checkOf(t, v, "chip"); v.Verdict != Genuine || c.Result != Absent || !strings.Contains(c.Detail, "a copy is not excluded") {
			t.Errorf("%s: %s, %+v", name, v.Verdict, c)
		}
	}
	names := "access files hashes signature chain validity revocation chip"
	var got []string
	for _, c := range Verify(Reading{}, pki.Trust{}, at).Checks {
		got = append(got, c.Name)
	}
	if strings.Join(got, " ") != names {
		t.Errorf("checks %v", got)
	}
}

// An expired card is genuine all the same; a card without expiry never expires.
func TestStatusStandsApart(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct {
		name string
		now  time.Time
		want Status
	}{
		{"dang-dinh-mau", time.Date(2040, 3, 15, 23, 0, 0, 0, time.UTC), Valid},
		{"dang-dinh-mau", time.Date(2040, 3, 16, 0, 0, 0, 0, time.UTC), Expired},
		{"nguyen-thi-mau", time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC), Valid},
	} {
		v := Verify(issued(t, c.name, a, at), trustIn(a), c.now)
		if v.Status != c.want || v.Verdict != Genuine {
			t.Errorf("%s on %s: %s, %s", c.name, c.now, v.Verdict, v.Status)
		}
	}
	unsigned := issued(t, "dang-dinh-mau", a, at)
	delete(unsigned.Files, "EF.SOD")
	if v := Verify(unsigned, trustIn(a), at); v.Status != StatusUnknown {
		t.Errorf("a date that nobody signed: %s", v.Status)
	}
	if v := Verify(Reading{}, pki.Trust{}, at); v.Status != StatusUnknown || v.Verdict != NotProven {
		t.Errorf("an empty reading: %s, %s", v.Verdict, v.Status)
	}
}

func TestCardsThatAreNot(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	good := issued(t, "dang-dinh-mau", a, at)
	second := issued(t, "nguyen-thi-mau", a, at)
	for name, c := range map[string]struct {
		spoil func(*Reading)
		trust pki.Trust
		check string
		want  Result
		says  string
		judge Authenticity
	}{
		"no anchor":             {func(*Reading) {}, trustIn(other), "chain", Unknown, "no trust anchor", NotProven},
		"no EF.SOD":             {func(r *Reading) { delete(r.Files, "EF.SOD") }, trustIn(a), "files", Unknown, "EF.SOD is missing", NotProven},
		"no EF.COM":             {func(r *Reading) { delete(r.Files, "EF.COM") }, trustIn(a), "files", Unknown, "EF.COM is missing", NotProven},
		"no DG2":                {func(r *Reading) { delete(r.Files, "EF.DG2") }, trustIn(a), "files", Unknown, "EF.DG2: in EF.SOD", NotProven},
		"another holder's DG1":  {func(r *Reading) { r.Files["EF.DG1"] = second.Files["EF.DG1"] }, trustIn(a), "hashes", Fail, "EF.DG1", NotGenuine},
		"another holder's DG2":  {func(r *Reading) { r.Files["EF.DG2"] = second.Files["EF.DG2"] }, trustIn(a), "hashes", Fail, "EF.DG2", NotGenuine},
		"another card's EF.SOD": {func(r *Reading) { r.Files["EF.SOD"] = second.Files["EF.SOD"] }, trustIn(a), "hashes", Fail, "", NotGenuine},
		"a data group beside":   {func(r *Reading) { r.Files["EF.DG11"] = []byte{0x6B, 0} }, trustIn(a), "files", Fail, "EF.DG11", NotGenuine},
		"EF.SOD that is none":   {func(r *Reading) { r.Files["EF.SOD"] = []byte{0x77, 0} }, trustIn(a), "files", Fail, "", NotGenuine},
		"DG1 that is none":      {func(r *Reading) { r.Files["EF.DG1"] = []byte{0x61, 0} }, trustIn(a), "files", Fail, "EF.DG1", NotGenuine},
		"access not recorded":   {func(r *Reading) { r.Access = "" }, trustIn(a), "access", Unknown, "", NotProven},
		"a hidden DG2": {func(r *Reading) {
			delete(r.Files, "EF.DG2")
			r.Closed = []string{"EF.DG2"}
		}, trustIn(a), "files", Unknown, "EF.DG2: in EF.SOD", NotProven},
		"a closed DG3": {func(r *Reading) { r.Closed = []string{"EF.DG3"} }, trustIn(a), "files", Pass, "closed to this terminal: EF.DG3", Genuine},
	} {
		r := good.copy()
		c.spoil(&r)
		v := Verify(r, c.trust, at)
		got := checkOf(t, v, c.check)
		if v.Verdict != c.judge || got.Result != c.want || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %s, %s %s (%s); want %s, %s", name, v.Verdict, got.Name, got.Result, got.Detail, c.judge, c.want)
		}
	}
}

// A data group listed in EF.COM that EF.SOD does not sign is no part of the document.
func TestComListsMoreThanWasSigned(t *testing.T) {
	a := newAuthority(t)
	r := issued(t, "le-mau-nhi", a, at)
	com, err := lds.COM{LDSVersion: "0107", UnicodeVersion: "040000", Tags: []byte{0x61, 0x6B, 0x6D, 0x6E, 0x6F}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	r.Files["EF.COM"] = com
	if v := Verify(r, trustIn(a), at); v.Verdict != NotGenuine || checkOf(t, v, "files").Result != Fail {
		t.Errorf("%+v", v)
	}
}

// resign makes a new EF.SOD over the files as they stand.
func resign(t testing.TB, r *Reading, signer cms.Signer, when time.Time) {
	t.Helper()
	groups := map[int][]byte{}
	for name, content := range r.Files {
		if file, _ := lds.ByName(name); file.DataGroup > 0 {
			groups[file.DataGroup] = content
		}
	}
	old, err := lds.ParseSOD(r.Files["EF.SOD"])
	if err != nil {
		t.Fatal(err)
	}
	sod, err := lds.SignSOD(lds.Digest(old.SecurityObject.Hash, groups), signer, when)
	if err != nil {
		t.Fatal(err)
	}
	r.Files["EF.SOD"] = sod
}

// A forger signs changed data with a key of his own, under certificates of the same names.
func TestForgedSignature(t *testing.T) {
	a, forger := newAuthority(t), newAuthority(t)
	r := issued(t, "le-mau-nhi", a, at)
	r.Files["EF.DG13"] = issued(t, "nguyen-thi-mau", a, at).Files["EF.DG13"]
	resign(t, &r, signerOf(forger), at)
	if v := Verify(r, trustIn(a), at); v.Verdict == Genuine || checkOf(t, v, "chain").Result == Pass {
		t.Errorf("%+v", v)
	}
	// With the true certificate inside and another key, not even the library signs; splice the signatures instead.
	stolen := issued(t, "le-mau-nhi", a, at)
	swapped := bytes.Replace(r.Files["EF.SOD"], forger.DocumentSigner.Raw, a.DocumentSigner.Raw, 1)
	stolen.Files["EF.SOD"] = swapped
	if v := Verify(stolen, trustIn(a), at); v.Verdict == Genuine {
		t.Errorf("another's signature under the true certificate: %+v", v)
	}
}

func TestSignedOutsideTheKeyPeriod(t *testing.T) {
	a := newAuthority(t)
	for _, signed := range []time.Time{at.AddDate(0, 4, 0), at.AddDate(0, -1, 0)} {
		v := Verify(issued(t, "le-mau-nhi", a, signed), trustIn(a), at)
		if v.Verdict != NotProven || checkOf(t, v, "validity").Result != Fail {
			t.Errorf("signed on %s: %s %+v", signed, v.Verdict, checkOf(t, v, "validity"))
		}
	}
	v := Verify(issued(t, "le-mau-nhi", a, at), trustIn(a), at.AddDate(-1, 0, 0))
	if v.Verdict != NotProven || checkOf(t, v, "validity").Result != Fail {
		t.Errorf("judged before the certificates are valid: %+v", v)
	}
}

// Whatever byte of a signed file or of EF.SOD is changed, the card is not genuine.
func TestEveryFlippedByte(t *testing.T) {
	a := newAuthority(t)
	good := issued(t, "le-mau-nhi", a, at)
	for _, name := range []string{"EF.DG1", "EF.DG13", "EF.SOD"} {
		for i := range good.Files[name] {
			r := good.copy()
			r.Files[name] = bytes.Clone(good.Files[name])
			r.Files[name][i] ^= 1 << (i % 8)
			if v := Verify(r, trustIn(a), at); v.Verdict == Genuine {
				t.Errorf("byte %d of %s changed: %+v", i, name, v)
			}
		}
	}
}

func TestDocumentOfAReading(t *testing.T) {
	a := newAuthority(t)
	r := issued(t, "dang-dinh-mau", a, at)
	doc, err := r.Document(at)
	if err != nil || doc.FullName != "Đặng Đình Mẫu" || doc.Sex != card.Male || doc.Nationality != "VNM" || doc.Mother.FullName != "Trần Thị Mẫu" {
		t.Errorf("%+v, %v", doc, err)
	}
	if !bytes.HasPrefix(r.Portrait(), []byte{0xFF, 0xD8, 0xFF}) {
		t.Error("no portrait")
	}
	delete(r.Files, "EF.DG13")
	doc, err = r.Document(at)
	if err != nil || doc.FullName != "DANG DINH MAU" || doc.PersonalNumber != "000200000013" || doc.DateOfBirth.String() != "2000-03-15" {
		t.Errorf("by the zone: %+v, %v", doc, err)
	}
	if _, err := (Reading{}).Document(at); err == nil {
		t.Error("a document out of nothing")
	}
}

func TestStoredReading(t *testing.T) {
	a := newAuthority(t)
	r := issued(t, "dang-dinh-mau", a, at)
	r.Closed = []string{"EF.DG3"}
	folder := t.TempDir() + "/reading"
	for range 2 { // the second replaces the first
		if err := r.Save(folder); err != nil {
			t.Fatal(err)
		}
	}
	back, err := Load(folder)
	if err != nil || back.Access != "PACE" || back.How != r.How || back.Proofs != r.Proofs || fmt.Sprint(back.Closed) != "[EF.DG3]" || !maps.EqualFunc(back.Files, r.Files, bytes.Equal) {
		t.Errorf("%v, %v", back.Closed, err)
	}
	other := issued(t, "le-mau-nhi", a, at)
	if err := other.Save(folder); !errors.Is(err, ErrOtherReading) {
		t.Errorf("another card's reading was overwritten: %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a stored reading") {
		t.Errorf("an empty folder: %v", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	a := newAuthority(b)
	r := issued(b, "dang-dinh-mau", a, at)
	for b.Loop() {
		if v := Verify(r, trustIn(a), at); v.Verdict != Genuine {
			b.Fatal(v)
		}
	}
}

func FuzzVerify(f *testing.F) {
	a := newAuthority(f)
	r := issued(f, "le-mau-nhi", a, at)
	f.Add(r.Files["EF.COM"], r.Files["EF.DG1"], r.Files["EF.DG13"], r.Files["EF.DG14"], r.Files["EF.SOD"], r.Files["EF.CardAccess"], r.Files["EF.SOD"])
	f.Fuzz(func(t *testing.T, com, dg1, dg13, dg14, sod, access, security []byte) {
		changed := r.copy()
		for name, content := range map[string][]byte{"EF.COM": com, "EF.DG1": dg1, "EF.DG13": dg13, "EF.DG14": dg14, "EF.SOD": sod,
			"EF.CardAccess": access, "EF.CardSecurity": security} {
			changed.Files[name] = content
		}
		v := Verify(changed, trustIn(a), at)
		signed := bytes.Equal(dg1, r.Files["EF.DG1"]) && bytes.Equal(dg13, r.Files["EF.DG13"]) && bytes.Equal(dg14, r.Files["EF.DG14"]) &&
			bytes.Equal(sod, r.Files["EF.SOD"])
		if v.Verdict == Genuine && !signed {
			t.Fatalf("genuine: %+v", v)
		}
		changed.Document(at)
	})
}

func ExampleVerify() {
	reading, err := Load("testdata/none")
	fmt.Println(err != nil)
	verdict := Verify(reading, pki.Trust{}, at)
	fmt.Println(verdict.Verdict, verdict.Status)
	fmt.Println(verdict.Checks[1].Name, verdict.Checks[1].Result, verdict.Checks[1].Detail)
	// Output:
	// true
	// not-proven unknown
	// files unknown EF.SOD is missing: nothing on this card is signed
}
