package secinfo

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	mathrand "math/rand"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/sm"
)

// someInfos draws a set of SecurityInfos of every kind, those that nobody knows among them.
func someInfos(t *testing.T, r *mathrand.Rand) Infos {
	t.Helper()
	var infos Infos
	suite := func() sm.Suite { return sm.Suite(r.Intn(4)) }
	agreement := func() Agreement { return Agreement(r.Intn(2)) }
	id := func() *int {
		n := r.Intn(300)
		if r.Intn(2) == 0 {
			return nil
		}
		return &n
	}
	for range r.Intn(4) {
		infos.PACE = append(infos.PACE, PACEInfo{Agreement: agreement(), Mapping: Mapping(r.Intn(2)), Suite: suite(), Version: 2, ParameterID: 10 + len(infos.PACE)})
	}
	for range r.Intn(4) {
		infos.ChipAuthentication = append(infos.ChipAuthentication, ChipAuthenticationInfo{Agreement: agreement(), Suite: suite(), Version: 1 + r.Intn(2), KeyID: id()})
	}
	for range r.Intn(3) {
		key, kind := someKey(t, r)
		infos.ChipAuthenticationKeys = append(infos.ChipAuthenticationKeys, ChipAuthenticationPublicKeyInfo{Agreement: kind, Key: key, KeyID: id()})
	}
	if r.Intn(2) == 0 {
		infos.TerminalAuthentication = []TerminalAuthenticationInfo{{Version: 1, EFCVCA: FileID{FID: uint16(r.Intn(2) * 0x0122)}}}
	}
	if r.Intn(2) == 0 {
		infos.ActiveAuthentication = []ActiveAuthenticationInfo{{Version: 1, SignatureAlgorithm: asn1.ObjectIdentifier{1, 2, 3, 1 + r.Intn(40)}}}
	}
	if r.Intn(2) == 0 {
		infos.Directory = []EFDIRInfo{{Content: bytes.Repeat([]byte{0x61}, r.Intn(40))}}
	}
	if r.Intn(2) == 0 {
		raw := []byte{0x30, 0x08, 0x06, 0x03, 0x2A, 0x03, byte(r.Intn(100)), 0x02, 0x01, byte(r.Intn(100))}
		infos.Unknown = []UnknownInfo{{Protocol: asn1.ObjectIdentifier{1, 2, 3, int(raw[6])}, Raw: raw}}
	}
	return infos
}

func someKey(t *testing.T, r *mathrand.Rand) ([]byte, Agreement) {
	t.Helper()
	var key PublicKey
	if r.Intn(2) == 0 {
		curve, err := ec.ByParameterID(10 + r.Intn(9))
		if err != nil {
			t.Fatal(err)
		}
		key = PublicKey{Curve: curve, Point: curve.Generator()}
	} else {
		group, err := dh.ByID(r.Intn(3))
		if err != nil {
			t.Fatal(err)
		}
		private, err := group.DrawPrivate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key.Group = group
		if key.Value, err = group.Exp(group.Generator(), private); err != nil {
			t.Fatal(err)
		}
	}
	form := PublicKey.Explicit
	if r.Intn(2) == 0 {
		form = PublicKey.Standardised
	}
	der, err := form(key)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParsePublicKey(der); err != nil || !bytes.Equal(again.Bytes(), key.Bytes()) {
		t.Fatalf("a key became another: %v", err)
	}
	return der, key.Agreement()
}

// Whatever a chip announces comes out as it went in; what nobody knows survives.
func TestInfosRoundTrip(t *testing.T) {
	r := mathrand.New(mathrand.NewSource(11))
	for n := range 60 {
		want := someInfos(t, r)
		file, err := want.EncodeDG14()
		if err != nil {
			t.Fatalf("%d: %+v: %v", n, want, err)
		}
		got, err := ParseDG14(file)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		lost, _ := want.Missing(got)
		added, _ := got.Missing(want)
		if len(lost)+len(added) > 0 || len(got.Unknown) != len(want.Unknown) {
			t.Fatalf("%d: %+v became %+v", n, want, got)
		}
		if again, err := got.EncodeDG14(); err != nil || !bytes.Equal(again, file) {
			t.Fatalf("%d: encoded again it differs: %v", n, err)
		}
	}
}
