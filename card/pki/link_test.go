package pki

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// Three keys of one state, the last under a new name: who trusts the first follows the links to a signer below the last.
func TestChainThroughLinks(t *testing.T) {
	first := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA")
	second := newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA")
	third := newState(t, ec.P521(), "UT", "SPECIMEN CSCA of Utopia")
	stranger := newState(t, ec.P256(), "VN", "SPECIMEN CSCA")
	ds, _ := third.signer(t)
	to2, to3 := first.link(t, second), second.link(t, third)
	for what, c := range map[string]struct {
		trust Trust
		want  error
		steps int
	}{
		"both links":                {Trust{Anchors: []Certificate{first.root}, Links: []Certificate{to3, to2}}, nil, 3},
		"the anchor itself":         {Trust{Anchors: []Certificate{third.root}, Links: []Certificate{to3, to2}}, nil, 1},
		"the second as anchor":      {Trust{Anchors: []Certificate{second.root}, Links: []Certificate{to3}}, nil, 2},
		"a link is missing":         {Trust{Anchors: []Certificate{first.root}, Links: []Certificate{to3}}, ErrNoAnchor, 0},
		"roots do not vouch":        {Trust{Anchors: []Certificate{first.root}, Links: []Certificate{second.root, third.root}}, ErrNoAnchor, 0},
		"no anchor":                 {Trust{Links: []Certificate{to2, to3}}, ErrNoAnchor, 0},
		"a link to another country": {Trust{Anchors: []Certificate{stranger.root}, Links: []Certificate{stranger.link(t, third)}}, ErrNoAnchor, 0},
		"an empty link":             {Trust{Anchors: []Certificate{first.root}, Links: []Certificate{{}}}, ErrNoAnchor, 0},
	} {
		path, err := c.trust.Path(ds)
		checkIs(t, what, err, c.want)
		if len(path) != c.steps {
			t.Errorf("%s: %d steps", what, len(path))
		}
	}
	path, _ := Trust{Anchors: []Certificate{first.root}, Links: []Certificate{to3, to2}}.Path(ds)
	if len(path) == 3 && (!path[0].Equal(to3) || !path[1].Equal(to2) || !path[2].Equal(first.root)) {
		t.Error("the path is not in its order")
	}
	forged := newState(t, ec.P521(), "UT", "SPECIMEN CSCA of Utopia")
	forged.id = third.id
	fake, _ := forged.signer(t)
	_, err := Trust{Anchors: []Certificate{first.root}, Links: []Certificate{to2, to3}}.Path(fake)
	checkIs(t, "another key under the same name and identifier", err, ErrSignature)
}

// No byte of a link may be another: it then leads nowhere.
func TestEveryFlippedByteOfALink(t *testing.T) {
	first, second := newState(t, ec.P256(), "UT", "SPECIMEN CSCA"), newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA of Utopia")
	ds, _ := second.signer(t)
	link := first.link(t, second)
	checkLink := func(der []byte) error {
		c, err := ParseCertificate(der)
		if err == nil {
			_, err = Trust{Anchors: []Certificate{first.root}, Links: []Certificate{c}}.Path(ds)
		}
		return err
	}
	checkIs(t, "the link as it is", checkLink(link.Raw), nil)
	for i := range link.Raw {
		for _, pattern := range []byte{1 << (i % 8), 0xFF} {
			bent := bytes.Clone(link.Raw)
			bent[i] ^= pattern
			if checkLink(bent) == nil {
				t.Errorf("byte %d is another, and the link leads on", i)
			}
		}
	}
}

// Indonesia's keys of 2010, 2016 and 2020, the second under another name: the links of 2016 and 2020 lead on from the root
// of 2010.
func TestLinksOfTheField(t *testing.T) {
	dir := samples + "csca/IDN_2010_SERIES_CSCA_CERT/"
	folder := copySamples(t, dir+"2010-12_CSCA.cer", dir+"2016-01_CSCA_LINK.cer", dir+"2020-10_CSCA_LINK.cer")
	trust, err := LoadTrust(folder, issueTime)
	if err != nil || len(trust.Anchors) != 1 || len(trust.Links) != 2 {
		t.Fatalf("%d anchors, %d links: %v", len(trust.Anchors), len(trust.Links), err)
	}
	reached := 0
	for path := range trust.authorities() {
		reached = max(reached, len(path))
	}
	if reached != 3 {
		t.Errorf("the last link is %d steps away", reached)
	}
	next, err := ReadCertificates(dir + "2020-10_CSCA.cer")
	if err != nil || !trust.Links[1].Holds(publicOnly{next[0].PublicKey}) {
		t.Errorf("the link of 2020 and the root of 2020 have two keys: %v", err)
	}
	if _, err := LoadTrust(dir+"2020-10_CSCA_LINK.cer", issueTime); err == nil {
		t.Error("a link alone was trusted")
	}
}

// A key on a token has another type for the same point.
func TestHoldsAKeyOnAToken(t *testing.T) {
	s, other := newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA"), newState(t, ec.BrainpoolP384r1(), "UT", "SPECIMEN CSCA")
	for _, c := range []struct {
		key  *ECPublicKey
		want bool
	}{{s.key.Public().(*ECPublicKey), true}, {other.key.Public().(*ECPublicKey), false}} {
		token := publicOnly{secinfo.PublicKey{Curve: c.key.Curve, Point: c.key.Point}}
		if s.root.Holds(token) != c.want {
			t.Errorf("the certificate holds the key: %v", !c.want)
		}
	}
	if s.root.Holds(publicOnly{secinfo.PublicKey{}}) || s.root.Holds(nil) {
		t.Error("the certificate holds no key")
	}
}

// ldif writes one entry of an export, its lines folded.
func ldif(dn, attribute string, der []byte) string {
	text := fmt.Sprintf("dn: %s\nobjectClass: top\n%s:: %s", dn, attribute, base64.StdEncoding.EncodeToString(der))
	folded := ""
	for i, r := range text {
		if i > 0 && i%70 == 0 && !strings.HasSuffix(folded, "\n") && r != '\n' {
			folded += "\n "
		}
		folded += string(r)
	}
	return folded + "\n\n"
}

// An LDIF export of our own making, since there is no public sample: certificates, revocation lists, master lists. It is
// believed as far as the root beside it reaches, and what is of no use in it spoils nothing.
func TestLDIF(t *testing.T) {
	s, other := newState(t, ec.BrainpoolP256r1(), "UT", "SPECIMEN CSCA"), newState(t, ec.P256(), "VN", "SPECIMEN CSCA")
	ds, _ := s.signer(t)
	_, listSigner := s.signer(t, "2.23.136.1.1.3")
	_, strangersListSigner := other.signer(t, "2.23.136.1.1.3")
	partial := x509.Extension{ID: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 0}}
	text := "version: 1\n# an export\n\n" +
		ldif("cn=root,c=UT", "cACertificate;binary", s.root.Raw) +
		ldif("cn=signer,c=UT", "userCertificate;binary", ds.Raw) +
		ldif("cn=broken,c=UT", "userCertificate;binary", []byte{0x30, 0}) +
		ldif("c=UT", "certificateRevocationList;binary", s.crl(t, issueTime, issueTime.AddDate(0, 3, 0), []Certificate{ds})) +
		ldif("cn=list,c=UT", "pkdMasterListContent", masterList(t, listSigner, s.root, other.root)) +
		ldif("c=VN", "certificateRevocationList;binary", other.crl(t, issueTime, issueTime.AddDate(0, 3, 0), nil, partial)) +
		ldif("cn=list,c=VN", "pkdMasterListContent", masterList(t, strangersListSigner, other.root)) +
		ldif("cn=photo,c=UT", "jpegPhoto", []byte{0xFF, 0xD8})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "root.cer"), s.root.Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "export.ldif")
	for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n")} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadTrust(path, issueTime); err == nil {
			t.Error("an export established trust")
		}
		trust, err := LoadTrust(dir, issueTime)
		if err != nil || len(trust.Anchors) != 2 || len(trust.Lists) != 1 {
			t.Fatalf("%d anchors, %d revocation lists: %v", len(trust.Anchors), len(trust.Lists), err)
		}
		checkIs(t, "the signer", trust.Revocation(ds, issueTime), ErrRevoked)
		_, sources, err := ReadTrust(dir, issueTime)
		uses := ""
		for _, s := range sources {
			uses += s.Use + ", "
		}
		if err != nil || uses != "none, signer, none, revocation list, none, none, anchor, master list, anchor, anchor, none, " {
			t.Errorf("%s %v", uses, err)
		}
	}
	for what, text := range map[string]string{"not base64": "dn: c=UT\nuserCertificate;binary:: !!\n", "no attribute": "dn: c=UT\nnothing\n", "folded first": " x\n", "without end": strings.Repeat("a:: \n", maxValues+1)} {
		if _, err := parseLDIF(text); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func FuzzParseLDIF(f *testing.F) {
	f.Add("dn: c=UT\nuserCertificate;binary:: MAA=\n")
	f.Add("dn:: Yz1VVA==\r\ncRL:: MA\r\n A=\r\n-\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		var s store
		s.addLDIF(Source{File: "export.ldif"}, text)
		s.addMasterLists(issueTime)
		if len(s.trust.Anchors) > 0 && !strings.Contains(text, "::") {
			t.Error("an anchor out of plain text")
		}
	})
}
