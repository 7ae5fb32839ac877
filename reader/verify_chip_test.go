package reader

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// What a chip has proven counts if the key stands under a trusted signature, and what was promised must be there.
func TestChipThatWasPromised(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	good := issued(t, "le-mau-nhi", a, at)
	failure, unable := Proof{Failed, "no key"}, Proof{Impossible, "needs extended length"}
	for name, c := range map[string]struct {
		spoil func(*Reading)
		trust pki.Trust
		want  Result
		says  string
		judge Authenticity
	}{
		"both proven":            {func(*Reading) {}, trustIn(a), Pass, "Chip Authentication; Active Authentication", Genuine},
		"Chip failed":            {func(r *Reading) { r.Proofs.Chip = failure }, trustIn(a), Fail, "no key", NotGenuine},
		"Active failed":          {func(r *Reading) { r.Proofs.Active = failure }, trustIn(a), Fail, "no key", NotGenuine},
		"Active impossible":      {func(r *Reading) { r.Proofs.Active = unable }, trustIn(a), Pass, "Active Authentication unknown: needs extended length", Genuine},
		"Active not run":         {func(r *Reading) { r.Proofs.Active = Proof{} }, trustIn(a), Pass, "was not run", Genuine},
		"nothing run":            {func(r *Reading) { r.Proofs = Proofs{} }, trustIn(a), Unknown, "was not run", NotProven},
		"a chip without DG15":    {func(r *Reading) { delete(r.Files, "EF.DG15") }, trustIn(a), Fail, "EF.DG15 was signed, and the chip does not have it", NotGenuine},
		"a chip without DG14":    {func(r *Reading) { delete(r.Files, "EF.DG14") }, trustIn(a), Fail, "EF.DG14 was signed", NotGenuine},
		"a folder without DG15":  {func(r *Reading) { r.Stored = true; delete(r.Files, "EF.DG15") }, trustIn(a), Pass, "nobody trusted vouches", NotProven},
		"a stored reading":       {func(r *Reading) { r.Stored = true }, trustIn(a), Pass, "as the stored reading says", Genuine},
		"an authority not known": {func(*Reading) {}, trustIn(stranger), Unknown, "nobody trusted vouches", NotProven},
	} {
		r := good.copy()
		c.spoil(&r)
		v := Verify(r, c.trust, at)
		got := checkOf(t, v, "chip")
		if v.Verdict != c.judge || got.Result != c.want || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %s, %s (%s); want %s, %s", name, v.Verdict, got.Result, got.Detail, c.judge, c.want)
		}
	}
}

// EF.CardAccess, or its absence, is compared with what was signed.
func TestDowngrade(t *testing.T) {
	a := newAuthority(t)
	good := issued(t, "le-mau-nhi", a, at)
	byBAC := func(r *Reading) { r.Access, r.How = "BAC", howBAC }
	weak, err := secinfo.Infos{PACE: []secinfo.PACEInfo{{Suite: sm.TripleDES, Version: 2, ParameterID: 13}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*Reading)
		want  Result
		says  string
		judge Authenticity
	}{
		"PACE":             {func(*Reading) {}, Pass, "PACE by the MRZ", Genuine},
		"BAC":              {byBAC, Fail, "issued with PACE (PACE-ECDH-GM with AES-128 on brainpoolP256r1), and Basic Access Control was used", NotProven},
		"hidden":           {func(r *Reading) { byBAC(r); delete(r.Files, "EF.CardAccess") }, Fail, "no EF.CardAccess offered it", NotProven},
		"PACE failed":      {func(r *Reading) { byBAC(r); r.Fallback = "PACE: refused" }, Fail, "(PACE: refused)", NotProven},
		"another":          {func(r *Reading) { r.Files["EF.CardAccess"] = weak }, Fail, "holds what was not signed", NotProven},
		"none of it":       {func(r *Reading) { r.Files["EF.CardAccess"] = []byte{0x31, 0} }, Fail, "lacks a way of PACE", NotProven},
		"broken":           {func(r *Reading) { r.Files["EF.CardAccess"] = []byte{0x31} }, Fail, "cannot be read", NotProven},
		"DG14 not shown":   {func(r *Reading) { r.Stored = true; delete(r.Files, "EF.DG14") }, Unknown, "confirms EF.CardAccess", NotProven},
		"access not known": {func(r *Reading) { r.How = "" }, Unknown, "does not say", NotProven},
	} {
		r := good.copy()
		c.spoil(&r)
		v := Verify(r, trustIn(a), at)
		got := checkOf(t, v, "access")
		if v.Verdict != c.judge || got.Result != c.want || !strings.Contains(got.Detail, c.says) {
			t.Errorf("%s: %s, %s (%s); want %s, %s", name, v.Verdict, got.Result, got.Detail, c.judge, c.want)
		}
		allowed := Policy{Trust: trustIn(a), AllowDowngrade: true}.Verify(r, at)
		if result := checkOf(t, allowed, "access").Result; c.want == Fail && (allowed.Verdict != Genuine || result != Weak) {
			t.Errorf("%s, allowed: %s, %s", name, allowed.Verdict, result)
		}
	}
	forged := good.copy()
	if forged.Files["EF.CardSecurity"], err = lds.SignCardSecurity(secinfo.Infos{PACE: []secinfo.PACEInfo{{Suite: sm.AES128, Version: 2, ParameterID: 13}}}, signerOf(a), at); err != nil {
		t.Fatal(err)
	}
	if v := Verify(forged, trustIn(a), at); checkOf(t, v, "access").Result != Fail { // it says less than EF.CardAccess
		t.Errorf("an EF.CardSecurity of another card: %+v", checkOf(t, v, "access"))
	}
	forged.Files["EF.CardSecurity"][len(forged.Files["EF.CardSecurity"])-1] ^= 1
	if v := (Policy{Trust: trustIn(a), AllowDowngrade: true}).Verify(forged, at); v.Verdict == Genuine {
		t.Errorf("a false signature of EF.CardSecurity was allowed: %+v", v)
	}
	if v := Verify(withoutKeys(t, good, a), trustIn(a), at); checkOf(t, v, "access").Result != Pass {
		t.Errorf("a card that was issued with BAC alone: %+v", v)
	}
}

// A key of chip authentication mapping counts if EF.CardSecurity was signed by a trusted document signer, and by nobody
// else, and a strange signature there makes PACE worth nothing.
func TestMappingUnderCardSecurity(t *testing.T) {
	a, forger := newAuthority(t), newAuthority(t)
	base := issued(t, "le-mau-nhi", a, at)
	r := withoutKeys(t, base, a)
	r.Access, r.How = "PACE", "PACE-ECDH-CAM"
	infos := secinfo.Infos{PACE: []secinfo.PACEInfo{
		{Suite: sm.AES128, Version: 2, ParameterID: 13}, {Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES128, Version: 2, ParameterID: 13}}}
	var err error
	if r.Files["EF.CardAccess"], err = infos.Encode(); err != nil {
		t.Fatal(err)
	}
	key, err := eac.GenerateKey(13, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := public.Standardised()
	if err != nil {
		t.Fatal(err)
	}
	id := 13
	infos.ChipAuthenticationKeys = []secinfo.ChipAuthenticationPublicKeyInfo{{Key: encoded, KeyID: &id}}
	security := func(by *pki.Authority) []byte {
		file, err := lds.SignCardSecurity(infos, signerOf(by), at)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	flipped := security(a)
	flipped[len(flipped)-1] ^= 1
	proven := Proof{Proven, "PACE with chip authentication mapping"}
	for name, c := range map[string]struct {
		file         []byte
		proof        Proof
		access, chip Result
		judge        Authenticity
	}{
		"proven":                   {security(a), proven, Pass, Pass, Genuine},
		"a copy":                   {security(a), Proof{Failed, "no key"}, Pass, Fail, NotGenuine},
		"signed by a forger":       {security(forger), proven, Unknown, Unknown, NotProven},
		"with a changed signature": {flipped, proven, Fail, Unknown, NotProven},
		"that is none":             {bytes.Repeat([]byte{0x30}, 9), proven, Fail, Unknown, NotProven},
	} {
		changed := r.copy()
		changed.Files["EF.CardSecurity"], changed.Proofs.Mapping = c.file, c.proof
		v := Verify(changed, trustIn(a), at)
		access, chip := checkOf(t, v, "access"), checkOf(t, v, "chip")
		if v.Verdict != c.judge || access.Result != c.access || chip.Result != c.chip {
			t.Errorf("EF.CardSecurity %s: %s, access %s (%s), chip %s (%s)", name, v.Verdict, access.Result, access.Detail, chip.Result, chip.Detail)
		}
	}
}

// A file that was signed and is of a kind that this program does not know makes no card false, and proves nothing.
func TestSignedFileOfAnUnknownKind(t *testing.T) {
	a := newAuthority(t)
	r := issued(t, "le-mau-nhi", a, at)
	r.Files["EF.DG15"] = []byte{0x6F, 2, 0x30, 0}
	resign(t, &r, signerOf(a), at)
	if v := Verify(r, trustIn(a), at); v.Verdict != NotProven || checkOf(t, v, "files").Result != Unknown {
		t.Errorf("%s, %+v", v.Verdict, checkOf(t, v, "files"))
	}
	r.Files["EF.DG15"] = []byte{0x6F, 2, 0x31, 0}
	if v := Verify(r, trustIn(a), at); v.Verdict != NotGenuine || checkOf(t, v, "files").Result != Fail {
		t.Errorf("not as it was signed: %s, %+v", v.Verdict, checkOf(t, v, "files"))
	}
}
