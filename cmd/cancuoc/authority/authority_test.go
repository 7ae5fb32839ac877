package authority

import (
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

var begun = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func create(t *testing.T, bend func(*Config)) *Authority {
	t.Helper()
	p, err := pki.ProfileByName("nist")
	if err != nil {
		t.Fatal(err)
	}
	c, err := SpecimenConfig(p, "VN")
	if err != nil {
		t.Fatal(err)
	}
	if bend != nil {
		bend(&c)
	}
	a, err := Create(filepath.Join(t.TempDir(), "authority"), c, Keys{}, begun)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func again(t *testing.T, a *Authority) *Authority {
	t.Helper()
	opened, err := Open(a.Folder, Keys{})
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func TestLengthsOfTime(t *testing.T) {
	for length, want := range map[string]string{"91d": "2026-05-31", "3m": "2026-06-01", "10y": "2036-03-01", "never": "9999-12-31"} {
		got, err := After(begun, length)
		if err != nil || got.Format(time.DateOnly) != want {
			t.Errorf("%s: %s, %v", length, got, err)
		}
	}
	for _, length := range []string{"", "3", "m", "0m", "-3m", "3w", "3.5y", "999999d", "9999y", "ever", "+3m "} {
		if got, err := After(begun, length); err == nil {
			t.Errorf("%q: %s", length, got)
		}
	}
}

// A signer's certificate ends when the longest-lived document does that its key signs last (Doc 9303-12, section 4.1.1.1).
func TestTheEndOfASigner(t *testing.T) {
	a := create(t, func(c *Config) { c.RootUntil, c.Longest = "15y", "10y" })
	s, err := a.IssueSigner(Issue{Purpose: pki.ForDocuments}, begun)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Certificate.NotAfter.Format(time.DateOnly); got != "2036-06-01" {
		t.Errorf("valid until %s: three months of signing and ten years of a document", got)
	}
	if got := s.Certificate.KeyNotEnd.Format(time.DateOnly); got != "2026-06-01" {
		t.Errorf("signs until %s", got)
	}
	_, err = a.IssueSigner(Issue{Purpose: pki.ForDocuments, Longest: "never"}, begun)
	if !errors.Is(err, pki.ErrShortCSCA) {
		t.Errorf("a signer without an end below an authority with one: %v", err)
	}
	_, err = a.IssueSigner(Issue{Purpose: pki.ForDocuments}, begun.AddDate(4, 10, 0))
	if !errors.Is(err, pki.ErrShortCSCA) {
		t.Errorf("a signer that outlasts its authority: %v", err)
	}
	_, err = a.IssueSigner(Issue{Purpose: pki.ForDocuments, Longest: "1y"}, begun.AddDate(5, 0, 1))
	if !errors.Is(err, pki.ErrKeyPeriod) {
		t.Errorf("issued after the authority's own time: %v", err)
	}
}

// A renewal that was cut short at any place is run again and is then whole: the link leads to the root that has its key.
func TestARenewalThatWasInterrupted(t *testing.T) {
	for _, left := range [][]string{{"keys/csca-002.key"}, {"keys/csca-002.key", "trust/link-002.cer"}, {"keys/csca-002.key", "trust/csca-002.cer", "trust/link-002.cer"}} {
		a := create(t, nil)
		before, err := os.ReadFile(a.path(configName))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Renew(Next{}, begun.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(a.path(configName), before, 0o600); err != nil { // the last step was not made
			t.Fatal(err)
		}
		for _, name := range []string{"trust/csca-002.cer", "trust/link-002.cer"} {
			if !strings.Contains(fmt.Sprint(left), name) {
				os.Remove(a.path(name))
			}
		}
		a = again(t, a)
		if a.Config.Root != 1 {
			t.Fatalf("root %d", a.Config.Root)
		}
		root, link, err := a.Renew(Next{}, begun.AddDate(1, 0, 1))
		if err != nil {
			t.Fatalf("%v: %v", left, err)
		}
		a = again(t, a)
		if !a.Root.Equal(root) || link.KeyHash() != root.KeyHash() || a.Config.Root != 2 {
			t.Errorf("%v: root %s, link %s", left, a.Root.Serial, link.Serial)
		}
		if _, err := a.IssueSigner(Issue{Purpose: pki.ForDocuments}, begun.AddDate(1, 0, 3)); err != nil {
			t.Errorf("%v: %v", left, err)
		}
	}
}

// Signers that are issued at once never share a name, and a folder that is read meanwhile has each of them whole.
func TestSignersIssuedAtOnce(t *testing.T) {
	a := create(t, nil)
	var wait sync.WaitGroup
	stop := make(chan struct{})
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			signers, err := a.SignersOf(pki.ForDocuments)
			if err != nil {
				t.Error(err)
				return
			}
			for _, s := range signers {
				if s.Key == "" {
					t.Errorf("%s without a key", s.File)
				}
			}
		}
	})
	var issuing sync.WaitGroup
	for range 3 {
		issuing.Go(func() {
			for range 4 {
				_, _ = a.IssueSigner(Issue{Purpose: pki.ForDocuments}, begun) // one of two at once may be refused
			}
		})
	}
	issuing.Wait()
	close(stop)
	wait.Wait()
	signers, err := a.SignersOf(pki.ForDocuments)
	if err != nil || len(signers) < 4 {
		t.Fatalf("%d signers, %v", len(signers), err)
	}
	keys := map[string]bool{}
	for _, s := range signers {
		if _, err := (Keys{}).OpenFor(s.Certificate, s.Key); err != nil {
			t.Errorf("%s: %v", s.File, err)
		}
		if keys[s.Certificate.KeyHash()] {
			t.Errorf("%s has the key of another", s.File)
		}
		keys[s.Certificate.KeyHash()] = true
	}
}

func TestListsCountOn(t *testing.T) {
	a := create(t, nil)
	for n, want := range []string{"crl-000001.crl", "crl-000002.crl", "crl-000003.crl"} {
		list, path, err := a.IssueList(nil, begun.AddDate(0, 0, n), 90)
		if err != nil || filepath.Base(path) != want || list.Number != fmt.Sprint(n+1) {
			t.Fatalf("%s, %s, %v", list.Number, path, err)
		}
	}
	revoked, err := a.ToRevoke([]string{a.Root.Serial})
	if err != nil || len(revoked) != 1 || !revoked[0].Equal(a.Root) {
		t.Errorf("by serial number: %v, %v", revoked, err)
	}
	if _, err := a.ToRevoke([]string{"12ab"}); !errors.Is(err, ErrNotIssued) {
		t.Error(err)
	}
	history, err := os.ReadFile(a.path(historyName))
	if err != nil || strings.Count(string(history), "\n") != 4 {
		t.Errorf("%s, %v", history, err)
	}
}

// A list that is lost, or that a power cut kept from being published, takes nothing off: what it revoked is on the next one,
// and no number is given twice.
func TestALostListUnrevokesNothing(t *testing.T) {
	a := create(t, nil)
	s, err := a.IssueSigner(Issue{Purpose: pki.ForDocuments}, begun)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.IssueList(nil, begun, 90); err != nil {
		t.Fatal(err)
	}
	_, lost, err := a.IssueList([]pki.Certificate{s.Certificate}, begun.AddDate(0, 0, 1), 90)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	next, _, err := a.IssueList(nil, begun.AddDate(0, 0, 2), 90)
	if err != nil {
		t.Fatal(err)
	}
	r, revoked := next.Revokes(s.Certificate)
	if !revoked || !r.At.Equal(begun.AddDate(0, 0, 1)) || next.Number != "3" {
		t.Errorf("list %s: revoked %v, %v", next.Number, revoked, r.At)
	}
	history, err := os.ReadFile(a.path(historyName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.path(historyName), append(history, []byte(`{"at":"2026-`)...), 0o600); err != nil {
		t.Fatal(err)
	}
	for day := range 2 {
		if _, _, err := a.IssueList(nil, begun.AddDate(0, 0, 3+day), 90); err != nil {
			t.Errorf("after a torn line: %v", err)
		}
	}
	if err := os.WriteFile(a.path(historyName), append([]byte("{\"at\": 7}\n"), history...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.IssueList(nil, begun.AddDate(0, 0, 9), 90); !errors.Is(err, ErrConfig) {
		t.Errorf("with a history that cannot be read: %v", err)
	}
}

// A list of another authority, or of nobody, that lies in the folder is not gone on from.
func TestAForeignListIsNotGoneOnFrom(t *testing.T) {
	a, other := create(t, nil), create(t, nil)
	if _, _, err := a.IssueList(nil, begun, 90); err != nil {
		t.Fatal(err)
	}
	foreign, _, err := other.IssueList(nil, begun.AddDate(0, 0, 1), 90)
	if err != nil {
		t.Fatal(err)
	}
	if err := pki.WriteRevocationList(a.path(trustFolder, "crl-000009.crl"), foreign); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.IssueList(nil, begun.AddDate(0, 0, 2), 90); !errors.Is(err, ErrForeignList) {
		t.Errorf("went on from another authority's list: %v", err)
	}
}

func TestDescriptionsThatAreRefused(t *testing.T) {
	a := create(t, nil)
	good, err := os.ReadFile(a.path(configName))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "array": "[]", "two": string(good) + "{}", "unknown": strings.Replace(string(good), `"format"`, `"colour": 1, "format"`, 1),
		"format": strings.Replace(string(good), `"format": 1`, `"format": 2`, 1), "hash": strings.Replace(string(good), "SHA-384", "MD5", 1),
		"no key": strings.Replace(string(good), "file:keys/csca-001.key", "", 1), "root 0": strings.Replace(string(good), `"root": 1`, `"root": 0`, 1),
		"huge": strings.Repeat(" ", maxConfig) + string(good),
	} {
		if text == string(good) {
			t.Fatalf("%s is as it was", name)
		}
		if err := os.WriteFile(a.path(configName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(a.Folder, Keys{}); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(t.TempDir(), Keys{}); !errors.Is(err, ErrNoAuthority) {
		t.Error(err)
	}
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	keys := Keys{Folder: dir, Passphrase: []byte("mật khẩu")}
	made, err := keys.Make(rand.Reader, "file:sub/key", "P-256", false)
	if err != nil {
		t.Fatal(err)
	}
	got, err := keys.Make(rand.Reader, "file:"+filepath.Join(dir, "sub/key"), "P-384", false)
	if err != nil || !made.(*ecdsa.PrivateKey).Equal(got) {
		t.Errorf("a key that is there was made again: %v", err)
	}
	if _, err := (Keys{Folder: dir}).Make(rand.Reader, "file:plain", "P-256", false); !errors.Is(err, ErrPlainKey) {
		t.Errorf("a plain key for a real authority: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "plain")); err == nil {
		t.Error("and it was written")
	}
	for _, ref := range []string{"", "key", "file:", "FILE:key", "PKCS11:token=x?pin-value=4711", "http://x/4711"} {
		_, err := keys.Open(ref)
		if !errors.Is(err, ErrReference) || strings.Contains(err.Error(), "4711") {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if _, err := keys.Open("file:nowhere"); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	if _, err := keys.Make(rand.Reader, "file:other", "P-192", false); !errors.Is(err, pki.ErrUnsupported) {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", keys, keys, keys); strings.Contains(text, "mật") || strings.Contains(text, "0x6d") {
		t.Errorf("keys print as %s", text)
	}
}
