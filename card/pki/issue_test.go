package pki

import (
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// made is an authority of one profile with a signer of each kind, everything that is issued.
type made struct {
	csca, next      CSCA
	link            Certificate
	ds, lists, flaw Certificate
	list, later     RevocationList
	dsKey, listsKey cms.Signer
}

func identity(p Profile, named bool) Identity {
	return Identity{Country: "VN", State: "VNM", Organization: "SPECIMEN cancuoc", CommonName: "SPECIMEN CSCA", Specimen: true,
		Contact: "csca@specimen.invalid", CRL: []string{"https://specimen.invalid/vn.crl", "ldap://specimen.invalid/"}, NamedCurves: named, Signature: p.CSCASignature}
}

// keys are made once a kind: RSA takes seconds.
func newMade(t testing.TB, p Profile, named bool) made {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var m made
	key, err := GenerateKey(p.CSCAKey, rand.Reader)
	check(err)
	m.csca, err = NewCSCA(rand.Reader, identity(p, named), Validity{issueTime, issueTime.AddDate(5, 0, 0), Never()}, key)
	check(err)
	m.ds, m.dsKey = m.signer(t, p, SignerRequest{CommonName: "SPECIMEN Document Signer 1", Purpose: ForDocuments, DocumentTypes: []string{"ID", "I", "ID"}})
	m.lists, m.listsKey = m.signer(t, p, SignerRequest{CommonName: "SPECIMEN Master List Signer 1", Purpose: ForMasterLists})
	m.flaw, _ = m.signer(t, p, SignerRequest{CommonName: "SPECIMEN Deviation List Signer 1", Purpose: ForDeviationLists})
	m.list, err = m.csca.IssueRevocationList(rand.Reader, RevocationList{}, nil, issueTime, issueTime.AddDate(0, 0, 90))
	check(err)
	m.later, err = m.csca.IssueRevocationList(rand.Reader, m.list, []Revocation{{Serial: m.ds.Serial, At: issueTime.AddDate(0, 1, 0)}},
		issueTime.AddDate(0, 1, 0), issueTime.AddDate(0, 2, 0))
	check(err)
	nextKey, err := GenerateKey(p.CSCAKey, rand.Reader)
	check(err)
	renamed := identity(p, named)
	renamed.CommonName = "SPECIMEN CSCA 2"
	at := issueTime.AddDate(4, 0, 0)
	m.next, m.link, err = m.csca.Renew(rand.Reader, renamed, Validity{at, at.AddDate(5, 0, 0), Never()}, nextKey)
	check(err)
	return m
}

func (m made) signer(t testing.TB, p Profile, r SignerRequest) (Certificate, cms.Signer) {
	t.Helper()
	key, err := GenerateKey(p.SignerKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r.PublicKey, r.Validity = key.Public(), Validity{issueTime, issueTime.AddDate(0, 3, 0), Never()}
	c, err := m.csca.IssueSigner(rand.Reader, r)
	if err != nil {
		t.Fatal(err)
	}
	return c, cms.Signer{Certificate: c.Raw, Key: key, Hash: p.SOD.Hash, PSS: p.SOD.PSS}
}

// openssl judges every signature that an authority of every profile makes: root, signers, lists. It takes an elliptic curve
// under an authority by name only, and one that is spelt out where it verifies no chain.
func TestOpenSSLJudgesEveryProfile(t *testing.T) {
	for _, p := range Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			m := newMade(t, p, true)
			dir := t.TempDir()
			write := func(name, kind string, der []byte) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			csca, next := write("csca.pem", "CERTIFICATE", m.csca.Certificate.Raw), write("next.pem", "CERTIFICATE", m.next.Certificate.Raw)
			at := []string{"verify", "-x509_strict", "-check_ss_sig", "-attime", "1775000000", "-CAfile", csca}
			for name, c := range map[string]Certificate{"ds": m.ds, "lists": m.lists, "flaw": m.flaw} {
				path := write(name+".pem", "CERTIFICATE", c.Raw)
				args := append(slices.Clone(at), path)
				if name != "ds" { // a critical purpose that it does not know
					args = slices.Insert(args, 1, "-ignore_critical")
				}
				if got := openssl(t, args...); !strings.Contains(got, ": OK") {
					t.Errorf("%s: %s", name, got)
				}
			}
			link := write("link.pem", "CERTIFICATE", m.link.Raw)
			if got := openssl(t, "verify", "-check_ss_sig", "-attime", "1900000000", "-CAfile", csca, link); !strings.Contains(got, ": OK") {
				t.Errorf("link: %s", got)
			}
			if got := openssl(t, "verify", "-check_ss_sig", "-attime", "1900000000", "-CAfile", next, next); !strings.Contains(got, ": OK") {
				t.Errorf("next root: %s", got)
			}
			list := openssl(t, "crl", "-in", write("later.crl", "X509 CRL", m.later.Raw), "-CAfile", csca, "-noout", "-text")
			for _, want := range []string{"verify OK", "Version 2", "X509v3 CRL Number: \n                2\n", strings.ToUpper(m.ds.Serial), "Authority Key Identifier"} {
				if !strings.Contains(list, want) {
					t.Errorf("the list lacks %q in\n%s", want, list)
				}
			}
		})
	}
}

// Curves that are spelt out openssl reads, and it verifies what is signed with them; in a chain it declines them.
func TestOpenSSLReadsSpeltOutCurves(t *testing.T) {
	p, err := ProfileByName("vn")
	if err != nil {
		t.Fatal(err)
	}
	m := newMade(t, p, false)
	dir := t.TempDir()
	csca, ds := filepath.Join(dir, "csca.pem"), filepath.Join(dir, "ds.pem")
	for path, c := range map[string]Certificate{csca: m.csca.Certificate, ds: m.ds} {
		if err := WriteCertificate(path, c); err != nil {
			t.Fatal(err)
		}
	}
	text := openssl(t, "x509", "-in", ds, "-noout", "-text")
	for _, want := range []string{"Field Type: prime-field", "Cofactor:  1 (0x1)", "ecdsa-with-SHA512", "(384 bit)", "email:csca@specimen.invalid"} {
		if !strings.Contains(text, want) {
			t.Errorf("the document signer lacks %q in\n%s", want, text)
		}
	}
	public, signed, signature := filepath.Join(dir, "csca.pub"), filepath.Join(dir, "tbs"), filepath.Join(dir, "signature")
	for path, content := range map[string]string{public: openssl(t, "x509", "-in", csca, "-noout", "-pubkey"),
		signed: string(m.ds.x509.RawTBS), signature: string(m.ds.x509.Signature)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := openssl(t, "dgst", "-sha512", "-verify", public, "-signature", signature, signed); !strings.Contains(got, "Verified OK") {
		t.Error(got)
	}
}

// What is issued is what a verifier takes: the signer below the root, the next root by the link, the lists.
func TestWhatIsIssuedIsTrusted(t *testing.T) {
	for _, name := range []string{"vn", "nist"} {
		p, err := ProfileByName(name)
		if err != nil {
			t.Fatal(err)
		}
		m := newMade(t, p, false)
		trust := Trust{Anchors: []Certificate{m.csca.Certificate}, Links: []Certificate{m.link}}
		if _, err := trust.Path(m.ds); err != nil {
			t.Error(err)
		}
		if got := m.ds.DocumentTypes; !slices.Equal(got, []string{"I", "ID"}) {
			t.Errorf("document types %q", got)
		}
		key, err := GenerateKey(p.SignerKey, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		at := issueTime.AddDate(4, 1, 0)
		young, err := m.next.IssueSigner(rand.Reader, SignerRequest{CommonName: "SPECIMEN DS", Purpose: ForDocuments, DocumentTypes: []string{"I"},
			PublicKey: key.Public(), Validity: Validity{at, at.AddDate(0, 3, 0), Never()}})
		if err != nil {
			t.Fatal(err)
		}
		path, err := trust.Path(young)
		if err != nil || len(path) != 2 {
			t.Errorf("a signer of the renewed authority, from the first root: %d, %v", len(path), err)
		}
		trust.Lists = []RevocationList{m.list}
		checkIs(t, "no revocation", trust.Revocation(m.ds, issueTime.AddDate(0, 0, 5)), nil)
		trust.Lists = append(trust.Lists, m.later)
		checkIs(t, "revocation", trust.Revocation(m.ds, issueTime.AddDate(0, 1, 1)), ErrRevoked)
	}
}

// An authority that has changed its name answers for what it issued under the former one, also where its new root is trusted
// for itself (Doc 9303-12, section 7.1.4): only its silence says that nothing is revoked.
func TestARenamedAuthorityAnswersForItsFormerName(t *testing.T) {
	m := newMade(t, Profiles()[1], false)
	at := issueTime.AddDate(4, 0, 1)
	list, err := m.next.IssueRevocationList(rand.Reader, m.list, nil, at, at.AddDate(0, 0, 90))
	if err != nil {
		t.Fatal(err)
	}
	both := Trust{Anchors: []Certificate{m.csca.Certificate, m.next.Certificate}, Lists: []RevocationList{list}}
	checkIs(t, "without the link nobody knows that it is the same authority", both.Revocation(m.ds, at), ErrNoList)
	both.Links = []Certificate{m.link}
	checkIs(t, "with the link", both.Revocation(m.ds, at), nil)
	both.Anchors = both.Anchors[1:]
	checkIs(t, "a link whose authority is not trusted", both.Revocation(m.ds, at), ErrNoList)
}

// Of every kind that an authority makes, no issuing goes beyond what it may.
func TestAnAuthorityKeepsToItsBounds(t *testing.T) {
	p, err := ProfileByName("nist")
	if err != nil {
		t.Fatal(err)
	}
	key, err := GenerateKey(p.CSCAKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := NewCSCA(rand.Reader, identity(p, false), Validity{issueTime, issueTime.AddDate(5, 0, 0), issueTime.AddDate(15, 3, 0)}, key)
	if err != nil {
		t.Fatal(err)
	}
	request := func(at, keyUntil, until time.Time) error {
		_, err := short.IssueSigner(rand.Reader, SignerRequest{CommonName: "SPECIMEN DS", Purpose: ForDocuments, DocumentTypes: []string{"I"},
			PublicKey: key.Public(), Validity: Validity{at, keyUntil, until}})
		return err
	}
	checkIs(t, "a signer that fits", request(issueTime, issueTime.AddDate(0, 3, 0), issueTime.AddDate(10, 3, 0)), nil)
	checkIs(t, "a signer that outlasts the authority", request(issueTime, issueTime.AddDate(0, 3, 0), Never()), ErrShortCSCA)
	checkIs(t, "a signer after the authority's time", request(issueTime.AddDate(5, 0, 1), issueTime.AddDate(5, 3, 0), issueTime.AddDate(15, 0, 0)), ErrKeyPeriod)
	checkIs(t, "a signer before it", request(issueTime.AddDate(0, 0, -1), issueTime.AddDate(0, 3, 0), issueTime.AddDate(10, 0, 0)), ErrKeyPeriod)
	if err := request(issueTime, issueTime.AddDate(11, 0, 0), issueTime.AddDate(10, 0, 0)); err == nil {
		t.Error("a key that signs after its certificate has ended")
	}
	v := Validity{issueTime, issueTime.AddDate(5, 0, 0), Never()}
	_, _, err = short.Renew(rand.Reader, identity(p, false), v, key)
	if err == nil {
		t.Error("renewed with the same key")
	}
	other := identity(p, false)
	other.Country, other.State = "UT", "UTO"
	_, _, err = short.Renew(rand.Reader, other, v, key)
	checkIs(t, "another country", err, ErrIdentity)
	_, err = short.IssueRevocationList(rand.Reader, RevocationList{}, nil, issueTime, issueTime.AddDate(0, 0, 91))
	if err == nil {
		t.Error("a list for more than 90 days")
	}
	_, err = short.IssueRevocationList(rand.Reader, RevocationList{}, nil, issueTime.AddDate(6, 0, 0), issueTime.AddDate(6, 0, 9))
	checkIs(t, "a list after the key's time", err, ErrKeyPeriod)
	_, err = short.IssueRevocationList(rand.Reader, RevocationList{Number: strings.Repeat("7f", 20)}, nil, issueTime, issueTime.AddDate(0, 0, 9))
	if err != nil {
		t.Errorf("the last number but one: %v", err)
	}
	_, err = short.IssueRevocationList(rand.Reader, RevocationList{Number: "7f" + strings.Repeat("ff", 19)}, nil, issueTime, issueTime.AddDate(0, 0, 9))
	if err == nil {
		t.Error("a number of 21 octets")
	}
}

func TestIdentitiesThatAreRefused(t *testing.T) {
	p := Profiles()[1]
	key, err := GenerateKey("P-256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*Identity){
		"country":       func(i *Identity) { i.Country = "vn" },
		"long country":  func(i *Identity) { i.Country = "VNM" },
		"state":         func(i *Identity) { i.State = "vnm" },
		"no state":      func(i *Identity) { i.State = "" },
		"no name":       func(i *Identity) { i.CommonName = " " },
		"real name":     func(i *Identity) { i.CommonName = "CSCA Viet Nam" },
		"real house":    func(i *Identity) { i.Organization = "Ministry" },
		"no lists":      func(i *Identity) { i.CRL = nil },
		"file list":     func(i *Identity) { i.CRL = []string{"file:///crl"} },
		"list in words": func(i *Identity) { i.CRL = []string{"https://địa chỉ"} },
		"long name":     func(i *Identity) { i.CommonName = "SPECIMEN " + strings.Repeat("a", 56) },
		"escape":        func(i *Identity) { i.Organization = "SPECIMEN \x1b[31m" },
		"not UTF-8":     func(i *Identity) { i.CommonName = "SPECIMEN \xFF" },
		"contact":       func(i *Identity) { i.Contact = "hộp thư" },
	} {
		id := identity(p, false)
		bend(&id)
		if _, err := NewCSCA(rand.Reader, id, Validity{issueTime, issueTime.AddDate(5, 0, 0), Never()}, key); !errors.Is(err, ErrIdentity) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range []SignerRequest{
		{CommonName: "Document Signer", Purpose: ForDocuments, DocumentTypes: []string{"I"}},
		{CommonName: "SPECIMEN DS", Purpose: ForDocuments},
		{CommonName: "SPECIMEN DS", Purpose: ForDocuments, DocumentTypes: []string{"IDV"}},
		{CommonName: "SPECIMEN DS", Purpose: ForDocuments, DocumentTypes: []string{"I<"}},
		{CommonName: "SPECIMEN DS", Purpose: "stamps"},
	} {
		csca, err := NewCSCA(rand.Reader, identity(p, false), Validity{issueTime, issueTime.AddDate(5, 0, 0), Never()}, key)
		if err != nil {
			t.Fatal(err)
		}
		r.PublicKey, r.Validity = key.Public(), Validity{issueTime, issueTime.AddDate(0, 3, 0), Never()}
		if _, err := csca.IssueSigner(rand.Reader, r); err == nil {
			t.Errorf("issued %+v", r.CommonName)
		}
	}
}
