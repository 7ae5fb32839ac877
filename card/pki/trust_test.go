package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// world is an authority whose certificates a test may bend before they are signed.
type world struct {
	cscaKey, dsKey *ecdsa.PrivateKey
	csca, ds       *x509.Certificate
	signWith       *ecdsa.PrivateKey // nil: the authority's key
	issuer         pkix.Name         // empty: the authority's name
}

func newWorld(t *testing.T) *world {
	name := pkix.Name{Country: []string{"VN"}, CommonName: "SPECIMEN bent CSCA"}
	w := &world{cscaKey: testKey(t), dsKey: testKey(t)}
	w.csca = &x509.Certificate{
		SerialNumber: newBig(t), Subject: name, NotBefore: issueTime, NotAfter: issueTime.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		SubjectKeyId: []byte{1, 2, 3},
	}
	w.ds = &x509.Certificate{
		SerialNumber: newBig(t), Subject: pkix.Name{Country: []string{"vn"}, CommonName: "SPECIMEN bent DS"},
		NotBefore: issueTime, NotAfter: issueTime.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	return w
}

// issue has crypto/x509 make a certificate, which takes what our own code would not make.
func issue(rand io.Reader, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (Certificate, error) {
	der, err := x509.CreateCertificate(rand, template, parent, public, key)
	if err != nil {
		return Certificate{}, err
	}
	return ParseCertificate(der)
}

func newBig(t *testing.T) *big.Int {
	n, err := newSerial(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (w *world) chain(t *testing.T) error {
	t.Helper()
	csca, err := issue(rand.Reader, w.csca, w.csca, w.cscaKey.Public(), w.cscaKey)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := x509.ParseCertificate(csca.Raw)
	if err != nil {
		t.Fatal(err)
	}
	key := w.cscaKey
	if w.signWith != nil {
		key = w.signWith
		parent.PublicKey = key.Public()
	}
	if w.issuer.CommonName != "" {
		parent.RawSubject, parent.Subject = nil, w.issuer
	}
	ds, err := issue(rand.Reader, w.ds, parent, w.dsKey.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Trust{Anchors: []Certificate{csca}}.Chain(ds)
	return err
}

func TestChainRefusesBentCertificates(t *testing.T) {
	unknown := pkix.Extension{Id: asn1.ObjectIdentifier{2, 25, 1, 2}, Critical: true, Value: []byte{5, 0}}
	for name, c := range map[string]struct {
		bend func(w *world)
		want error
	}{
		"nothing bent":                               {func(w *world) {}, nil},
		"signed by another key":                      {func(w *world) { w.signWith = testKey(t) }, ErrSignature},
		"issued in another name, with the right key": {func(w *world) { w.issuer = pkix.Name{Country: []string{"VN"}, CommonName: "SPECIMEN other"} }, ErrNoAnchor},
		"anchor without cA":                          {func(w *world) { w.csca.IsCA, w.csca.MaxPathLenZero = false, false }, ErrNotAuthority},
		"anchor without keyCertSign":                 {func(w *world) { w.csca.KeyUsage = x509.KeyUsageCRLSign }, ErrNotAuthority},
		"anchor with path length 2":                  {func(w *world) { w.csca.MaxPathLen, w.csca.MaxPathLenZero = 2, false }, ErrPathLength},
		"anchor with path length 1, as BE and GR":    {func(w *world) { w.csca.MaxPathLen, w.csca.MaxPathLenZero = 1, false }, nil},
		"anchor without path length, as BG and PL":   {func(w *world) { w.csca.MaxPathLenZero = false }, nil},
		"anchor with unknown critical extension":     {func(w *world) { w.csca.ExtraExtensions = []pkix.Extension{unknown} }, ErrCriticalExtension},
		"signer with unknown critical extension":     {func(w *world) { w.ds.ExtraExtensions = []pkix.Extension{unknown} }, ErrCriticalExtension},
		"signer with critical extended key usage":    {func(w *world) { w.ds.ExtraExtensions = []pkix.Extension{criticalEKU()} }, ErrCriticalExtension},
		"signer without digitalSignature":            {func(w *world) { w.ds.KeyUsage = x509.KeyUsageCRLSign }, ErrNotSigner},
		"signer without key usage":                   {func(w *world) { w.ds.KeyUsage = 0 }, ErrNotSigner},
		"signer that is an authority":                {func(w *world) { w.ds.IsCA, w.ds.BasicConstraintsValid, w.ds.MaxPathLenZero = true, true, true }, ErrNotSigner},
		"signer that may sign certificates":          {func(w *world) { w.ds.KeyUsage |= x509.KeyUsageCertSign }, ErrNotSigner},
		"signer that may sign revocation lists":      {func(w *world) { w.ds.KeyUsage |= x509.KeyUsageCRLSign }, ErrNotSigner},
		"signer of visible digital seals":            {func(w *world) { w.ds.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{2, 23, 136, 1, 1, 11, 1}} }, ErrNotSigner},
		"signer of another country":                  {func(w *world) { w.ds.Subject.Country = []string{"UT"} }, ErrCountry},
		"signer without country":                     {func(w *world) { w.ds.Subject.Country = nil }, ErrCountry},
	} {
		w := newWorld(t)
		c.bend(w)
		checkIs(t, name, w.chain(t), c.want)
	}
}

func criticalEKU() pkix.Extension {
	value, _ := asn1.Marshal([]asn1.ObjectIdentifier{{2, 23, 136, 1, 1, 3}})
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: value}
}

// An error of a chain names the certificate at fault: the authority's for its rights, else the signer's.
func TestChainErrorNamesTheCertificate(t *testing.T) {
	for fault, bend := range map[string]func(w *world){
		"CN=SPECIMEN bent CSCA,C=VN": func(w *world) { w.csca.IsCA, w.csca.MaxPathLenZero = false, false },
		"CN=SPECIMEN bent DS,C=vn":   func(w *world) { w.signWith = testKey(t) },
		"CN=SPECIMEN bent DS,C=UT":   func(w *world) { w.ds.Subject.Country = []string{"UT"} },
	} {
		w := newWorld(t)
		bend(w)
		var broken *ChainError
		if err := w.chain(t); !errors.As(err, &broken) || broken.Certificate.Subject != fault || broken.Error() != broken.Err.Error() {
			t.Errorf("%s: %v, %+v", fault, err, broken)
		}
	}
}

// A wrong signature is a forgery only where a key identifier says that it was this key: else another key of that name,
// which is not at hand, may have made it.
func TestSignatureOfAKeyThatIsNotNamed(t *testing.T) {
	s := newState(t, ec.P256(), "VN", "SPECIMEN CSCA")
	forger := newState(t, ec.P256(), "VN", "SPECIMEN CSCA")
	trust := Trust{Anchors: []Certificate{s.root}}
	for what, c := range map[string]struct {
		by   state
		id   []byte
		want error
	}{
		"right, named":   {s, s.id, nil},
		"right, unnamed": {s, nil, nil},
		"wrong, named":   {forger, s.id, ErrSignature},
		"wrong, unnamed": {forger, nil, ErrNoAnchor},
	} {
		_, err := trust.Path(c.by.signerNaming(t, c.id))
		checkIs(t, what, err, c.want)
	}
}

// The period in which a key is used, and a day of which one instant must lie in it.
func TestKeyUsableOn(t *testing.T) {
	from, to := time.Date(2024, 2, 28, 17, 0, 0, 0, time.UTC), time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	bounded, open := Certificate{KeyNotBefore: from, KeyNotEnd: to}, Certificate{KeyNotBefore: from}
	for day, want := range map[string][2]error{
		"2024-02-27": {ErrKeyPeriod, ErrKeyPeriod},
		"2024-02-28": {nil, nil},
		"2024-02-29": {nil, nil},
		"2024-03-01": {nil, nil},
		"2024-03-02": {ErrKeyPeriod, nil},
		"none":       {ErrKeyPeriod, nil},
	} {
		d, err := date.Parse(day)
		if err != nil {
			t.Fatal(err)
		}
		checkIs(t, day, bounded.KeyUsableOn(d), want[0])
		checkIs(t, day+", without end", open.KeyUsableOn(d), want[1])
		checkIs(t, day+", no period", Certificate{}.KeyUsableOn(d), nil)
	}
}

// Two authorities of one name, as after a change of keys: the key identifier finds the right one.
func TestChainFindsTheKey(t *testing.T) {
	first, second := newAuthority(t), newAuthority(t)
	both := Trust{Anchors: []Certificate{first.CSCA, second.CSCA}}
	for _, a := range []*Authority{first, second} {
		anchor, err := both.Chain(a.DocumentSigner)
		if err != nil || !anchor.Equal(a.CSCA) {
			t.Errorf("anchor %s: %v", anchor.Serial, err)
		}
	}
	_, err := Trust{Anchors: []Certificate{first.CSCA}}.Chain(second.DocumentSigner)
	checkIs(t, "another key of the same name", err, ErrNoAnchor)
	_, err = Trust{}.Chain(first.DocumentSigner)
	checkIs(t, "no anchors", err, ErrNoAnchor)
	_, err = both.Chain(Certificate{})
	checkIs(t, "no certificate", err, ErrNotSigner)
	_, err = Trust{Anchors: []Certificate{{}}}.Chain(first.DocumentSigner)
	checkIs(t, "an empty anchor", err, ErrNoAnchor)
}

func TestExtensionTwice(t *testing.T) {
	w := newWorld(t)
	e := pkix.Extension{Id: asn1.ObjectIdentifier{2, 25, 1, 2}, Value: []byte{5, 0}}
	w.ds.ExtraExtensions = []pkix.Extension{e, e}
	der, err := x509.CreateCertificate(rand.Reader, w.ds, w.csca, w.dsKey.Public(), w.cscaKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCertificate(der); err == nil {
		t.Error("a certificate with one extension twice was taken")
	}
}

// No flipped bit of a document signer's certificate leaves the chain whole.
func TestEveryFlippedBitBreaksTheChain(t *testing.T) {
	a := newAuthority(t)
	trust := Trust{Anchors: []Certificate{a.CSCA}}
	for i := range a.DocumentSigner.Raw {
		for bit := range 8 {
			der := append([]byte(nil), a.DocumentSigner.Raw...)
			der[i] ^= 1 << bit
			ds, err := ParseCertificate(der)
			if err != nil {
				continue
			}
			if _, err := trust.Chain(ds); err == nil {
				t.Fatalf("bit %d of byte %d flipped, and the chain holds", bit, i)
			}
		}
	}
}

func TestFoldersOfCertificates(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := LoadTrust(dir, time.Now()); err == nil {
		t.Error("trust was found in an empty folder")
	}
	write("ds.cer", a.DocumentSigner.Raw)
	if _, err := LoadTrust(dir, time.Now()); err == nil {
		t.Error("a document signer passed for an anchor")
	}
	if err := WriteCertificate(filepath.Join(dir, "csca.pem"), a.CSCA); err != nil {
		t.Fatal(err)
	}
	write("notes.txt", []byte("not a certificate"))
	trust, err := LoadTrust(dir, time.Now())
	if err != nil || len(trust.Anchors) != 1 || !trust.Anchors[0].Equal(a.CSCA) {
		t.Fatalf("%d anchors: %v", len(trust.Anchors), err)
	}
	all, err := ReadCertificates(dir)
	if err != nil || len(all) != 2 {
		t.Errorf("%d certificates: %v", len(all), err)
	}
	write("broken.cer", []byte("0\x03abc"))
	if _, err := ReadCertificates(dir); err == nil || !strings.Contains(err.Error(), "broken.cer") {
		t.Errorf("a broken file: %v", err)
	}
	if err := WriteCertificate(filepath.Join(dir, "csca.pem"), a.DocumentSigner); err == nil {
		t.Error("a certificate was overwritten")
	}
}

// Certificates of the field.
func TestCertificatesInTheField(t *testing.T) {
	dir := "../../../shared/samples/csca"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the samples are not here: " + dir)
	}
	german, err := LoadTrust(filepath.Join(dir, "DE_ROOT_CA_CSCA07.cer"), time.Now())
	if err != nil || german.Anchors[0].KeyAlgorithm != "brainpoolP512r1" {
		t.Errorf("brainpoolP512r1 with explicit parameters: %v", err)
	}
	csca, err := LoadTrust(filepath.Join(dir, "NL_ROOT_CA.cer"), time.Now())
	if err != nil || csca.Anchors[0].Country != "NL" || csca.Anchors[0].Specimen() ||
		!csca.Anchors[0].KeyNotEnd.Equal(time.Date(2027, 6, 21, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v: %v", csca.Anchors, err)
	}
	ds, err := ReadCertificates(filepath.Join(dir, "dsc_de_0142fd5cf927.cer"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = csca.Chain(ds[0])
	checkIs(t, "a German signer under a Dutch anchor", err, ErrNoAnchor)
}

// An authority issues the documents of its own state, by the codes in its certificate or by that of its country.
func TestWhoIssuesFor(t *testing.T) {
	vn, err := NewSpecimenAuthority(rand.Reader, issueTime, "VN")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(vn.CSCA.States, []string{"VNM"}) {
		t.Errorf("states %q in the alternative name", vn.CSCA.States)
	}
	for _, c := range []struct {
		of         Certificate
		state      string
		yes, known bool
	}{
		{vn.CSCA, "VNM", true, true},
		{vn.CSCA, "UTO", false, true},
		{Certificate{Country: "de"}, "D<<", true, true},
		{Certificate{Country: "DE"}, "DEU", true, true},
		{Certificate{Country: "DE"}, "NLD", false, true},
		{Certificate{Country: "GB"}, "GBN", true, true},
		{Certificate{Country: "EU"}, "EUE", true, true},
		{Certificate{Country: "DE", States: []string{"XOM"}}, "XOM", true, true},
		{Certificate{Country: "UT", States: []string{"VNM"}}, "VNM", false, true}, // its own word for another's citizens
		{Certificate{Country: "UT", States: []string{"VNM", "UTO"}}, "UTO", true, true},
		{Certificate{Country: "FR", States: []string{"D"}}, "D", false, true},
		{Certificate{Country: "", States: []string{"VNM"}}, "VNM", false, false},
		{Certificate{Country: ""}, "VNM", false, false},
		{Certificate{Country: "VNM"}, "VNM", false, false},
		{Certificate{Country: "VN"}, "<<<", false, true},
	} {
		if yes, known := c.of.IssuesFor(c.state); yes != c.yes || known != c.known {
			t.Errorf("%q %q for %s: %v, %v", c.of.Country, c.of.States, c.state, yes, known)
		}
	}
}

// Every state of the master lists has a code, from its certificate or from its country.
func TestStatesOfTheField(t *testing.T) {
	for _, path := range []string{germanList, dutchList} {
		list, err := ParseMasterList(sampleFile(t, path))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Certificates {
			if _, known := c.Certificate.IssuesFor("UTO"); !known {
				t.Errorf("%s: no state", c.Certificate.Subject)
			}
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	kept, err := ReadCertificates("testdata")
	if err != nil || len(kept) != 2 {
		f.Fatal(len(kept), err)
	}
	csca, ds := kept[0], kept[1]
	f.Add(csca.Raw)
	f.Add(ds.Raw)
	trust := Trust{Anchors: []Certificate{csca}}
	if _, err := trust.Chain(ds); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCertificate(der)
		if err != nil {
			return
		}
		c.Specimen()
		c.Signs("ID")
		if _, err := trust.Chain(c); err == nil && !bytes.Equal(c.x509.RawTBS, ds.x509.RawTBS) {
			t.Error("a made-up certificate has a chain")
		}
	})
}
