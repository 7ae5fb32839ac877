package card

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// issuance is the youngest specimen's card, with a profile that spoil changes. Her card has no portrait, which a test of
// keys has no use for.
func issuance(t *testing.T, change func(*Profile)) Issuance {
	t.Helper()
	authority, err := pki.NewSpecimenAuthority(rand.Reader, time.Now(), "VN")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := cvc.NewSpecimen(rand.Reader, today)
	if err != nil {
		t.Fatal(err)
	}
	doc := specimenDocument(t, "le-mau-nhi")
	profile, err := ProfileNamed(doc.Profile)
	if err != nil {
		t.Fatal(err)
	}
	change(&profile)
	return Issuance{Document: doc, Profile: profile, Signer: cms.Signer{Certificate: authority.DocumentSigner.Raw, Key: authority.DocumentSignerKey},
		CVCA: []*cvc.Certificate{chain.CVCA.Certificate}, At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Rand: rand.Reader}
}

func issue(t *testing.T, i Issuance) perso.Data {
	t.Helper()
	data, err := Issue(i)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The EF.CardAccess that several readers of the field have written down for cards of Viet Nam.
const fieldCardAccess = "3134" + "300d060804007f0007020202020101" + "300f060a04007f00070202030202020101" + "3012060a04007f0007020204020202010202010d"

func TestFilesOfTheVietnameseProfile(t *testing.T) {
	data := issue(t, issuance(t, func(*Profile) {}))
	access, _ := data.File(fileOf("EF.CardAccess"))
	if got := hex.EncodeToString(access); got != fieldCardAccess {
		t.Errorf("EF.CardAccess: %s", got)
	}
	content, _ := data.File(fileOf("EF.DG14"))
	signed, err := secinfo.ParseDG14(content)
	if err != nil {
		t.Fatal(err)
	}
	shown, err := secinfo.Parse(access)
	if err != nil {
		t.Fatal(err)
	}
	if missing, err := shown.Missing(signed); err != nil || len(missing) > 0 {
		t.Errorf("EF.DG14 lacks what EF.CardAccess says: %x, %v", missing, err)
	}
	key, err := eac.ParsePrivateKey(data.ChipAuthentication[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	there, err := signed.ChipAuthenticationKeys[0].PublicKey()
	if err != nil || !bytes.Equal(there.Bytes(), public.Bytes()) || there.Curve.Name() != "brainpoolP256r1" {
		t.Errorf("EF.DG14 does not hold the chip's key: %v", err)
	}
	dg15, _ := data.File(fileOf("EF.DG15"))
	if publicKey, err := activeauth.ParseDG15(dg15); err != nil {
		t.Error(err)
	} else if long, err := activeauth.NeedsExtended(publicKey); err != nil || !long {
		t.Errorf("the signing key is not RSA-2048: %v", err)
	}
	if string(data.CAN) != "000009" || len(data.MRZ) != 20 || data.CurrentDate != "2026-11-20" || data.ActiveAuthentication.Hash != 32 {
		t.Error("passwords, date or hash are other ones")
	}
	cvca, _ := data.File(fileOf("EF.CVCA"))
	if references, err := cvc.ParseFile(cvca); err != nil || references[0] != "VNSPECCVCA00001" {
		t.Errorf("EF.CVCA: %v, %v", references, err)
	}
	if point, err := cvc.ParseTrustPoint(data.TrustPoints[0]); err != nil || point.Holder != "VNSPECCVCA00001" {
		t.Errorf("trust point: %v", err)
	}
	sod, _ := data.File(fileOf("EF.SOD"))
	parsed, err := lds.ParseSOD(sod)
	if err != nil || len(parsed.SecurityObject.Hashes) != 4 || !parsed.SecurityObject.Matches(14, content) || !parsed.SecurityObject.Matches(15, dg15) {
		t.Errorf("EF.SOD covers %v, %v", parsed.SecurityObject.DataGroups(), err)
	}
}

// Two cards have no key in common.
func TestEveryChipHasKeysOfItsOwn(t *testing.T) {
	i := issuance(t, func(p *Profile) {
		p.ActiveAuthentication = ActiveAuthentication{ParameterID: 12, Hash: crypto.SHA256}
		p.PACE = append(p.PACE, secinfo.PACEInfo{Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES128, Version: 2, ParameterID: 13})
	})
	a, b := issue(t, i), issue(t, i)
	for name, pair := range map[string][2]perso.Secret{
		"chip": {a.ChipAuthentication[0].Key, b.ChipAuthentication[0].Key}, "mapping": {a.Mapping[0], b.Mapping[0]},
		"active": {a.ActiveAuthentication.Key, b.ActiveAuthentication.Key}, "mapping and chip": {a.Mapping[0], a.ChipAuthentication[0].Key},
	} {
		if len(pair[0]) == 0 || bytes.Equal(pair[0], pair[1]) {
			t.Errorf("%s: one key twice", name)
		}
	}
}

func TestProfilesOfOtherKinds(t *testing.T) {
	several := issue(t, issuance(t, func(p *Profile) {
		p.BAC, p.CAN, p.TerminalAuthentication = false, false, false
		p.ChipAuthentication = []ChipAuthentication{{13, []sm.Suite{sm.AES128, sm.AES256}}, {1, []sm.Suite{sm.TripleDES}}}
		p.ActiveAuthentication = ActiveAuthentication{ParameterID: 13, Hash: crypto.SHA384}
	}))
	content, _ := several.File(fileOf("EF.DG14"))
	infos, err := secinfo.ParseDG14(content)
	if err != nil || len(infos.ChipAuthentication) != 3 || len(infos.ChipAuthenticationKeys) != 2 || infos.ChipAuthenticationKeys[1].KeyID == nil {
		t.Errorf("keys in EF.DG14: %+v, %v", infos.ChipAuthentication, err)
	}
	if hash, err := activeauth.HashOf(infos.ActiveAuthentication[0].SignatureAlgorithm); err != nil || hash != crypto.SHA384 {
		t.Errorf("hash %v, %v", hash, err)
	}
	if len(several.BACSeed)+len(several.CAN)+len(several.TrustPoints) > 0 {
		t.Error("the chip has what its profile does not name")
	}
	plain := issue(t, issuance(t, func(p *Profile) { *p = Profile{Name: "plain", DataGroups: []int{1, 13}, BAC: true} }))
	for _, name := range []string{"EF.CardAccess", "EF.CardSecurity", "EF.DG14", "EF.DG15", "EF.CVCA"} {
		if _, there := plain.File(fileOf(name)); there {
			t.Errorf("a card with BAC alone has %s", name)
		}
	}
}

// EF.CardSecurity holds the key of chip authentication mapping under the identifier of its domain parameters, and is
// signed.
func TestCardSecurity(t *testing.T) {
	i := issuance(t, func(p *Profile) {
		p.ActiveAuthentication = ActiveAuthentication{}
		p.PACE = append(p.PACE, secinfo.PACEInfo{Mapping: secinfo.ChipAuthenticationMapping, Suite: sm.AES256, Version: 2, ParameterID: 16})
	})
	data := issue(t, i)
	content, _ := data.File(fileOf("EF.CardSecurity"))
	security, err := lds.ParseCardSecurity(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := security.SignedData.Verify(i.Signer.Certificate); err != nil {
		t.Error(err)
	}
	keys := security.Infos.ChipAuthenticationKeys
	if len(keys) != 1 || keys[0].KeyID == nil || *keys[0].KeyID != 16 || len(security.Infos.PACE) != 2 {
		t.Errorf("%+v", security.Infos)
	}
	content[len(content)-1] ^= 1
	if security, err := lds.ParseCardSecurity(content); err == nil && security.SignedData.Verify(i.Signer.Certificate) == nil {
		t.Error("a changed signature verifies")
	}
}

func TestFingerprintsNeedACVCA(t *testing.T) {
	i := issuance(t, func(p *Profile) { p.ActiveAuthentication = ActiveAuthentication{} })
	i.Fingerprints = []byte{0x63, 0}
	if data := issue(t, i); !bytes.Equal(must(data.File(fileOf("EF.DG3"))), i.Fingerprints) {
		t.Error("EF.DG3 is not on the chip")
	}
	i.CVCA = nil
	if _, err := Issue(i); !errors.Is(err, ErrNoCVCA) {
		t.Errorf("fingerprints that nobody could read: %v", err)
	}
	i.Fingerprints = nil
	data := issue(t, i)
	if _, there := data.File(fileOf("EF.CVCA")); there || len(data.TrustPoints) > 0 || data.CurrentDate != "" {
		t.Error("the chip trusts somebody")
	}
	if _, err := cvc.NewSpecimen(bytes.NewReader(nil), date.Date{Year: 2026, Month: 1, Day: 1}); err == nil {
		t.Error("a chain without randomness")
	}
}

func must(b []byte, _ bool) []byte { return b }
