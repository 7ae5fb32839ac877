package cvc

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
)

// A chip's rules, one by one.
func TestTrustRefuses(t *testing.T) {
	all := issued(t)
	root, err := Root(all[0].certificate)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() *Trust { return &Trust{Points: []TrustPoint{root}, Date: day(t, "2025-06-01")} }
	dv, err := fresh().Import(all[1].certificate, root)
	if err != nil {
		t.Fatal(err)
	}
	late := fresh()
	late.Date = day(t, "2028-01-01")
	under := func(c Certificate, signer int) *Certificate {
		return sign(t, c, all[signer].key, rand.Reader)
	}
	again := *all[1].certificate
	again.PublicKey.Curve = root.PublicKey.Curve
	terminalByCVCA, deputy, other := again, again, again
	terminalByCVCA.Authorization = InspectionAuthorization(Terminal, ReadDG3)
	deputy.Authority, deputy.Holder = "VNDV00001", "VNDV00002"
	other.Authority = "VNCVCA00009"
	forged := *all[1].certificate
	forged.Signature = bytes.Clone(forged.Signature)
	forged.Signature[5] ^= 1
	withCurve := *all[1].certificate
	withCurve.PublicKey.Curve = root.PublicKey.Curve
	for name, test := range map[string]struct {
		trust  *Trust
		c      *Certificate
		issuer TrustPoint
		want   error
	}{
		"forged":                            {fresh(), &forged, root, ErrSignature},
		"expired":                           {late, all[1].certificate, root, ErrExpired},
		"a terminal under the CVCA":         {fresh(), under(terminalByCVCA, 0), root, ErrIssuer},
		"a document verifier under another": {fresh(), under(deputy, 1), dv, ErrIssuer},
		"another authority":                 {fresh(), under(other, 0), root, ErrIssuer},
		"domain parameters of its own":      {fresh(), &withCurve, root, ErrIssuer},
		"the trust point itself":            {fresh(), all[0].certificate, root, ErrKnown},
	} {
		before := test.trust.Date
		if _, err := test.trust.Import(test.c, test.issuer); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if test.trust.Date != before || len(test.trust.Points) != 1 {
			t.Errorf("%s: what was refused changed the chip", name)
		}
	}
	if _, err := Root(all[1].certificate); !errors.Is(err, ErrIssuer) {
		t.Errorf("a document verifier as a trust point: %v", err)
	}
}

// Each right must stand in every certificate; reserved bits give none.
func TestRightsAreWhatAllCertificatesHave(t *testing.T) {
	for _, test := range []struct{ cvca, dv, terminal, want Rights }{
		{3, 3, 3, 3}, {3, 3, 1, 1}, {3, 1, 3, 1}, {1, 3, 3, 1}, {3, 2, 1, 0}, {0, 3, 3, 0}, {2, 2, 2, 2},
	} {
		effective := InspectionAuthorization(Terminal, test.terminal).
			under(InspectionAuthorization(DomesticDV, test.dv).under(InspectionAuthorization(CVCA, test.cvca)))
		if effective.Rights() != test.want || effective.Role() != Terminal {
			t.Errorf("%v: %v of a %v", test, effective.Rights(), effective.Role())
		}
	}
	all := Authorization{InspectionSystem, []byte{0x3F}}
	if all.Rights() != ReadDG3|ReadDG4 {
		t.Errorf("reserved bits: %v", all.Rights())
	}
}

// The date moves on with certificates of CVCA and document verifiers, and with terminals of domestic ones only.
func TestCurrentDate(t *testing.T) {
	all := issued(t)
	root, err := Root(all[0].certificate)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		role Role
		want string
	}{{DomesticDV, "2026-02-02"}, {ForeignDV, "2025-01-01"}} {
		trust := &Trust{Points: []TrustPoint{root}, Date: day(t, "2024-12-31")}
		verifier := *all[1].certificate
		verifier.PublicKey.Curve, verifier.Authorization = root.PublicKey.Curve, InspectionAuthorization(test.role, ReadDG3)
		dv, err := trust.Import(sign(t, verifier, all[0].key, rand.Reader), root)
		if err != nil || trust.Date != day(t, "2025-01-01") {
			t.Fatalf("after the document verifier: %v, %v", trust.Date, err)
		}
		terminal := *all[2].certificate
		terminal.PublicKey.Curve, terminal.Effective = root.PublicKey.Curve, day(t, "2026-02-02")
		if _, err := trust.Import(sign(t, terminal, all[1].key, rand.Reader), dv); err != nil {
			t.Fatal(err)
		}
		if trust.Date.String() != test.want {
			t.Errorf("terminal of a %v: the date is %v, want %s", test.role, trust.Date, test.want)
		}
		if _, err := trust.Import(all[1].certificate, root); err != nil || trust.Date.String() != test.want {
			t.Errorf("the date goes back to %v, %v", trust.Date, err)
		}
	}
}

// link makes a CVCA certificate of the next key, signed with the one before.
func link(t testing.TB, from issue, holder, effective string) issue {
	t.Helper()
	key, err := GenerateEC(ECDSASHA384, 16, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	c := Certificate{Authority: from.certificate.Holder, Holder: holder, PublicKey: public, Effective: day(t, effective),
		Expiration: day(t, effective).AddYears(3), Authorization: InspectionAuthorization(CVCA, ReadDG3|ReadDG4)}
	return issue{sign(t, c, from.key, rand.Reader), nil, key}
}

// A link certificate is a new trust point, on another curve even; the chip keeps the two latest, and an expired link
// still counts.
func TestLinkCertificates(t *testing.T) {
	first := issued(t)[0]
	root, err := Root(first.certificate)
	if err != nil {
		t.Fatal(err)
	}
	trust := &Trust{Points: []TrustPoint{root}, Date: day(t, "2045-01-01")}
	second := link(t, first, "VNCVCA00002", "2027-01-01")
	third := link(t, second, "VNCVCA00003", "2029-01-01")
	point, err := trust.Import(second.certificate, root)
	if err != nil {
		t.Fatal(err)
	}
	if got := trust.Authorities(); !slices.Equal(got, []string{"VNCVCA00002", "VNCVCA00001"}) {
		t.Errorf("after one link: %v", got)
	}
	if _, err := trust.Import(third.certificate, point); err != nil {
		t.Fatal(err)
	}
	if got := trust.Authorities(); !slices.Equal(got, []string{"VNCVCA00003", "VNCVCA00002"}) {
		t.Errorf("after two links: %v", got)
	}
	// An old link, signed by a key that is still trusted, cannot push out a later one.
	back := link(t, second, "VNCVCA00001", "2026-01-01")
	if _, err := trust.Import(back.certificate, point); err != nil {
		t.Fatal(err)
	}
	if got := trust.Authorities(); !slices.Equal(got, []string{"VNCVCA00003", "VNCVCA00002"}) {
		t.Errorf("after a link back: %v", got)
	}
	if trust.Date != day(t, "2045-01-01") {
		t.Errorf("the date went back to %v", trust.Date)
	}
	encoded, err := trust.Points[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := ParseTrustPoint(encoded); err != nil || kept.Holder != "VNCVCA00003" || kept.PublicKey.Curve.ID() != 16 {
		t.Errorf("a trust point that was switched off: %+v, %v", kept, err)
	}
}

func TestChainOfCertificates(t *testing.T) {
	all := issued(t)
	second := link(t, all[0], "VNCVCA00002", "2027-01-01")
	dv := *all[1].certificate
	dv.Authority, dv.PublicKey = "VNCVCA00002", second.certificate.PublicKey
	both := []*Certificate{all[2].certificate, sign(t, dv, second.key, rand.Reader), all[0].certificate, second.certificate}
	holders := func(authority string) []string {
		chain, err := Chain(both, []string{authority}, "VNIS00001")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range chain {
			names = append(names, c.Holder)
		}
		return names
	}
	if got := holders("VNCVCA00002"); !slices.Equal(got, []string{"VNDV00001", "VNIS00001"}) {
		t.Errorf("from the new key: %v", got)
	}
	if got := holders("VNCVCA00001"); !slices.Equal(got, []string{"VNCVCA00002", "VNDV00001", "VNIS00001"}) {
		t.Errorf("from the old key: %v", got)
	}
	if _, err := Chain(both, []string{"DECVCA00001"}, "VNIS00001"); !errors.Is(err, ErrNoChain) {
		t.Errorf("from a foreign key: %v", err)
	}
}

// Certificates that point at each other, or on and on, end the search.
func TestChainIsBounded(t *testing.T) {
	var loop []*Certificate
	name := func(i int) string {
		return string([]byte{'V', 'N', 'A' + byte(i%26), '0', '0', '0', '0' + byte(i/26), '0'})
	}
	for i := range 60 {
		loop = append(loop, &Certificate{Holder: name(i), Authority: name(i + 1)}, &Certificate{Holder: name(i + 1), Authority: name(i)})
	}
	if _, err := Chain(loop, []string{"VNCVCA00001"}, name(0)); !errors.Is(err, ErrNoChain) {
		t.Errorf("a loop: %v", err)
	}
	if _, err := Chain(loop, []string{name(59)}, name(0)); !errors.Is(err, ErrNoChain) {
		t.Errorf("a chain of 59: %v", err)
	}
	if chain, err := Chain(loop, []string{name(MaxChain)}, name(0)); err != nil || len(chain) != MaxChain {
		t.Errorf("the longest chain has %d, %v", len(chain), err)
	}
}
