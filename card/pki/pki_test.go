package pki

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
)

var issueTime = time.Date(2026, 3, 1, 8, 30, 15, 999, time.FixedZone("ICT", 7*3600))

func newAuthority(t testing.TB) *Authority {
	t.Helper()
	a, err := NewSpecimenAuthority(rand.Reader, issueTime, "VN")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// openssl runs the stranger and gives all that it says.
func openssl(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	out, err := exec.Command("openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func writeBoth(t *testing.T, a *Authority) (csca, ds string) {
	t.Helper()
	dir := t.TempDir()
	csca, ds = filepath.Join(dir, "csca.pem"), filepath.Join(dir, "ds.pem")
	for path, c := range map[string]Certificate{csca: a.CSCA, ds: a.DocumentSigner} {
		if err := WriteCertificate(path, c); err != nil {
			t.Fatal(err)
		}
	}
	return csca, ds
}

func TestOpenSSLVerifiesTheChain(t *testing.T) {
	csca, ds := writeBoth(t, newAuthority(t))
	at := fmt.Sprint(issueTime.Add(time.Hour).Unix())
	got := openssl(t, "verify", "-x509_strict", "-check_ss_sig", "-attime", at, "-CAfile", csca, ds)
	if !strings.Contains(got, "ds.pem: OK") {
		t.Error(got)
	}
}

// What openssl reads in the certificates, against tables 5 and 6 of Doc 9303-12.
func TestOpenSSLReadsTheProfile(t *testing.T) {
	csca, ds := writeBoth(t, newAuthority(t))
	for path, lines := range map[string][]string{
		csca: {
			"Version: 3", "Issuer: C = VN, O = SPECIMEN cancuoc, CN = SPECIMEN CSCA", "Subject: C = VN, O = SPECIMEN cancuoc, CN = SPECIMEN CSCA",
			"Not Before: Mar  1 01:30:15 2026 GMT", "Not After : Dec 31 23:59:59 9999 GMT", "NIST CURVE: P-256", "ecdsa-with-SHA256",
			"X509v3 Basic Constraints: critical\n CA:TRUE, pathlen:0", "X509v3 Key Usage: critical\n Certificate Sign, CRL Sign\n",
			"X509v3 Private Key Usage Period: \n Not Before: Mar 1 01:30:15 2026 GMT, Not After: Mar 1 01:30:15 2031 GMT",
			"X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier", "URI:https://specimen.invalid/cancuoc, DirName:/L=VNM",
			"X509v3 Issuer Alternative Name", "URI:https://specimen.invalid/cancuoc.crl", "Policy: 2.25.94583151136133262971048525381911967905",
		},
		ds: {
			"Version: 3", "Issuer: C = VN, O = SPECIMEN cancuoc, CN = SPECIMEN CSCA", "Subject: C = VN, O = SPECIMEN cancuoc, CN = SPECIMEN Document Signer 1",
			"Not After : Dec 31 23:59:59 9999 GMT", "X509v3 Key Usage: critical\n Digital Signature\n",
			"X509v3 Private Key Usage Period: \n Not Before: Mar 1 01:30:15 2026 GMT, Not After: Jun 1 01:30:15 2026 GMT",
			"X509v3 Subject Key Identifier", "X509v3 Authority Key Identifier", "DirName:/L=VNM", "X509v3 Issuer Alternative Name",
			"2.23.136.1.1.6.2", "URI:https://specimen.invalid/cancuoc.crl", "Policy: 2.25.94583151136133262971048525381911967905",
		},
	} {
		text := squeeze(openssl(t, "x509", "-in", path, "-noout", "-text"))
		for _, line := range lines {
			if !strings.Contains(text, squeeze(line)) {
				t.Errorf("%s lacks %q", filepath.Base(path), line)
			}
		}
		if strings.Count(text, "critical") > 2 {
			t.Errorf("%s has critical extensions beyond basic constraints and key usage", filepath.Base(path))
		}
	}
	if text := openssl(t, "x509", "-in", ds, "-noout", "-text"); strings.Contains(text, "Basic Constraints") {
		t.Error("the document signer has basic constraints, which table 6 does not want")
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// DocumentTypeListSyntax { 0, SET { "I", "ID" } }, PrivateKeyUsagePeriod and the alternative name, laid out by hand.
func TestExtensionsByHand(t *testing.T) {
	a := newAuthority(t)
	for oid, want := range map[string]string{
		oidDocumentTypeList:      "300c020100310713014913024944",
		oidPrivateKeyUsagePeriod: "3022800f" + hex.EncodeToString([]byte("20260301013015Z")) + "810f" + hex.EncodeToString([]byte("20260601013015Z")),
		oidSubjectAltName: "3034" + "8620" + hex.EncodeToString([]byte("https://specimen.invalid/cancuoc")) +
			"a410" + "300e" + "310c" + "300a" + "0603550407" + "1303564e4d",
		oidCertificatePolicies: "30183016061469818ea886d8f2d1f2bba9aed8b8c4b4e3fff121", // base 128 of the UUID, computed with python
	} {
		got := ""
		for _, e := range a.DocumentSigner.x509.Extensions {
			if e.ID.String() == oid {
				got = hex.EncodeToString(e.Value)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", oid, got, want)
		}
	}
}

func TestSpecimenAuthority(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []Certificate{a.CSCA, a.DocumentSigner} {
		if !c.Specimen() {
			t.Errorf("%s is not marked as a specimen", c.Subject)
		}
		if !strings.Contains(c.Subject, "CN=SPECIMEN ") || !strings.Contains(c.Subject, "O=SPECIMEN ") {
			t.Errorf("subject %q", c.Subject)
		}
		if serial := c.x509.Serial; serial.Sign() <= 0 || serial.BitLen() > 159 || serial.BitLen() < 100 {
			t.Errorf("serial number %s", c.Serial)
		}
		if c.Country != "VN" {
			t.Errorf("country %q", c.Country)
		}
	}
	if !a.CSCA.Holds(a.CSCAKey) || !a.DocumentSigner.Holds(a.DocumentSignerKey) || a.CSCA.Holds(a.DocumentSignerKey) {
		t.Error("keys and certificates do not belong together")
	}
	if _, err := NewSpecimenAuthority(rand.Reader, issueTime, "XX"); err == nil {
		t.Error("an unknown country was taken")
	}
	for _, text := range []string{fmt.Sprint(a), fmt.Sprintf("%+v %#v", *a, a), fmt.Sprintf("%v", a.CSCAKey == nil)} {
		if strings.Contains(text, "SPECIMEN") {
			t.Error("an authority prints more than [secret]")
		}
	}
}

// One source of randomness gives one pair of keys; a source that runs dry gives an error.
func TestKeysComeFromTheGivenRandomness(t *testing.T) {
	for _, kind := range []string{"P-256", "brainpoolP256r1"} {
		key, err := GenerateKey(kind, bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
		if err != nil {
			t.Fatal(err)
		}
		if _, d, err := x509.Scalar(key); err != nil || !bytes.Equal(d, bytes.Repeat([]byte{7}, 32)) {
			t.Errorf("%s: the key is not what was drawn: %v", kind, err)
		}
	}
	if _, err := NewSpecimenAuthority(io.LimitReader(rand.Reader, 50), issueTime, "VN"); err == nil {
		t.Error("an authority was made of too little randomness")
	}
}

func TestValidityAndKeyPeriod(t *testing.T) {
	ds := newAuthority(t).DocumentSigner
	for _, c := range []struct {
		at            time.Time
		valid, usable error
	}{
		{issueTime.Add(-time.Hour), ErrNotYetValid, ErrKeyPeriod},
		{issueTime, nil, nil},
		{issueTime.AddDate(0, 2, 0), nil, nil},
		{issueTime.AddDate(0, 4, 0), nil, ErrKeyPeriod},
		{issueTime.AddDate(60, 0, 0), nil, ErrKeyPeriod},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), ErrExpired, ErrKeyPeriod},
	} {
		checkIs(t, "validity", ds.Validity(c.at), c.valid)
		checkIs(t, "key period", ds.KeyUsable(c.at), c.usable)
	}
}

func TestSignsDocumentCodes(t *testing.T) {
	ds := newAuthority(t).DocumentSigner
	for code, want := range map[string]bool{"ID": true, "I<": true, "I": true, "IX": true, "P<": false, "AC": false, "": false, "IDVNM": true} {
		if ds.Signs(code) != want {
			t.Errorf("document code %q: %v", code, !want)
		}
	}
}

func TestNextDocumentSigner(t *testing.T) {
	a := newAuthority(t)
	later := issueTime.AddDate(0, 3, 0)
	ds, key, err := a.IssueDocumentSigner(rand.Reader, later, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(ds.Subject, "CN=SPECIMEN Document Signer 2,") || !ds.Holds(key) || ds.KeyUsable(later) != nil {
		t.Errorf("document signer 2 is %s", ds.Subject)
	}
	if _, err := (Trust{Anchors: []Certificate{a.CSCA}}).Chain(ds); err != nil {
		t.Error(err)
	}
	_, _, err = a.IssueDocumentSigner(rand.Reader, issueTime.AddDate(6, 0, 0), 3)
	checkIs(t, "an authority past its period", err, ErrKeyPeriod)
}

// opensslRefuses is an error if openssl takes what it should refuse.
func opensslRefuses(t *testing.T, args ...string) error {
	t.Helper()
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err == nil {
		return fmt.Errorf("openssl %s takes it: %s", strings.Join(args, " "), out)
	}
	return nil
}
