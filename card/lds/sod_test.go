package lds

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

var signingTime = time.Date(2026, 3, 1, 8, 30, 15, 0, time.UTC)

func newSOD(t testing.TB) (*pki.Authority, []byte) {
	t.Helper()
	a, err := pki.NewSpecimenAuthority(rand.Reader, signingTime, "VN")
	if err != nil {
		t.Fatal(err)
	}
	object := Digest(crypto.SHA256, map[int][]byte{1: []byte("one"), 2: []byte("two"), 13: []byte("thirteen")})
	file, err := SignSOD(object, cms.Signer{Certificate: a.DocumentSigner.Raw, Key: a.DocumentSignerKey}, signingTime)
	if err != nil {
		t.Fatal(err)
	}
	return a, file
}

// judge does what a verifier does with EF.SOD.
func judge(trust pki.Trust, file []byte) error {
	sod, err := ParseSOD(file)
	if err != nil {
		return err
	}
	der, err := sod.SignedData.SignerCertificate()
	if err != nil {
		return err
	}
	ds, err := pki.ParseCertificate(der)
	if err != nil {
		return err
	}
	if err := sod.SignedData.Verify(ds.Raw); err != nil {
		return err
	}
	_, err = trust.Chain(ds)
	return err
}

// openssl verifies signature and chain of an EF.SOD and gives the security object.
func TestOpenSSLVerifiesTheSOD(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	a, file := newSOD(t)
	csca := filepath.Join(t.TempDir(), "csca.pem")
	if err := pki.WriteCertificate(csca, a.CSCA); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "cms", "-verify", "-inform", "DER", "-binary", "-CAfile", csca, "-purpose", "any",
		"-attime", fmt.Sprint(signingTime.Add(time.Minute).Unix()))
	var log bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(file[4:]), &log // after 77 82 LL LL
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, log.String())
	}
	sod, err := ParseSOD(file)
	if err != nil || !bytes.Equal(got, sod.SignedData.Content) {
		t.Errorf("openssl takes out %x, %v", got, err)
	}
}

// The security object of version 0, laid out by hand; the hashes are those of "abc" and of nothing (FIPS 180-4).
func TestSecurityObjectByHand(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	list := "304e" + "3025" + "020101" + "0420" + abc + "3025" + "02010d" + "0420" + nothing
	want := unhex(t, "3060"+"020100"+"300b"+"0609608648016503040201"+list)
	object := Digest(crypto.SHA256, map[int][]byte{13: {}, 1: []byte("abc")})
	got, err := object.Encode()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
	v1 := unhex(t, "3070"+"020101"+"300b"+"0609608648016503040201"+list+"300e"+"1304"+hex.EncodeToString([]byte("0108"))+"1306"+hex.EncodeToString([]byte("040000")))
	parsed, err := ParseSecurityObject(v1)
	if err != nil || parsed.Version != 1 || parsed.LDSVersion != "0108" || parsed.UnicodeVersion != "040000" || !parsed.Matches(1, []byte("abc")) {
		t.Errorf("%+v, %v", parsed, err)
	}
	if again, err := parsed.Encode(); err != nil || !bytes.Equal(again, v1) {
		t.Errorf("version 1: %x, %v", again, err)
	}
	if parsed.Matches(1, []byte("abd")) || parsed.Matches(2, nil) || !parsed.Matches(13, nil) || (SecurityObject{}).Matches(1, nil) {
		t.Error("files match that should not")
	}
	if groups := fmt.Sprint(parsed.DataGroups()); groups != "[1 13]" {
		t.Error(groups)
	}
}

func TestSecurityObjectsThatLie(t *testing.T) {
	const sha1, sha256 = "3007 06052b0e03021a", "300b 0609608648016503040201"
	h := strings.Repeat("11", 20)
	entry := func(n string) string { return "3019 0201" + n + "0414" + h }
	for name, c := range map[string]struct {
		raw string
		ok  bool
	}{
		"as it should be":          {"3044 020100" + sha1 + "3036" + entry("01") + entry("02"), true},
		"hash with NULL":           {"3046 020100 3009 06052b0e03021a 0500 3036" + entry("01") + entry("02"), true},
		"descending numbers":       {"3044 020100" + sha1 + "3036" + entry("02") + entry("01"), true},
		"one number twice":         {"305f 020100" + sha1 + "3051" + entry("01") + entry("02") + entry("01"), false},
		"data group 0":             {"3044 020100" + sha1 + "3036" + entry("00") + entry("01"), false},
		"data group 17":            {"3044 020100" + sha1 + "3036" + entry("01") + entry("11"), false},
		"a negative data group":    {"3044 020100" + sha1 + "3036" + entry("01") + entry("81"), false},
		"one data group":           {"3029 020100" + sha1 + "301b" + entry("01"), false},
		"hashes of another length": {"3048 020100" + sha256 + "3036" + entry("01") + entry("02"), false},
		"version 2":                {"3044 020102" + sha1 + "3036" + entry("01") + entry("02"), false},
		"version 1 without more":   {"3044 020101" + sha1 + "3036" + entry("01") + entry("02"), false},
		"unknown hash":             {"3044 020100 3007 06052b0e03021b 3036" + entry("01") + entry("02"), false},
		"version 0 with versions":  {"3054 020100" + sha1 + "3036" + entry("01") + entry("02") + "300e 1304 30313038 1306 303430303030", false},
		"an empty list":            {"300e 020100" + sha1 + "3000", false},
		"a byte too many":          {"3044 020100" + sha1 + "3036" + entry("01") + entry("02") + "00", false},
		"nothing":                  {"", false},
	} {
		_, err := ParseSecurityObject(fix(t, c.raw))
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fix sets the two lengths that depend on the entries, so that each case fails for its own reason only.
func fix(t *testing.T, raw string) []byte {
	b := unhex(t, raw)
	if i := bytes.Index(b, []byte{0x30, 0x19}); i > 1 {
		list := b[i:]
		n := 0
		for len(list) > n && bytes.HasPrefix(list[n:], []byte{0x30, 0x19}) {
			n += 0x1B
		}
		b[i-1] = byte(n)
		if b[len(b)-1] != 0 {
			b[1] = byte(len(b) - 2)
		} else {
			b[1] = byte(len(b) - 3)
		}
	}
	return b
}

func TestEncodeRefusesWeakAndWrong(t *testing.T) {
	for name, object := range map[string]SecurityObject{
		"SHA-1":           Digest(crypto.SHA1, map[int][]byte{1: nil, 2: nil}),
		"one data group":  Digest(crypto.SHA256, map[int][]byte{1: nil}),
		"data group 17":   Digest(crypto.SHA256, map[int][]byte{1: nil, 17: nil}),
		"no hash":         {Hashes: map[int][]byte{1: nil, 2: nil}},
		"a short hash":    {Hash: crypto.SHA256, Hashes: map[int][]byte{1: make([]byte, 32), 2: make([]byte, 31)}},
		"versions in v0":  {Hash: crypto.SHA256, Hashes: Digest(crypto.SHA256, map[int][]byte{1: nil, 2: nil}).Hashes, LDSVersion: "0108"},
		"v1 without them": {Version: 1, Hash: crypto.SHA256, Hashes: Digest(crypto.SHA256, map[int][]byte{1: nil, 2: nil}).Hashes},
		"nothing":         {},
	} {
		if _, err := object.Encode(); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
}

// The specimen data set of 2008: SHA-1, version 0, data groups 1, 2, 3 and 14, signed on a curve with explicit
// parameters.
func TestSODOf2008(t *testing.T) {
	sod, err := ParseSOD(sample(t, "lds-bsi2008/EF_SOD.bin"))
	if err != nil {
		t.Fatal(err)
	}
	object := sod.SecurityObject
	if object.Hash != crypto.SHA1 || object.Version != 0 || fmt.Sprint(object.DataGroups()) != "[1 2 3 14]" {
		t.Errorf("%v, version %d, %v", object.Hash, object.Version, object.DataGroups())
	}
	for _, n := range object.DataGroups() {
		if !object.Matches(n, sample(t, fmt.Sprintf("lds-bsi2008/Datagroup%d.bin", n))) {
			t.Errorf("data group %d does not match", n)
		}
	}
	der, err := sod.SignedData.SignerCertificate()
	if err != nil {
		t.Fatal(err)
	}
	if err := sod.SignedData.Verify(der); err != nil || !sod.SignedData.Weak() || sod.SignedData.Algorithm != "ECDSA with SHA-1" {
		t.Errorf("verify: %s, %v", sod.SignedData.Algorithm, err)
	}
	signer, err := pki.ParseCertificate(der)
	if err != nil || !signer.Weak() {
		t.Errorf("the signer's certificate, signed by way of SHA-1: %s, %v", signer.Algorithm, err)
	}
	com, err := ParseCOM(sample(t, "lds-bsi2008/EF_COM.bin"))
	if err != nil || string(com.Tags) != "\x61\x75\x63\x6e" || com.LDSVersion != "0107" {
		t.Errorf("EF.COM %+v, %v", com, err)
	}
}

// No flipped bit of an EF.SOD is genuine.
func TestEveryFlippedBitOfASOD(t *testing.T) {
	a, file := newSOD(t)
	trust := pki.Trust{Anchors: []pki.Certificate{a.CSCA}}
	if err := judge(trust, file); err != nil {
		t.Fatal(err)
	}
	for i := range file {
		for bit := range 8 {
			bent := bytes.Clone(file)
			bent[i] ^= 1 << bit
			if judge(trust, bent) == nil {
				t.Fatalf("bit %d of byte %d (%02X) flipped, and EF.SOD is genuine", bit, i, file[i])
			}
		}
	}
	for n := range file {
		if judge(trust, file[:n]) == nil {
			t.Fatalf("%d bytes of %d are genuine", n, len(file))
		}
	}
}

// A document signer of another authority, with names that look the same, is not trusted.
func TestForgedSOD(t *testing.T) {
	a, _ := newSOD(t)
	_, forged := newSOD(t)
	if err := judge(pki.Trust{Anchors: []pki.Certificate{a.CSCA}}, forged); !errors.Is(err, pki.ErrNoAnchor) {
		t.Errorf("a forged EF.SOD: %v", err)
	}
}

func TestOtherContentIsNoSOD(t *testing.T) {
	if _, err := ParseSOD(append([]byte{0x77, 0x82, 0, 0}, 0)); err == nil {
		t.Error("a SOD without content was taken")
	}
	masterList := sample(t, "masterlists/NL_ML_2026-07-22.ml")
	file := append([]byte{0x77, 0x83, byte(len(masterList) >> 16), byte(len(masterList) >> 8), byte(len(masterList))}, masterList...)
	if _, err := ParseSOD(file); err == nil || !strings.Contains(err.Error(), "2.23.136.1.1.2") {
		t.Errorf("a master list as EF.SOD: %v", err)
	}
}

// keptSOD is an EF.SOD that newSOD made once: what was issued must verify with every later version of this code.
func keptSOD(t testing.TB) (pki.Trust, []byte) {
	t.Helper()
	trust, err := pki.LoadTrust("testdata/specimen-csca.cer", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/specimen-sod.bin")
	if err != nil {
		t.Fatal(err)
	}
	return trust, file
}

func TestSODMadeEarlier(t *testing.T) {
	trust, file := keptSOD(t)
	if err := judge(trust, file); err != nil {
		t.Error(err)
	}
	if sod, err := ParseSOD(file); err != nil || !sod.SecurityObject.Matches(13, []byte("thirteen")) || !sod.SignedData.SigningTime.Equal(signingTime) {
		t.Errorf("%+v, %v", sod.SecurityObject, err)
	}
}

func FuzzParseSOD(f *testing.F) {
	trust, file := keptSOD(f)
	original, err := ParseSOD(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(t *testing.T, b []byte) {
		if judge(trust, b) != nil {
			return
		}
		sod, _ := ParseSOD(b)
		if !bytes.Equal(sod.SignedData.Content, original.SignedData.Content) {
			t.Error("a forgery is genuine")
		}
	})
}

func FuzzParseSecurityObject(f *testing.F) {
	der, err := Digest(crypto.SHA256, map[int][]byte{1: nil, 2: nil}).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Fuzz(func(t *testing.T, b []byte) {
		object, err := ParseSecurityObject(b)
		if err != nil || object.Hash == crypto.SHA1 {
			return
		}
		again, err := object.Encode()
		if err != nil || len(again) > len(b) {
			t.Errorf("what was parsed is not encoded: %v", err)
		}
	})
}

func FuzzParseDG1(f *testing.F) {
	f.Add(append([]byte{0x61, 0x5D, 0x5F, 0x1F, 0x5A}, strings.Repeat("<", 90)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if lines, err := ParseDG1(b); err == nil {
			if _, err := EncodeDG1(lines); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzParseCOM(f *testing.F) {
	f.Add([]byte("\x60\x13\x5F\x01\x040107\x5F\x36\x06040000\x5C\x01\x61"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if com, err := ParseCOM(b); err == nil {
			if _, err := com.Encode(); err != nil {
				t.Error(err)
			}
		}
	})
}
