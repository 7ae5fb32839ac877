package pki

import (
	"bytes"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/ec"
)

const (
	samples    = "../../../shared/samples/"
	germanList = samples + "masterlists/DE_ML_2026-05-28-08-28-45.ml"
	dutchList  = samples + "masterlists/NL_ML_2026-07-22.ml"
	germanRoot = samples + "csca/DE_ROOT_CA_CSCA07.cer"
	dutchRoot  = samples + "csca/NL_ROOT_CA.cer"
)

// listTime is when the master lists and their signers were valid.
var listTime = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

func sampleFile(t testing.TB, path string) []byte {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Skip("the samples are not here: ", err)
	}
	return file
}

// Every certificate of both master lists is read; every one that names itself as its issuer or whose issuer is in the list
// has the right signature. The table tells what they are; one that is no root and whose issuer's key is not in the list
// is counted.
func TestMasterListsOfTheField(t *testing.T) {
	for path, want := range map[string]struct {
		all, roots, links, orphans int
	}{
		germanList: {588, 375, 199, 14},
		dutchList:  {411, 411, 0, 0},
	} {
		list, err := ParseMasterList(sampleFile(t, path))
		if err != nil {
			t.Fatal(err)
		}
		table, roots, links, orphans := map[string]int{}, 0, 0, 0
		for n, c := range list.Certificates {
			if c.Err != nil {
				t.Errorf("certificate %d: %v", n+1, c.Err)
				continue
			}
			table[c.Certificate.KeyAlgorithm+", "+c.Certificate.Algorithm]++
			switch by, err := signedIn(list, c.Certificate); {
			case err == nil && by.Equal(c.Certificate):
				roots++
			case err == nil:
				links++
			case errors.Is(err, ErrNoAnchor):
				orphans++
				t.Logf("the issuer's key is not in the list: %s, issued by %s", c.Certificate.Subject, c.Certificate.Issuer)
			default:
				t.Errorf("certificate %d, %s: %v", n+1, c.Certificate.Subject, err)
			}
		}
		for _, what := range slices.Sorted(maps.Keys(table)) {
			t.Logf("%4d  %s", table[what], what)
		}
		if len(list.Certificates) != want.all || roots != want.roots || links != want.links || orphans != want.orphans {
			t.Errorf("%s: %d certificates, %d roots, %d links, %d orphans", filepath.Base(path), len(list.Certificates), roots, links, orphans)
		}
	}
}

// openssl finds the signature of every root right that we find right.
func TestOpenSSLOnTheMasterLists(t *testing.T) {
	path, seen := filepath.Join(t.TempDir(), "root.pem"), map[string]bool{}
	for _, name := range []string{germanList, dutchList} {
		list, err := ParseMasterList(sampleFile(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Certificates {
			if seen[string(c.Raw)] || c.Certificate.SelfSigned() != nil {
				continue
			}
			seen[string(c.Raw)] = true
			text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			openssl(t, "verify", "-no_check_time", "-check_ss_sig", "-CAfile", path, path)
		}
	}
	if len(seen) < 400 {
		t.Errorf("%d roots", len(seen))
	}
}

// signedIn gives the certificate of the list whose key has signed this one.
func signedIn(list MasterList, c Certificate) (Certificate, error) {
	if c.SelfSigned() == nil {
		return c, nil
	}
	failure := ErrNoAnchor
	for _, by := range list.Certificates {
		if issued(by.Certificate.x509, c.x509) {
			if failure = checkSignature(by.Certificate, c); failure == nil {
				return by.Certificate, nil
			}
		}
	}
	return Certificate{}, failure
}

// copySamples puts files into a folder of their own.
func copySamples(t *testing.T, paths ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range paths {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), sampleFile(t, path), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A master list is believed below the root of the state that signed it, and below no other.
func TestMasterListBelowItsRoot(t *testing.T) {
	for _, c := range []struct {
		list, root    string
		anchors, none int
		reason        error
	}{
		{germanList, germanRoot, 580, 8, ErrNotAuthority},
		{dutchList, dutchRoot, 411, 0, nil},
		{germanList, dutchRoot, 0, 0, ErrNoAnchor},
		{dutchList, germanRoot, 0, 0, ErrNoAnchor},
	} {
		dir := copySamples(t, c.list, c.root)
		trust, err := LoadTrust(dir, listTime)
		if c.anchors == 0 {
			checkIs(t, "another state's root", err, c.reason)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, sources, err := ReadTrust(dir, listTime)
		if err != nil {
			t.Fatal(err)
		}
		none := 0
		for _, s := range sources {
			if s.Use == "none" {
				none++
				checkIs(t, s.Certificate.Subject, s.Err, c.reason)
				t.Logf("%s %s: %v", s.Entry, s.Certificate.Subject, s.Err)
			}
		}
		if len(trust.Anchors) != c.anchors || none != c.none {
			t.Errorf("%s: %d anchors, %d of no use", filepath.Base(c.list), len(trust.Anchors), none)
		}
	}
}

// The deviation list stands below the anchors of the German master list, and does not pass for a master list.
func TestDeviationListOfTheField(t *testing.T) {
	file := sampleFile(t, samples+"masterlists/BSI_deviation_list_erp.bin")
	list, err := ParseDeviationList(file)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := LoadTrust(copySamples(t, germanList, germanRoot), listTime)
	if err != nil {
		t.Fatal(err)
	}
	signer, path, err := list.Verify(trust)
	if err != nil || signer.Country != "EE" || len(path) != 1 || !strings.Contains(path[0].Subject, "01-2016") {
		t.Errorf("%s below %v: %v", signer.Subject, path, err)
	}
	_, _, err = list.Verify(Trust{})
	checkIs(t, "without anchors", err, ErrNoAnchor)
	if _, err := ParseMasterList(file); err == nil {
		t.Error("a deviation list passed for a master list")
	}
}

// What is trusted for standing in a master list hangs on its signer: valid now, not revoked, not by way of SHA-1.
func TestWhoMayNameAnchors(t *testing.T) {
	s, other := newState(t, ec.P256(), "UT", "SPECIMEN CSCA"), newState(t, ec.P256(), "VN", "SPECIMEN CSCA")
	c, signer := s.signer(t, "2.23.136.1.1.3")
	list := masterList(t, signer, other.root)
	revoked := s.crl(t, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{c})
	careless := s
	careless.weak = true
	weak, weakSigner := careless.signer(t, "2.23.136.1.1.3")
	if !weak.Weak() {
		t.Fatal("the signer's certificate is not signed by way of SHA-1")
	}
	for what, l := range map[string]struct {
		files map[string][]byte
		at    time.Time
		want  string
	}{
		"good":    {map[string][]byte{"a.cer": s.root.Raw, "c.ml": list}, issueTime, ""},
		"revoked": {map[string][]byte{"a.cer": s.root.Raw, "c.ml": list, "d.crl": revoked}, issueTime, "revoked"},
		"expired": {map[string][]byte{"a.cer": s.root.Raw, "c.ml": list}, c.NotAfter.AddDate(0, 0, 1), "expired"},
		"weak":    {map[string][]byte{"a.cer": s.root.Raw, "c.ml": masterList(t, weakSigner, other.root)}, issueTime, "SHA-1"},
	} {
		dir := t.TempDir()
		for name, der := range l.files {
			if err := os.WriteFile(filepath.Join(dir, name), der, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		trust, err := LoadTrust(dir, l.at)
		if l.want == "" && (err != nil || len(trust.Anchors) != 2) || l.want != "" && (err == nil || !strings.Contains(err.Error(), l.want)) {
			t.Errorf("%s: %d anchors, %v", what, len(trust.Anchors), err)
		}
	}
}

// Keys of list signers and of document signers are held apart.
func TestListSigners(t *testing.T) {
	s := newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA")
	other := newState(t, ec.P384(), "VN", "SPECIMEN CSCA")
	trust := Trust{Anchors: []Certificate{s.root}}
	ds, signer := s.signer(t)
	ls, listSigner := s.signer(t, "2.23.136.1.1.3")
	_, deviationSigner := s.signer(t, "2.23.136.1.1.8")
	for what, c := range map[string]struct {
		der  []byte
		want error
	}{
		"a master list signer":    {masterList(t, listSigner, s.root, other.root), nil},
		"a document signer":       {masterList(t, signer, s.root), ErrNotListSigner},
		"a deviation list signer": {masterList(t, deviationSigner, s.root), ErrNotListSigner},
	} {
		list, err := ParseMasterList(c.der)
		if err != nil {
			t.Fatal(err)
		}
		_, path, err := list.Verify(trust)
		checkIs(t, what, err, c.want)
		if c.want == nil && (len(path) != 1 || !path[0].Equal(s.root) || len(list.Certificates) != 2) {
			t.Errorf("%d certificates below %v", len(list.Certificates), path)
		}
	}
	_, err := trust.Chain(ds)
	checkIs(t, "a document signer", err, nil)
	_, err = trust.Chain(ls)
	checkIs(t, "a list signer for documents", err, ErrCriticalExtension)
}

// A certificate that cannot be read has its reason, and the others are there.
func TestMasterListWithABrokenCertificate(t *testing.T) {
	s := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA")
	_, signer := s.signer(t, "2.23.136.1.1.3")
	broken := Certificate{Raw: []byte{0x30, 3, 2, 1, 0}}
	list, err := ParseMasterList(masterList(t, signer, s.root, broken, s.root))
	if err != nil || len(list.Certificates) != 3 || list.Certificates[1].Err == nil || list.Certificates[2].Err != nil {
		t.Errorf("%+v, %v", list.Certificates, err)
	}
}

func TestEveryFlippedByteOfAMasterList(t *testing.T) {
	s := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA")
	_, signer := s.signer(t, "2.23.136.1.1.3")
	der, trust := masterList(t, signer, s.root), Trust{Anchors: []Certificate{s.root}}
	for i := range der {
		for bit := range 8 {
			bent := bytes.Clone(der)
			bent[i] ^= 1 << bit
			list, err := ParseMasterList(bent)
			if err != nil {
				continue
			}
			if _, _, err := list.Verify(trust); err == nil {
				t.Fatalf("bit %d of byte %d flipped, and the list is believed", bit, i)
			}
		}
	}
}

func FuzzParseMasterList(f *testing.F) {
	s := newState(f, ec.P256(), "UT", "SPECIMEN CSCA")
	_, signer := s.signer(f, "2.23.136.1.1.3")
	f.Add(masterList(f, signer, s.root))
	trust := Trust{Anchors: []Certificate{s.root}}
	f.Fuzz(func(t *testing.T, der []byte) {
		list, err := ParseMasterList(der)
		if err != nil {
			return
		}
		if _, _, err := list.Verify(trust); err == nil && (len(list.Certificates) != 1 || !list.Certificates[0].Certificate.Equal(s.root)) {
			t.Error("a forged master list is believed")
		}
	})
}
