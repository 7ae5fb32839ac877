package pki

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

const forLists = "2.23.136.1.1.3"

// A list holds each certificate once and in the order of DER, beside it lie the signer and all above it, and it is
// believed below the root alone.
func TestNewMasterList(t *testing.T) {
	s, other := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA"), newState(t, ec.P384(), "VN", "SPECIMEN CSCA")
	next := newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA")
	link := s.link(t, next)
	own, signer := next.signer(t, forLists)
	signer.Above = [][]byte{s.root.Raw, link.Raw}
	der, err := NewMasterList([]Certificate{other.root, s.root, other.root, link, s.root}, signer, issueTime)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ParseMasterList(der)
	if err != nil {
		t.Fatal(err)
	}
	var listed [][]byte
	for _, c := range list.Certificates {
		listed = append(listed, c.Raw)
	}
	if len(listed) != 3 || !slices.IsSortedFunc(listed, bytes.Compare) {
		t.Errorf("%d certificates, sorted: %v", len(listed), slices.IsSortedFunc(listed, bytes.Compare))
	}
	beside := list.SignedData.Certificates
	if len(beside) != 3 || !slices.IsSortedFunc(beside, bytes.Compare) || !slices.ContainsFunc(beside, func(c []byte) bool { return bytes.Equal(c, own.Raw) }) {
		t.Errorf("%d certificates beside the signature", len(beside))
	}
	if !list.SignedData.SigningTime.Equal(issueTime.Truncate(time.Second)) {
		t.Errorf("signed at %v", list.SignedData.SigningTime)
	}
	for what, c := range map[string]struct {
		trust Trust
		want  error
	}{
		"the root and the link": {Trust{Anchors: []Certificate{s.root}, Links: []Certificate{link}}, nil},
		"the next root":         {Trust{Anchors: []Certificate{next.root}}, nil},
		"the first root alone":  {Trust{Anchors: []Certificate{s.root}}, ErrNoAnchor},
		"another state's root":  {Trust{Anchors: []Certificate{other.root}}, ErrNoAnchor},
	} {
		_, _, err := list.Judge(c.trust, issueTime)
		checkIs(t, what, err, c.want)
	}
}

// What must not be signed is not: nothing, what is no CSCA, and with no key but that of a list signer in its time.
func TestNewMasterListRefuses(t *testing.T) {
	s, stranger := newState(t, ec.P256(), "UT", "SPECIMEN CSCA"), newState(t, ec.P256(), "UT", "SPECIMEN other")
	ds, documents := s.signer(t)
	_, signer := s.signer(t, forLists)
	_, deviations := s.signer(t, "2.23.136.1.1.8")
	_, other := s.signer(t, forLists)
	wrongKey, noKey := signer, signer
	wrongKey.Key, noKey.Key = other.Key, nil
	broken := bytes.Clone(s.root.Raw)
	broken[len(broken)-1] ^= 1
	falseRoot, err := ParseCertificate(broken)
	if err != nil {
		t.Fatal(err)
	}
	good := []Certificate{s.root}
	for what, c := range map[string]struct {
		certificates []Certificate
		signer       cms.Signer
		at           time.Time
		want         error
	}{
		"good":                     {good, signer, issueTime, nil},
		"no certificate":           {nil, signer, issueTime, ErrEmptyList},
		"an empty certificate":     {[]Certificate{s.root, {}}, signer, issueTime, ErrNotAuthority},
		"a document signer":        {[]Certificate{s.root, ds}, signer, issueTime, ErrNotAuthority},
		"a root wrongly signed":    {[]Certificate{s.root, falseRoot}, signer, issueTime, ErrSignature},
		"signed for documents":     {good, documents, issueTime, ErrNotListSigner},
		"signed for deviations":    {good, deviations, issueTime, ErrNotListSigner},
		"signed by the CSCA":       {good, cms.Signer{Certificate: s.root.Raw, Key: s.key}, issueTime, ErrNotListSigner},
		"the CSCA is not at hand":  {[]Certificate{stranger.root}, signer, issueTime, ErrNoAnchor},
		"an expired signer":        {good, signer, issueTime.AddDate(30, 0, 0), ErrExpired},
		"a signer of the future":   {good, signer, issueTime.AddDate(0, 0, -1), ErrNotYetValid},
		"another key":              {good, wrongKey, issueTime, cms.ErrSignature},
		"no certificate to sign":   {good, cms.Signer{Key: signer.Key}, issueTime, errAny},
		"no key":                   {good, noKey, issueTime, errAny},
		"rubbish above the signer": {good, cms.Signer{Certificate: signer.Certificate, Key: signer.Key, Above: [][]byte{{0x30}}}, issueTime, errAny},
	} {
		der, err := NewMasterList(c.certificates, c.signer, c.at)
		if c.want == errAny && err == nil || c.want != errAny && c.want != nil && der != nil {
			t.Errorf("%s: a list was made", what)
		}
		if c.want != errAny {
			checkIs(t, what, err, c.want)
		}
		if c.want == nil && CheckMasterList(c.certificates, noKey, c.at) != nil {
			t.Errorf("%s: the check without a key refuses it", what)
		}
	}
}

// errAny stands for an error that no caller tells from others.
var errAny = cms.ErrMalformed

// An extended key usage that is not critical makes no list signer, though readers take it.
func TestListSignerMustBeCritical(t *testing.T) {
	root, key := namedState(t)
	ls, signer := namedSigner(t, root, key, false)
	_, err := NewMasterList([]Certificate{root}, signer, issueTime)
	checkIs(t, ls.Subject, err, ErrNotListSigner)
}

// namedState is an authority whose certificate names its curve, as OpenSSL wants it of every chain.
func namedState(t testing.TB) (Certificate, cms.Signer) {
	t.Helper()
	key := testKey(t)
	serial, err := newSerial(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Country: []string{"UT"}, CommonName: "SPECIMEN named CSCA"}, NotBefore: issueTime, NotAfter: issueTime.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: identifier(t, key),
	}
	root, err := issue(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return root, cms.Signer{Key: key}
}

func namedSigner(t testing.TB, root Certificate, authority cms.Signer, critical bool) (Certificate, cms.Signer) {
	t.Helper()
	key := testKey(t)
	serial, err := newSerial(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, err := x509.ParseCertificate(root.Raw)
	if err != nil {
		t.Fatal(err)
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{arcs(forLists)})
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Country: []string{"UT"}, CommonName: "SPECIMEN list signer"}, NotBefore: issueTime, NotAfter: issueTime.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, SubjectKeyId: identifier(t, key),
		ExtraExtensions: []pkix.Extension{{Id: arcs(oidExtendedKeyUsage), Critical: critical, Value: usage}},
	}
	c, err := issue(rand.Reader, template, parent, key.Public(), authority.Key)
	if err != nil {
		t.Fatal(err)
	}
	return c, cms.Signer{Certificate: c.Raw, Key: key}
}

// openssl verifies a list of ours up to its root, finds the certificates beside the signature and those in the content,
// and does not verify it with a bit flipped.
func TestOpenSSLOnOurMasterList(t *testing.T) {
	root, authority := namedState(t)
	_, signer := namedSigner(t, root, authority, true)
	other := newState(t, ec.BrainpoolP256r1(), "VN", "SPECIMEN CSCA")
	der, err := NewMasterList([]Certificate{other.root, root}, signer, issueTime)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, ca, content := filepath.Join(dir, "list.ml"), filepath.Join(dir, "root.pem"), filepath.Join(dir, "content")
	if err := WriteMasterList(file, der); err != nil {
		t.Fatal(err)
	}
	if err := WriteMasterList(file, der); err == nil {
		t.Error("the list was written over another")
	}
	if err := WriteCertificate(ca, root); err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprint(issueTime.AddDate(0, 3, 0).Unix())
	openssl(t, "cms", "-verify", "-inform", "DER", "-in", file, "-CAfile", ca, "-purpose", "any", "-attime", at, "-binary", "-out", content)
	if n := certificatesInContent(t, content); n != 2 {
		t.Errorf("openssl finds %d certificates in the content", n)
	}
	printed := openssl(t, "cms", "-cmsout", "-print", "-inform", "DER", "-in", file)
	if n := strings.Count(printed, "d.certificate:"); n != 2 {
		t.Errorf("openssl finds %d certificates beside the signature", n)
	}
	for _, want := range []string{"subjectKeyIdentifier", "signingTime", "version: 3", "2.23.136.1.1.2"} {
		if !strings.Contains(printed, want) {
			t.Errorf("openssl prints no %s", want)
		}
	}
	list, err := ParseMasterList(der)
	if err != nil {
		t.Fatal(err)
	}
	bent := bytes.Clone(der)
	bent[bytes.Index(bent, list.SignedData.Content)+len(list.SignedData.Content)-1] ^= 1
	if err := os.WriteFile(file, bent, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := opensslRefuses(t, "cms", "-verify", "-inform", "DER", "-in", file, "-noverify", "-binary", "-out", content); err != nil {
		t.Error(err)
	}
}

// certificatesInContent counts with openssl the members of certList.
func certificatesInContent(t *testing.T, path string) (n int) {
	t.Helper()
	for line := range strings.Lines(openssl(t, "asn1parse", "-inform", "DER", "-in", path)) {
		if strings.Contains(line, "d=2 ") && strings.Contains(line, "cons: SEQUENCE") {
			n++
		}
	}
	return n
}

// openssl finds as many certificates as we in the content of the lists of the field.
func TestOpenSSLCountsTheMasterLists(t *testing.T) {
	for _, path := range []string{germanList, dutchList} {
		list, err := ParseMasterList(sampleFile(t, path))
		if err != nil {
			t.Fatal(err)
		}
		content := filepath.Join(t.TempDir(), "content")
		openssl(t, "cms", "-verify", "-inform", "DER", "-in", path, "-noverify", "-binary", "-out", content)
		if n := certificatesInContent(t, content); n != len(list.Certificates) {
			t.Errorf("%s: openssl finds %d certificates, we %d", filepath.Base(path), n, len(list.Certificates))
		}
		printed := openssl(t, "cms", "-cmsout", "-print", "-inform", "DER", "-in", path)
		if n := strings.Count(printed, "d.certificate:"); n != len(list.SignedData.Certificates) {
			t.Errorf("%s: openssl finds %d certificates beside the signature, we %d", filepath.Base(path), n, len(list.SignedData.Certificates))
		}
	}
}

// With a bit of any byte flipped a list of our own making is not believed; but for the CSCA certificate beside the signer,
// which nobody signs and no reader needs: there the list stays what it is.
func TestEveryFlippedByteOfOurMasterList(t *testing.T) {
	s := newState(t, ec.P256(), "UT", "SPECIMEN CSCA")
	_, signer := s.signer(t, forLists)
	der, err := NewMasterList([]Certificate{s.root}, signer, issueTime)
	if err != nil {
		t.Fatal(err)
	}
	trust := Trust{Anchors: []Certificate{s.root}}
	beside := bytes.Index(der[len(s.root.Raw)+50:], s.root.Raw) + len(s.root.Raw) + 50 // the CSCA beside the signer, which nobody signs
	believed := 0
	for i := range der {
		bent := bytes.Clone(der)
		bent[i] ^= 1 << (i % 8)
		list, err := ParseMasterList(bent)
		if err != nil {
			continue
		}
		if _, _, err := list.Judge(trust, issueTime); err != nil {
			continue
		}
		believed++
		if i < beside || i >= beside+len(s.root.Raw) || len(list.Certificates) != 1 || !list.Certificates[0].Certificate.Equal(s.root) {
			t.Fatalf("bit %d of byte %d flipped, and the list is believed", i%8, i)
		}
	}
	t.Logf("%d flips in the CSCA certificate beside the signer, which is not signed and not read, leave the list as it is", believed)
}

// A list with a certificate twice or out of order is not made here; whoever reads takes it.
func TestContentIsDER(t *testing.T) {
	a, b := newState(t, ec.P256(), "UT", "SPECIMEN A"), newState(t, ec.P256(), "VN", "SPECIMEN B")
	for _, order := range [][]Certificate{{a.root, b.root}, {b.root, a.root}, {b.root, a.root, b.root}} {
		content, err := encodeList(order)
		if err != nil {
			t.Fatal(err)
		}
		in := cryptobyte.String(content)
		var seq, set cryptobyte.String
		var version int
		if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&set, cbasn1.SET) || version != 0 {
			t.Fatal("no CscaMasterList")
		}
		want := [][]byte{a.root.Raw, b.root.Raw}
		slices.SortFunc(want, bytes.Compare)
		if !bytes.Equal(set, bytes.Join(want, nil)) {
			t.Error("the set is not sorted, or has a certificate twice")
		}
	}
}
