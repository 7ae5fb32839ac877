package pki

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
)

// publicOnly is a key that can be asked for its public half alone.
type publicOnly struct{ key crypto.PublicKey }

func (p publicOnly) Public() crypto.PublicKey { return p.key }
func (publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private key")
}

// Revocation lists of our own making, since there is no public sample.
func TestRevocation(t *testing.T) {
	s := newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA")
	forger := newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA")
	forger.id = s.id
	good, _ := s.signer(t)
	bad, _ := s.signer(t)
	next := issueTime.AddDate(0, 3, 0)
	list := func(by state, revoked ...Certificate) RevocationList {
		l, err := ParseRevocationList(by.crl(t, issueTime, next, revoked))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	trust := func(lists ...RevocationList) Trust { return Trust{Anchors: []Certificate{s.root}, Lists: lists} }
	later := issueTime.AddDate(0, 1, 0)
	checkIs(t, "no list", trust().Revocation(good, later), ErrNoList)
	checkIs(t, "not on the list", trust(list(s, bad)).Revocation(good, later), nil)
	checkIs(t, "an empty list", trust(list(s)).Revocation(good, later), nil)
	checkIs(t, "on the list", trust(list(s, bad)).Revocation(bad, later), ErrRevoked)
	checkIs(t, "on an old list", trust(list(s, bad), list(s)).Revocation(bad, next.AddDate(1, 0, 0)), ErrRevoked)
	checkIs(t, "an old list", trust(list(s, bad)).Revocation(good, next.AddDate(0, 0, 1)), ErrStaleList)
	checkIs(t, "a list of tomorrow", trust(list(s, bad)).Revocation(good, issueTime.AddDate(0, 0, -1)), ErrStaleList)
	checkIs(t, "a forged list", trust(list(forger, good)).Revocation(good, later), ErrFalseList)
	checkIs(t, "a forged list", trust(list(forger, good)).Revocation(good, later), ErrSignature)
	l := list(s, bad)
	if r, ok := l.Revokes(bad); !ok || r.Reason != "key compromise" || !r.At.Equal(l.ThisUpdate) || l.Number != "1a" || l.Country != "UT" {
		t.Errorf("%+v in list %s", r, l.Number)
	}
	checkIs(t, "verified with a signer's certificate", l.Verify(good), ErrNoAnchor)
	checkIs(t, "verified with nothing", l.Verify(Certificate{}), ErrNoAnchor)
	l.NextUpdate = time.Time{}
	checkIs(t, "a list without end", trust(l).Revocation(good, later), ErrStaleList)
	for what, partial := range map[string]x509.Extension{
		"a list of a distribution point": {ID: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 0}},
		"the same, said in passing":      {ID: asn1.ObjectIdentifier{2, 5, 29, 28}, Value: []byte{0x30, 3, 0x82, 1, 0xFF}},
		"a delta list":                   {ID: asn1.ObjectIdentifier{2, 5, 29, 27}, Value: []byte{2, 1, 1}},
	} {
		_, err := ParseRevocationList(s.crl(t, issueTime, next, nil, partial))
		checkIs(t, what, err, ErrCriticalExtension)
	}
}

// One list counts for all certificates of a country, whatever name the authority had when it issued them; but only the
// list of the authority itself, found by its links, clears one.
func TestRevocationAfterANewName(t *testing.T) {
	first, second := newState(t, ec.P256(), "UT", "SPECIMEN CSCA"), newState(t, ec.P256(), "UT", "SPECIMEN CSCA of Utopia")
	stranger := newState(t, ec.P256(), "VN", "SPECIMEN CSCA of Utopia")
	bad, _ := first.signer(t)
	good, _ := first.signer(t)
	list := func(by state) RevocationList {
		l, err := ParseRevocationList(by.crl(t, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{bad}))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	linked := Trust{Anchors: []Certificate{first.root}, Links: []Certificate{first.link(t, second)}, Lists: []RevocationList{list(second)}}
	apart := Trust{Anchors: []Certificate{first.root, second.root}, Lists: []RevocationList{list(second)}}
	foreign := Trust{Anchors: []Certificate{first.root, stranger.root}, Lists: []RevocationList{list(stranger)}}
	checkIs(t, "revoked, linked", linked.Revocation(bad, issueTime), ErrRevoked)
	checkIs(t, "not revoked, linked", linked.Revocation(good, issueTime), nil)
	checkIs(t, "revoked, apart", apart.Revocation(bad, issueTime), ErrRevoked)
	checkIs(t, "not revoked, apart", apart.Revocation(good, issueTime), ErrNoList)
	checkIs(t, "a list of another state", foreign.Revocation(bad, issueTime), ErrNoList)
}

func TestOpenSSLReadsTheRevocationList(t *testing.T) {
	s := newState(t, ec.P384(), "UT", "SPECIMEN CSCA")
	bad, _ := s.signer(t)
	dir := t.TempDir()
	list, root := filepath.Join(dir, "list.pem"), filepath.Join(dir, "root.pem")
	der := s.crl(t, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{bad})
	if err := os.WriteFile(list, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteCertificate(root, s.root); err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(openssl(t, "crl", "-in", list, "-CAfile", root, "-text", "-noout"))
	for _, want := range []string{"verify ok", "key compromise", bad.Serial} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not see %q in %s", want, text)
		}
	}
}

// What openssl issues is read here.
func TestRevocationListOfOpenSSL(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	config := "[ca]\ndefault_ca=d\n[d]\ndatabase=" + in("index") + "\ncrlnumber=" + in("number") + "\ndefault_md=sha384\ndefault_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n[req]\ndistinguished_name=n\nx509_extensions=v\n[n]\n[v]\nbasicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
	for name, text := range map[string]string{"config": config, "number": "0A\n", "index": "R\t360101000000Z\t261001000000Z,cessationOfOperation\t1234ABCD\tunknown\t/C=UT/CN=SPECIMEN signer\n"} {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl(t, "req", "-x509", "-config", in("config"), "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1", "-nodes", "-keyout", in("key"), "-out", in("root.pem"), "-subj", "/C=UT/CN=SPECIMEN CSCA")
	openssl(t, "ca", "-config", in("config"), "-gencrl", "-cert", in("root.pem"), "-keyfile", in("key"), "-out", in("list.crl"))
	trust, err := LoadTrust(dir, issueTime)
	if err != nil || len(trust.Lists) != 1 {
		t.Fatal(len(trust.Lists), err)
	}
	l := trust.Lists[0]
	if err := l.Verify(trust.Anchors[0]); err != nil || len(l.Revoked) != 1 || l.Revoked[0].Serial != "1234abcd" || l.Revoked[0].Reason != "cessation of operation" || l.Number != "a" {
		t.Errorf("%+v, %v", l.Revoked, err)
	}
}

func TestEveryFlippedBitOfARevocationList(t *testing.T) {
	s := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA")
	der := s.crl(t, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{s.root})
	for i := range der {
		for bit := range 8 {
			bent := bytes.Clone(der)
			bent[i] ^= 1 << bit
			if l, err := ParseRevocationList(bent); err == nil && l.Verify(s.root) == nil {
				t.Fatalf("bit %d of byte %d flipped, and the list is believed", bit, i)
			}
		}
	}
	for n := range der {
		if _, err := ParseRevocationList(der[:n]); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(der))
		}
	}
}

func FuzzParseRevocationList(f *testing.F) {
	s := newState(f, ec.P256(), "UT", "SPECIMEN CSCA")
	f.Add(s.crl(f, issueTime, issueTime, []Certificate{s.root}))
	f.Add(s.crl(f, issueTime, issueTime, nil))
	f.Fuzz(func(t *testing.T, der []byte) {
		if l, err := ParseRevocationList(der); err == nil {
			l.Verify(s.root)
			l.Revokes(s.root)
		}
	})
}
