package reader

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// opensslState is a CSCA and a document signer that openssl has made, in a folder. There are no public samples of most
// kinds of EF.SOD: those here are of our own making, by openssl.
type opensslState struct {
	t      *testing.T
	folder string
}

const opensslConfig = `[req]
distinguished_name=n
[n]
[csca]
basicConstraints=critical,CA:true,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[signer]
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
`

// newOpenSSLState makes the state; args say of what kind keys and signatures are.
func newOpenSSLState(t *testing.T, args ...string) opensslState {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	s := opensslState{t, t.TempDir()}
	if err := os.WriteFile(s.in("config"), []byte(opensslConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	req := append([]string{"req", "-x509", "-nodes", "-config", s.in("config"), "-days", "3650"}, args...)
	s.run(append(req, "-subj", "/C=VN/CN=SPECIMEN CSCA", "-extensions", "csca", "-keyout", s.in("csca.key"), "-out", s.in("csca.pem"))...)
	s.run(append(req, "-subj", "/C=VN/CN=SPECIMEN signer", "-extensions", "signer", "-keyout", s.in("signer.key"), "-out", s.in("signer.crt"),
		"-CA", s.in("csca.pem"), "-CAkey", s.in("csca.key"))...)
	return s
}

func (s opensslState) in(name string) string { return filepath.Join(s.folder, name) }

func (s opensslState) run(args ...string) []byte {
	s.t.Helper()
	var log bytes.Buffer
	cmd := exec.Command("openssl", args...)
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("openssl %s: %v: %s", strings.Join(args, " "), err, log.String())
	}
	return out
}

// sign gives a reading the EF.SOD that openssl makes.
func (s opensslState) sign(r Reading, hash crypto.Hash, args ...string) Reading {
	s.t.Helper()
	groups := map[int][]byte{}
	for name, content := range r.Files {
		if file, _ := lds.ByName(name); file.DataGroup > 0 {
			groups[file.DataGroup] = content
		}
	}
	if err := os.WriteFile(s.in("object"), encodeObject(s.t, lds.Digest(hash, groups)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	signed := s.run(append([]string{"cms", "-sign", "-in", s.in("object"), "-binary", "-nodetach", "-outform", "DER", "-nosmimecap",
		"-signer", s.in("signer.crt"), "-inkey", s.in("signer.key")}, args...)...)
	r = r.copy()
	r.Files["EF.SOD"] = tlv.Encode(0x77, signed)
	return r
}

func (s opensslState) trust() pki.Trust {
	s.t.Helper()
	trust, err := pki.LoadTrust(s.in("csca.pem"), time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return trust
}

func ecArgs(curve, hash, encoding string) []string {
	return []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + curve, "-pkeyopt", "ec_param_enc:" + encoding, "-" + hash}
}

var (
	sodType = []string{"-econtent_type", "2.23.136.1.1.1"}
	rsaArgs = []string{"-newkey", "rsa:2048", "-sha256"}
	pssArgs = []string{"-newkey", "rsa:2048", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"}
	pssSign = []string{"-econtent_type", "2.23.136.1.1.1", "-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32"}
)

func with(args []string, more ...string) []string {
	return append(append([]string{}, args...), more...)
}

// Documents in the forms that states have chosen: all of our own making, by openssl.
func TestVariantsOfTheField(t *testing.T) {
	good := issued(t, "le-mau-nhi", newAuthority(t), at)
	for name, c := range map[string]struct {
		state, sign []string
		hash        crypto.Hash
		algorithm   string
		weak        bool
	}{
		"RSA PKCS #1":            {rsaArgs, with(sodType, "-md", "sha256"), crypto.SHA256, "RSA PKCS #1 v1.5 with SHA-256", false},
		"RSA by key identifier":  {rsaArgs, with(sodType, "-md", "sha256", "-keyid"), crypto.SHA256, "RSA PKCS #1 v1.5 with SHA-256", false},
		"RSA SHA-512":            {[]string{"-newkey", "rsa:3072", "-sha512"}, with(sodType, "-md", "sha512"), crypto.SHA512, "RSA PKCS #1 v1.5 with SHA-512", false},
		"RSASSA-PSS":             {pssArgs, pssSign, crypto.SHA256, "RSASSA-PSS with SHA-256", false},
		"RSASSA-PSS, MGF1 SHA-1": {pssArgs, with(sodType, "-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_mgf1_md:sha1", "-keyopt", "rsa_pss_saltlen:20"), crypto.SHA256, "RSASSA-PSS with SHA-256, MGF1 with SHA-1", false},
		"SHA-224":                {ecArgs("secp224r1", "sha224", "named_curve"), with(sodType, "-md", "sha224"), crypto.SHA224, "ECDSA with SHA-224", false},
		"P-384":                  {ecArgs("secp384r1", "sha384", "named_curve"), with(sodType, "-md", "sha384"), crypto.SHA384, "ECDSA with SHA-384", false},
		"P-521, explicit":        {ecArgs("secp521r1", "sha512", "explicit"), with(sodType, "-md", "sha512"), crypto.SHA512, "ECDSA with SHA-512", false},
		"brainpool":              {ecArgs("brainpoolP384r1", "sha384", "named_curve"), with(sodType, "-md", "sha384"), crypto.SHA384, "ECDSA with SHA-384", false},
		"brainpool, explicit":    {ecArgs("brainpoolP256r1", "sha256", "explicit"), with(sodType, "-md", "sha256", "-keyid"), crypto.SHA256, "ECDSA with SHA-256", false},
		"id-data":                {rsaArgs, []string{"-md", "sha256"}, crypto.SHA256, "RSA PKCS #1 v1.5 with SHA-256", false},
		"SHA-1":                  {[]string{"-newkey", "rsa:2048", "-sha1"}, with(sodType, "-md", "sha1"), crypto.SHA1, "RSA PKCS #1 v1.5 with SHA-1", true},
		"SHA-1 in the signature": {rsaArgs, with(sodType, "-md", "sha1"), crypto.SHA256, "RSA PKCS #1 v1.5 with SHA-1", true},
		"SHA-1 in the object":    {rsaArgs, with(sodType, "-md", "sha256"), crypto.SHA1, "RSA PKCS #1 v1.5 with SHA-256", true},
		"SHA-1 in the chain":     {[]string{"-newkey", "rsa:2048", "-sha1"}, with(sodType, "-md", "sha256"), crypto.SHA256, "RSA PKCS #1 v1.5 with SHA-256", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newOpenSSLState(t, c.state...)
			r, now := s.sign(good, c.hash, c.sign...), time.Now()
			v := Verify(r, s.trust(), now)
			want := map[bool]Authenticity{false: Genuine, true: NotProven}[c.weak]
			if got := checkOf(t, v, "signature"); v.Verdict != want || !strings.HasPrefix(got.Detail, c.algorithm) {
				t.Errorf("%+v", v)
			}
			reason, _ := v.Reason()
			if c.weak && reason.Result != Weak {
				t.Errorf("the reason is %+v", reason)
			}
			v = Policy{Trust: s.trust(), SHA1Until: now.AddDate(0, 0, 1)}.Verify(r, now)
			if v.Verdict != Genuine {
				t.Errorf("with SHA-1: %+v", v)
			}
		})
	}
}

// Algorithm identifiers of RSA and of hashes without their NULL, in EF.SOD and in both certificates: of our own making.
func TestWithoutNull(t *testing.T) {
	s, good := newOpenSSLState(t, rsaArgs...), issued(t, "le-mau-nhi", newAuthority(t), at)
	r := s.sign(good, crypto.SHA256, with(sodType, "-md", "sha256")...)
	key := readRSA(t, s.in("csca.key"))
	all, err := pki.ReadCertificates(s.in("signer.crt"))
	if err != nil {
		t.Fatal(err)
	}
	root, signer := s.trust().Anchors[0].Raw, all[0].Raw
	bareRoot, bareSigner := sealWithoutNull(t, root, key), sealWithoutNull(t, signer, key)
	der, err := tlv.ParseOne(r.Files["EF.SOD"], 0x77)
	if err != nil {
		t.Fatal(err)
	}
	bare := dropNull(t, der)
	if len(bare) != len(der)-4*2 { // the signature's, and three in the certificate: openssl gives hashes none
		t.Fatalf("%d bytes of %d are left", len(bare), len(der))
	}
	bare = replaceCertificate(t, bare, dropNull(t, signer), bareSigner)
	r.Files["EF.SOD"] = tlv.Encode(0x77, bare)
	anchor, err := pki.ParseCertificate(bareRoot)
	if err != nil || anchor.SelfSigned() != nil {
		t.Fatal(err, anchor.SelfSigned())
	}
	if v := Verify(r, pki.Trust{Anchors: []pki.Certificate{anchor}}, time.Now()); v.Verdict != Genuine {
		t.Errorf("%+v", v)
	}
}

func readRSA(t *testing.T, path string) *rsa.PrivateKey {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// dropNull takes the NULL out of the identifiers of sha256, sha256WithRSAEncryption and rsaEncryption.
func dropNull(t *testing.T, der []byte) []byte {
	t.Helper()
	return rebuild(t, der, func(element []byte) []byte {
		for _, oid := range []string{"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01", "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0B", "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"} {
			if string(element) == "\x30\x0D"+oid+"\x05\x00" {
				return []byte("\x30\x0B" + oid)
			}
		}
		return element
	})
}

// sealWithoutNull signs a certificate anew.
func sealWithoutNull(t *testing.T, der []byte, key *rsa.PrivateKey) []byte {
	t.Helper()
	in := cryptobyte.String(dropNull(t, der))
	var outer, tbs, algorithm cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1Element(&tbs, cbasn1.SEQUENCE) || !outer.ReadASN1Element(&algorithm, cbasn1.SEQUENCE) {
		t.Fatal("no certificate")
	}
	digest := sha256.Sum256(tbs)
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	return b.BytesOrPanic()
}

// An LDS security object of version 1, and an issuer in another case and string type than the CSCA has its name in (Doc
// 9303-12, section 7.1.1): of our own making.
func TestObjectOfVersion1AndIssuerInAnotherType(t *testing.T) {
	good := issued(t, "le-mau-nhi", newAuthority(t), at)
	f := newForgery(t, good)
	f.object = func(o *lds.SecurityObject) { o.Version, o.LDSVersion, o.UnicodeVersion = 1, "0108", "040000" }
	if v := f.judge(t); v.Verdict != Genuine {
		t.Errorf("version 1: %+v", v)
	}
	for issuer, want := range map[string]Authenticity{
		"\x0C\x0DSPECIMEN CSCA": Genuine, "\x0C\x0Dspecimen csca": Genuine, "\x13\x0DSpecimen Csca": Genuine, "\x0C\x0DSPECIMEN CSCB": NotProven,
	} {
		f := newForgery(t, good)
		f.issuer = authorityTemplate(t, 1)
		plain, err := x509.ParseCertificate(issueDER(t, f.csca, f.csca, f.cscaKey, f.cscaKey))
		if err != nil {
			t.Fatal(err)
		}
		f.issuer.Subject = pkix.Name{}
		f.issuer.RawSubject = bytes.Replace(plain.RawSubject, []byte("\x13\x0DSPECIMEN CSCA"), []byte(issuer), 1)
		if v := f.judge(t); v.Verdict != want {
			t.Errorf("%q: %+v", issuer, v)
		}
	}
}

// Whatever byte of EF.SOD or of the CSCA's certificate is another, no card is genuine, whatever signs it.
func TestEveryFlippedByteOfEveryKind(t *testing.T) {
	good := issued(t, "le-mau-nhi", newAuthority(t), at)
	for name, c := range map[string]struct{ state, sign []string }{
		"ECDSA, named":    {ecArgs("prime256v1", "sha256", "named_curve"), with(sodType, "-md", "sha256")},
		"ECDSA, explicit": {ecArgs("brainpoolP256r1", "sha256", "explicit"), with(sodType, "-md", "sha256")},
		"RSA PKCS #1":     {rsaArgs, with(sodType, "-md", "sha256")},
		"RSASSA-PSS":      {pssArgs, pssSign},
	} {
		t.Run(name, func(t *testing.T) {
			s := newOpenSSLState(t, c.state...)
			r, trust, now := s.sign(good, crypto.SHA256, c.sign...), s.trust(), time.Now()
			if v := Verify(r, trust, now); v.Verdict != Genuine {
				t.Fatalf("%+v", v)
			}
			sod := r.Files["EF.SOD"]
			eachFlip(sod, func(i int, bent []byte) {
				r.Files["EF.SOD"] = bent
				if v := Verify(r, trust, now); v.Verdict == Genuine {
					t.Errorf("byte %d of EF.SOD is another: %+v", i, v)
				}
			})
			r.Files["EF.SOD"] = sod
			file := filepath.Join(t.TempDir(), "csca.cer")
			eachFlip(trust.Anchors[0].Raw, func(i int, bent []byte) {
				if err := os.WriteFile(file, bent, 0o600); err != nil {
					t.Fatal(err)
				}
				trust, err := pki.LoadTrust(file, now)
				if err == nil && Verify(r, trust, now).Verdict == Genuine {
					t.Errorf("byte %d of the CSCA's certificate is another, and the card is genuine", i)
				}
			})
		})
	}
}

// eachFlip gives copies in which one byte is another: one bit of it, and all of them.
func eachFlip(b []byte, try func(i int, bent []byte)) {
	for i := range b {
		for _, pattern := range []byte{1 << (i % 8), 0xFF} {
			bent := bytes.Clone(b)
			bent[i] ^= pattern
			try(i, bent)
		}
	}
}
