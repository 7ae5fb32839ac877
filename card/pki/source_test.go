package pki

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// What a file holds is told by its content: here every name lies. Revocation list and export are of our own making, since
// there is no public sample.
func TestParseSourcesByContent(t *testing.T) {
	s := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA")
	ds, _ := s.signer(t)
	_, signer := s.signer(t, forLists)
	list, crl := masterList(t, signer, s.root), s.crl(t, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{ds})
	inPEM := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	export := ldif("c=UT", "userCertificate;binary", ds.Raw) + ldif("c=UT", "cACertificate;binary", s.root.Raw) +
		ldif("c=UT", "certificateRevocationList;binary", crl) + ldif("c=UT", "pkdMasterListContent", list) + ldif("c=UT", "jpegPhoto", []byte("x"))
	for what, c := range map[string]struct {
		text []byte
		want string // c, r, m, or ! for unread and - for none of them, in order
	}{
		"a.ml":                       {s.root.Raw, "c"},
		"certificate in PEM.crl":     {inPEM("CERTIFICATE", s.root.Raw), "c"},
		"list.cer":                   {list, "m"},
		"list in PEM.cer":            {inPEM("CMS", list), "m"},
		"crl.cer":                    {crl, "r"},
		"crl in PEM.cer":             {inPEM("X509 CRL", crl), "r"},
		"three.cer":                  {slices.Concat(inPEM("CERTIFICATE", s.root.Raw), inPEM("X509 CRL", crl), inPEM("CERTIFICATE", ds.Raw)), "crc"},
		"a key.pem":                  {inPEM("PRIVATE KEY", []byte{1}), "!"},
		"export.txt":                 {[]byte(export), "ccrm-"},
		"broken export.ldif":         {[]byte(export + "no attribute\n"), "!"},
		"empty":                      {nil, "!"},
		"text":                       {[]byte("The quick brown fox"), "!"},
		"a SEQUENCE of nothing.cer":  {[]byte{0x30, 0}, "!"},
		"a certificate cut off.cer":  {s.root.Raw[:100], "!"},
		"a list of another type.bin": {bytes.Replace(list, []byte{0x67, 0x81, 0x08, 1, 1, 2}, []byte{0x67, 0x81, 0x08, 1, 1, 7}, 1), "!"},
	} {
		got := ""
		for _, one := range ParseSources(what, c.text) {
			got += content(t, one)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// content gives one letter for what a source holds.
func content(t *testing.T, s Source) string {
	t.Helper()
	held := ""
	for letter, there := range map[string]bool{"c": s.Certificate.Raw != nil, "r": s.RevocationList.Raw != nil, "m": s.MasterList.SignedData.Raw != nil} {
		if there {
			held += letter
		}
	}
	switch {
	case s.Unread && s.Err != nil && held == "":
		return "!"
	case s.Err != nil && held == "":
		return "-"
	case len(held) != 1 || s.Err != nil || s.Use != "":
		t.Errorf("%s: %q, use %q, %v", s.name(), held, s.Use, s.Err)
	}
	return held
}

// A file that cannot be read is told and hides none of the others; who loads the folder as trust does not overlook it.
func TestReadTrustTellsOfAllFiles(t *testing.T) {
	s := newState(t, ec.P256(), "UT", "SPECIMEN CSCA")
	_, signer := s.signer(t, forLists)
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"a.cer": s.root.Raw, "b.cer": []byte("rubbish"), "c.crl": s.crl(t, issueTime, issueTime.AddDate(0, 3, 0), nil), "d.ml": masterList(t, signer, s.root),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.cer"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, sources, err := ReadTrust(dir, issueTime)
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]string{}
	for _, one := range sources {
		uses[strings.TrimPrefix(one.name(), dir+"/")] = one.Use
		if unread := one.Use == "none"; one.Unread != unread || one.Fatal != unread {
			t.Errorf("%s: %+v", one.name(), one.Err)
		}
		if one.Use == "revocation list" && one.RevocationList.Issuer == "" || one.Use == "master list" && len(one.MasterList.Certificates) != 1 {
			t.Errorf("%s has no content", one.name())
		}
	}
	want := map[string]string{"a.cer": "anchor", "b.cer": "none", "c.crl": "revocation list", "pipe.cer": "none", "d.ml": "master list", "d.ml, certificate 1": "anchor"}
	if !maps.Equal(uses, want) {
		t.Error(uses)
	}
	if _, err := LoadTrust(dir, issueTime); err == nil {
		t.Error("a broken file was overlooked")
	}
}

// A pipe in a folder of certificates is not waited for.
func TestPipesAreNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.cer"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, read := range map[string]func() error{
		"ReadCertificates": func() error { _, err := ReadCertificates(dir); return err },
		"LoadTrust":        func() error { _, err := LoadTrust(dir, issueTime); return err },
		"ReadSources": func() error {
			all, err := ReadSources(dir)
			if err == nil && len(all) == 1 {
				err = all[0].Err
			}
			return err
		},
	} {
		done := make(chan error, 1)
		go func() { done <- read() }()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%s: a pipe is no error", what)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s waits for a pipe", what)
		}
	}
}

// What every certificate of both lists is: the table, and how many of each.
func TestKindsOfTheMasterLists(t *testing.T) {
	for path, want := range map[string]map[Kind]int{
		germanList: {KindRoot: 375, KindLink: 205, KindNoAuthority: 8},
		dutchList:  {KindRoot: 411},
	} {
		list, err := ParseMasterList(sampleFile(t, path))
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[Kind]int{}
		for n, c := range list.Certificates {
			kind := c.Certificate.Kind()
			kinds[kind]++
			t.Logf("%4d  %-2s  %-4s  %s, %s %s  %s", n+1, c.Certificate.Country, kind, c.Certificate.Algorithm, c.Certificate.KeyAlgorithm, c.Certificate.CurveParameters, c.Certificate.Subject)
		}
		if !maps.Equal(kinds, want) {
			t.Errorf("%s: %v", filepath.Base(path), kinds)
		}
		signer, err := list.Signer()
		if err != nil || signer.Kind() != KindMasterListSigner {
			t.Errorf("the signer is a %s: %v", signer.Kind(), err)
		}
	}
}

func TestKinds(t *testing.T) {
	s, next := newState(t, ec.P256(), "UT", "SPECIMEN CSCA"), newState(t, ec.P256(), "UT", "SPECIMEN CSCA")
	broken := bytes.Clone(s.root.Raw)
	broken[len(broken)-1] ^= 1
	falseRoot, err := ParseCertificate(broken)
	if err != nil {
		t.Fatal(err)
	}
	signer := func(purposes ...string) Certificate {
		c, _ := s.signer(t, purposes...)
		return c
	}
	for want, c := range map[Kind]Certificate{
		KindRoot: s.root, KindLink: s.link(t, next), KindFalseRoot: falseRoot, KindDocumentSigner: signer(), KindOther: {},
		KindMasterListSigner: signer(forLists), KindDeviationListSigner: signer("2.23.136.1.1.8"), KindTravelStampSigner: signer("2.23.136.1.1.9.8.1"),
		KindVisaSigner: signer("2.23.136.1.1.9.8.2"), KindBiometricsSigner: signer("2.23.136.1.1.9.8.3"), KindBarCodeSigner: signer("2.23.136.1.1.11.1"),
		KindCommunication: signer("1.3.6.1.5.5.7.3.1"),
	} {
		if got := c.Kind(); got != want {
			t.Errorf("%s is %s", want, got)
		}
	}
}

// openssl reads the same serial numbers, key identifiers, curve parameters and extensions.
func TestOpenSSLDescribesTheSame(t *testing.T) {
	authority, err := NewSpecimenAuthority(rand.Reader, issueTime, "VN")
	if err != nil {
		t.Fatal(err)
	}
	all := []Certificate{authority.CSCA, authority.DocumentSigner}
	for _, path := range []string{germanRoot, dutchRoot, samples + "csca/dsc_de_0130846f2b3e.cer"} {
		c, err := ReadCertificates(path)
		if errors.Is(err, os.ErrNotExist) {
			t.Logf("the samples are not here: %v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c...)
	}
	parameters := map[string]bool{}
	for _, c := range all {
		path := filepath.Join(t.TempDir(), "c.pem")
		if err := WriteCertificate(path, c); err != nil {
			t.Fatal(err)
		}
		text := openssl(t, "x509", "-in", path, "-noout", "-text", "-serial")
		if !strings.Contains(text, "serial="+strings.ToUpper(c.Serial)) && !strings.Contains(text, "serial=0"+strings.ToUpper(c.Serial)) {
			t.Errorf("%s: serial number %s", c.Subject, c.Serial)
		}
		if c.KeyID == "" || !strings.Contains(strings.ToLower(strings.ReplaceAll(text, ":", "")), c.KeyID) {
			t.Errorf("%s: key identifier %s", c.Subject, c.KeyID)
		}
		explicit, named := strings.Contains(text, "Generator"), strings.Contains(text, "ASN1 OID")
		if explicit != (c.CurveParameters == "explicit") || named != (c.CurveParameters == "named") {
			t.Errorf("%s: parameters %q", c.Subject, c.CurveParameters)
		}
		parameters[c.CurveParameters] = true
		headings := regexp.MustCompile(`(?m)^ {12}\S.*: ?(critical)?$`).FindAllString(text[strings.Index(text, "X509v3 extensions"):], -1)
		critical := 0
		for _, e := range c.Extensions() {
			if e.Name == "" {
				t.Errorf("%s: extension %s has no name", c.Subject, e.ID)
			}
			if e.Critical {
				critical++
			}
		}
		if len(headings) != len(c.Extensions()) || strings.Count(strings.Join(headings, ""), "critical") != critical {
			t.Errorf("%s: %d extensions, %d critical; openssl: %q", c.Subject, len(c.Extensions()), critical, headings)
		}
	}
	t.Log(slices.Sorted(maps.Keys(parameters)))
}

func FuzzParseSources(f *testing.F) {
	s := newState(f, ec.P256(), "UT", "SPECIMEN CSCA")
	_, signer := s.signer(f, forLists)
	f.Add(s.root.Raw)
	f.Add(s.crl(f, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{s.root}))
	f.Add(masterList(f, signer, s.root))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.root.Raw}))
	f.Add([]byte(ldif("c=UT", "userCertificate;binary", s.root.Raw)))
	f.Fuzz(func(t *testing.T, text []byte) {
		all := ParseSources("file", text)
		if len(all) == 0 {
			t.Error("nothing is said of the file")
		}
		for _, one := range all {
			_, _ = one.Certificate.Kind(), one.Certificate.Extensions()
			if one.Err == nil && one.Certificate.Raw == nil && one.RevocationList.Raw == nil && one.MasterList.SignedData.Raw == nil {
				t.Error("an entry with neither content nor reason")
			}
		}
	})
}
