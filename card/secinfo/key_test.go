package secinfo

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// openssl runs the tool in a folder, and stops the test when it fails. Without the tool the test is skipped.
func openssl(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("openssl is not installed")
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func readPEM(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatalf("%s: no PEM", path)
	}
	return block.Bytes
}

// OpenSSL's keys are read, with the curve spelt out or named, and it reads ours.
func TestCurveKeysAgainstOpenSSL(t *testing.T) {
	dir := t.TempDir()
	for id, name := range map[int]string{10: "secp224r1", 11: "brainpoolP224r1", 12: "prime256v1", 13: "brainpoolP256r1", 14: "brainpoolP320r1",
		15: "secp384r1", 16: "brainpoolP384r1", 17: "brainpoolP512r1", 18: "secp521r1"} {
		for _, form := range []string{"explicit", "named_curve"} {
			openssl(t, dir, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+name, "-pkeyopt", "ec_param_enc:"+form, "-out", "key")
			openssl(t, dir, "pkey", "-in", "key", "-pubout", "-out", "pub")
			der := readPEM(t, filepath.Join(dir, "pub"))
			key, err := ParsePublicKey(der)
			if err != nil || key.Curve == nil || key.Curve.ID() != id || !bytes.HasSuffix(der, key.Bytes()) {
				t.Errorf("%s %s: %v", name, form, err)
				continue
			}
			explicit, err := key.Explicit()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "ours"), explicit, 0o600); err != nil {
				t.Fatal(err)
			}
			out := openssl(t, dir, "pkey", "-pubin", "-inform", "DER", "-in", "ours", "-pubcheck", "-ec_param_enc", "named_curve", "-outform", "DER", "-out", "again")
			again, err := os.ReadFile(filepath.Join(dir, "again"))
			if err != nil || !bytes.HasSuffix(again, key.Bytes()) {
				t.Errorf("%s: OpenSSL reads our key as %x, %v\n%s", name, again, err, out)
			}
		}
	}
}

// OpenSSL writes the X9.42 form, which chips have that go against the standard; ours is that of PKCS #3.
func TestGroupKeysAgainstOpenSSL(t *testing.T) {
	dir := t.TempDir()
	for id := range 3 {
		openssl(t, dir, "genpkey", "-genparam", "-algorithm", "DHX", "-pkeyopt", fmt.Sprintf("dh_rfc5114:%d", id+1), "-out", "parameters")
		openssl(t, dir, "genpkey", "-paramfile", "parameters", "-out", "key")
		openssl(t, dir, "pkey", "-in", "key", "-pubout", "-out", "pub")
		key, err := ParsePublicKey(readPEM(t, filepath.Join(dir, "pub")))
		if err != nil || key.Group == nil || key.Group.ID() != id || key.Agreement() != DH {
			t.Errorf("group %d: %v", id, err)
			continue
		}
		ours, err := key.Explicit()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "ours"), ours, 0o600); err != nil {
			t.Fatal(err)
		}
		text := openssl(t, dir, "pkey", "-pubin", "-inform", "DER", "-in", "ours", "-pubcheck", "-noout", "-text_pub")
		if !bytes.Contains(text, []byte("Key is valid")) || !bytes.Contains(text, []byte("DH Public-Key")) {
			t.Errorf("group %d: OpenSSL: %s", id, text)
		}
		back(t, key, ours)
		standardised, err := key.Standardised()
		if err != nil {
			t.Fatal(err)
		}
		back(t, key, standardised)
	}
}

// back demands that an encoding is read as the key that it was made of.
func back(t *testing.T, key PublicKey, der []byte) {
	t.Helper()
	again, err := ParsePublicKey(der)
	if err != nil || !bytes.Equal(again.Bytes(), key.Bytes()) || again.Agreement() != key.Agreement() {
		t.Errorf("%x: %v", der, err)
	}
}

// The key of Doc 9303-11, appendix I.1.
func TestStandardisedKey(t *testing.T) {
	want := unhex(t, "3052300C060704007F0007010202010D034200041872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC8"+
		"84D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F")
	key, err := ParsePublicKey(want)
	if err != nil || key.Curve != ec.BrainpoolP256r1() {
		t.Fatal(err)
	}
	if got, err := key.Standardised(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
	if _, err := (PublicKey{}).Standardised(); err == nil {
		t.Error("no key is written")
	}
	info := ChipAuthenticationPublicKeyInfo{Agreement: DH, Key: want}
	if _, err := info.PublicKey(); err == nil {
		t.Error("a point is taken for a key of DH")
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	point := ec.BrainpoolP256r1().Generator()
	good, err := PublicKey{Curve: ec.BrainpoolP256r1(), Point: point}.Explicit()
	if err != nil {
		t.Fatal(err)
	}
	group, err := dh.ByID(0)
	if err != nil {
		t.Fatal(err)
	}
	modp, err := PublicKey{Group: group, Value: group.Generator()}.Explicit()
	if err != nil {
		t.Fatal(err)
	}
	changed := func(b []byte, at int) []byte {
		c := bytes.Clone(b)
		c[at] ^= 1
		return c
	}
	prime := bytes.Index(good, []byte{0xA9, 0xFB, 0x57})
	order := bytes.LastIndex(good, []byte{0xA9, 0xFB, 0x57})
	base := bytes.Index(good, point.Bytes())
	compressed := bytes.Clone(good)
	compressed[base] = 2
	for name, b := range map[string][]byte{
		"nothing":                  nil,
		"cut":                      good[:len(good)-1],
		"something after it":       append(bytes.Clone(good), 0),
		"a point off the curve":    changed(good, len(good)-1),
		"another prime":            changed(good, prime+5),
		"another order":            changed(good, order+5),
		"another base point":       changed(good, base+9),
		"a compressed base point":  compressed,
		"a group value of 1":       append(bytes.Clone(modp[:len(modp)-129]), bytes.Repeat([]byte{0}, 129)...),
		"RSA":                      unhex(t, "301A300D06092A864886F70D01010105000309003006020101020103"),
		"P-192":                    unhex(t, "3013300C060704007F00070102020108 0303000400"),
		"brainpoolP192r1":          unhex(t, "3013300C060704007F00070102020109 0303000400"),
		"parameters 3":             unhex(t, "3013300C060704007F00070102020103 0303000400"),
		"parameters -1":            unhex(t, "3013300C060704007F000701020201FF 0303000400"),
		"a curve without a name":   unhex(t, "300F300906072A8648CE3D0201 03020004"),
		"bits that are not octets": unhex(t, "3013300C060704007F0007010202010D 0303010402"),
	} {
		if key, err := ParsePublicKey(b); err == nil {
			t.Errorf("%s is taken: %x", name, key.Bytes())
		} else if !strings.HasPrefix(err.Error(), "secinfo: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	back(t, PublicKey{Curve: ec.BrainpoolP256r1(), Point: point}, good)
	back(t, PublicKey{Group: group, Value: group.Generator()}, modp)
}

// sample reads a file that does not belong to the project.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../shared/samples", name))
	if err != nil {
		t.Skipf("without the samples: %v", err)
	}
	return b
}

func TestSampleDG14(t *testing.T) {
	file := sample(t, "lds-bsi2008/Datagroup14.bin")
	infos, err := ParseDG14(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := infos.ChipAuthenticationKeys[0].PublicKey()
	if err != nil || key.Curve != ec.BrainpoolP224r1() {
		t.Errorf("its key: %v", err)
	}
	if len(infos.ChipAuthentication) != 1 || len(infos.TerminalAuthentication) != 1 || len(infos.Unknown) != 0 {
		t.Errorf("%+v", infos)
	}
	sameSet(t, "EF.DG14", file[4:], infos)
}

// The key of this file lies in a group of 1024 bits of its own, which cannot be checked: it is kept and declined.
func TestSampleDG14OfItsOwnGroup(t *testing.T) {
	file := sample(t, "lds-misc/spec_sample_encoded_dg14.bin")
	infos, err := ParseDG14(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := infos.ChipAuthenticationKeys[0].PublicKey(); err == nil || !strings.Contains(err.Error(), "1024 bits") {
		t.Errorf("its key: %v", err)
	}
	sameSet(t, "EF.DG14", file[4:], infos)
}

// The public key of this file lacks the SEQUENCE of its SubjectPublicKeyInfo: the file is refused by that name. The
// entries before it are in order.
func TestSampleCardSecurity(t *testing.T) {
	file := sample(t, "lds-misc/efcardsecurity.dump")
	at := bytes.Index(file, []byte{0x31, 0x81, 0x9A})
	set := file[at : at+157]
	if _, err := Parse(set); err == nil || !strings.Contains(err.Error(), "entry 4") || !strings.Contains(err.Error(), "SubjectPublicKeyInfo") {
		t.Error(err)
	}
	raws, err := split(set)
	if err != nil || len(raws) != 4 {
		t.Fatalf("%d entries, %v", len(raws), err)
	}
	first := append([]byte{0x31, byte(len(bytes.Join(raws[:3], nil)))}, bytes.Join(raws[:3], nil)...)
	infos, err := Parse(first)
	if err != nil || infos.ChipAuthentication[0].Version != 2 || infos.TerminalAuthentication[0].Version != 2 || len(infos.Unknown) != 1 {
		t.Errorf("%+v, %v", infos, err)
	}
	sameSet(t, "EF.CardSecurity", first, infos)
}

func FuzzParsePublicKey(f *testing.F) {
	key := PublicKey{Curve: ec.P256(), Point: ec.P256().Generator()}
	for _, encode := range []func() ([]byte, error){key.Explicit, key.Standardised} {
		b, err := encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	group, err := dh.ByID(0)
	if err != nil {
		f.Fatal(err)
	}
	b, err := PublicKey{Group: group, Value: group.Generator()}.Explicit()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if key, err := ParsePublicKey(b); err == nil {
			again, err := key.Standardised()
			if err != nil {
				t.Fatal(err)
			}
			back(t, key, again)
		}
	})
}
