package x509

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/internal/ec"
)

// Our own RSASSA-PSS, which serves where the two hashes differ, against that of the standard library where they do not.
func TestPSSByItself(t *testing.T) {
	for _, bits := range []int{2048, 2049, 2050, 2055} { // the encoded message may be a byte shorter than the modulus
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		digest := sum(crypto.SHA256, []byte("mẫu"))
		signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest, &rsa.PSSOptions{SaltLength: 20})
		if err != nil {
			t.Fatal(err)
		}
		m := Algorithm{Hash: crypto.SHA256, scheme: pss, mgf: crypto.SHA256, salt: 20}
		own := func(digest []byte, salt int) bool {
			a := m
			a.salt = salt
			return a.verifyOwnPSS(&key.PublicKey, digest, signature)
		}
		if !own(digest, 20) || own(digest, 19) || own(digest, 21) || own(sum(crypto.SHA256, nil), 20) || own(digest, 250) {
			t.Errorf("%d bits: own PSS and the standard library do not agree", bits)
		}
	}
}

func readName(t *testing.T, text string) Name {
	t.Helper()
	der, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	in := cryptobyte.String(der)
	n, err := ReadName(&in)
	if err != nil || !in.Empty() {
		t.Fatal(text, err)
	}
	return n
}

// attr is one part of a name, laid out by hand: C or CN.
func attr(oid byte, tag int, value string) string {
	return fmt.Sprintf("31%02x30%02x06035504%02x%02x%02x%x", 9+len(value), 7+len(value), oid, tag, len(value), value)
}

func nameOf(t *testing.T, parts ...string) Name {
	all := ""
	for _, p := range parts {
		all += p
	}
	return readName(t, fmt.Sprintf("30%02x%s", len(all)/2, all))
}

// Names are one whatever the case, the white space and the type of their strings, and two for everything else.
func TestNamesCompared(t *testing.T) {
	const printable, utf8String, teletex, bmp = 0x13, 0x0C, 0x14, 0x1E
	name := nameOf(t, attr(6, printable, "VN"), attr(3, printable, "SPECIMEN CSCA"))
	if name.String() != "CN=SPECIMEN CSCA,C=VN" || name.Country() != "VN" {
		t.Errorf("%v, country %q", name, name.Country())
	}
	for what, c := range map[string]struct {
		other Name
		same  bool
	}{
		"small letters": {nameOf(t, attr(6, printable, "vn"), attr(3, printable, "Specimen CSCA")), true},
		"UTF8String":    {nameOf(t, attr(6, printable, "VN"), attr(3, utf8String, "SPECIMEN CSCA")), true},
		"TeletexString": {nameOf(t, attr(6, printable, "VN"), attr(3, teletex, "SPECIMEN CSCA")), true},
		"BMPString":     {nameOf(t, attr(6, bmp, "\x00V\x00N"), attr(3, printable, "SPECIMEN CSCA")), true},
		"white space":   {nameOf(t, attr(6, printable, "VN"), attr(3, printable, " SPECIMEN  CSCA ")), true},
		"another order": {nameOf(t, attr(3, printable, "SPECIMEN CSCA"), attr(6, printable, "VN")), false},
		"another value": {nameOf(t, attr(6, printable, "VN"), attr(3, printable, "SPECIMEN CSCB")), false},
		"another kind":  {nameOf(t, attr(6, printable, "VN"), attr(10, printable, "SPECIMEN CSCA")), false},
		"one part":      {nameOf(t, attr(6, printable, "VN")), false},
		"a longer one":  {nameOf(t, attr(6, printable, "VN"), attr(3, printable, "SPECIMEN CSCA"), attr(5, printable, "1")), false},
		"quotes inside": {nameOf(t, attr(6, printable, "VN"), attr(3, printable, `SPECIMEN" "CSCA`)), false},
	} {
		if name.Equal(c.other) != c.same || c.other.Equal(name) != c.same {
			t.Errorf("%s: %v", what, !c.same)
		}
	}
	wicked := nameOf(t, attr(3, utf8String, "a,b+\"\n\x1b"))
	if wicked.String() != `CN=a\,b\+\"\0a\1b` {
		t.Error(wicked.String())
	}
}

// Which letters are one: those that differ in case alone, a few of them only where the name is signed.
func TestLettersCompared(t *testing.T) {
	const utf8String = 0x0C
	for _, c := range []struct {
		one, other      string
		equal, strictly bool
	}{
		{"ĐẶNG", "đặng", true, true},
		{"Đặng", "đặng", true, false},
		{"ΣΑΣ", "σας", true, false},
		{"ſ", "s", true, false},
		{"ſ", "S", true, false},
		{"\u212A", "k", true, false},
		{"\u212A", "K", true, false},
		{"ı", "i", false, false},
		{"ı", "I", false, false},
		{"İ", "i", false, false},
		{"\u00A0a", "a", true, true},
	} {
		one, other := nameOf(t, attr(3, utf8String, c.one)), nameOf(t, attr(3, utf8String, c.other))
		if one.Equal(other) != c.equal || other.Equal(one) != c.equal {
			t.Errorf("%q is %q: %v", c.one, c.other, !c.equal)
		}
		if one.EqualStrictly(other) != c.strictly || other.EqualStrictly(one) != c.strictly {
			t.Errorf("%q is strictly %q: %v", c.one, c.other, !c.strictly)
		}
	}
}

// Codes that stand for no character are not all one.
func TestNoCharacters(t *testing.T) {
	const bmp, universal = 0x1E, 0x1C
	for _, c := range []struct {
		tag        int
		one, other string
	}{
		{bmp, "\xD8\x00", "\xD8\x01"},
		{bmp, "\xDC\x00\xD8\x00", "\xDC\x01\xD8\x00"},
		{bmp, "\xD8\x00", "\xFF\xFD"},
		{universal, "\x00\x00\xD8\x00", "\x00\x00\xD8\x01"},
		{universal, "\x00\x20\x00\x00", "\xFF\xFF\xFF\xFF"},
		{universal, "\x00\x20\x00\x00", "\x00\x00\xFF\xFD"},
	} {
		one, other := nameOf(t, attr(3, c.tag, c.one)), nameOf(t, attr(3, c.tag, c.other))
		if one.Equal(other) || !one.Equal(one) {
			t.Errorf("%x is %x", c.one, c.other)
		}
		if text := one.String(); !strings.HasPrefix(text, "2.5.4.3=#") {
			t.Errorf("%x is written as %s", c.one, text)
		}
	}
	pair := nameOf(t, attr(3, bmp, "\xD8\x3D\xDE\x00"))
	if pair.String() != "CN=\U0001F600" {
		t.Error(pair.String())
	}
}

// What a terminal might obey, or what turns the direction of writing, is written in hexadecimal.
func TestNamesDoNotCommand(t *testing.T) {
	const utf8String, teletex = 0x0C, 0x14
	for text, name := range map[string]Name{
		`CN=\1b[31m\7f`:                 nameOf(t, attr(3, utf8String, "\x1b[31m\x7f")),
		`CN=a\c2\9b31m`:                 nameOf(t, attr(3, utf8String, "a\u009b31m")),
		`CN=b\c2\9b31m`:                 nameOf(t, attr(3, teletex, "b\x9b31m")),
		`CN=a\e2\80\aec\e2\81\a9`:       nameOf(t, attr(3, utf8String, "a\u202Ec\u2069")),
		`CN=a\e2\80\8bb\e2\80\a8\c2\a0`: nameOf(t, attr(3, utf8String, "a\u200Bb\u2028\u00A0")),
		`CN=Đặng Đình Mẫu 様`:            nameOf(t, attr(3, utf8String, "Đặng Đình Mẫu 様")),
	} {
		if name.String() != text {
			t.Errorf("%s is written for %s", name, text)
		}
	}
}

func TestKeysAreSecret(t *testing.T) {
	key, err := GenerateEC(ec.BrainpoolP256r1(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); text != "[secret] [secret] [secret] [secret]" {
		t.Error("a private key prints more than [secret]")
	}
	if _, err := NewECPrivateKey(ec.BrainpoolP256r1(), make([]byte, 32)); err == nil {
		t.Error("the private key 0 was taken")
	}
	if _, err := NewECPrivateKey(ec.BrainpoolP256r1(), ec.BrainpoolP256r1().Order().Bytes()); err == nil {
		t.Error("the order was taken for a private key")
	}
}

// Certificates that are wrong before any signature is looked at.
func TestMalformedCertificates(t *testing.T) {
	key, a := newKey(t, ec.BrainpoolP256r1())
	name := newName(t, "SPECIMEN root")
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	with := func(extensions ...Extension) []byte {
		template := Template{Serial: big.NewInt(1), Issuer: name, Subject: name, NotBefore: at, NotAfter: at.AddDate(1, 0, 0), Extensions: extensions}
		return create(t, template, key.Public(), a, key)
	}
	one := Extension{ID: []int{2, 25, 1}, Value: []byte{5, 0}}
	usage := []int{2, 5, 29, 15}
	good := with(one)
	oid := []byte{0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2}
	other := append(bytes.Clone(oid[:7]), 1)
	for want, der := range map[string][]byte{
		"":                                 good,
		"extension 2.25.1 stands twice":    with(one, one),
		"extension 2.5.29.15 is not in":    with(Extension{ID: usage, Value: []byte{4, 0}}),
		"extension 2.5.29.14 is not in":    with(Extension{ID: []int{2, 5, 29, 14}, Value: []byte{5, 0}}),
		"not the one beside":               bytes.Replace(good, oid, other, 1),
		"the version of a certificate":     bytes.Replace(good, []byte{0xA0, 3, 2, 1, 2}, []byte{0xA0, 3, 2, 1, 3}, 1),
		"follows the public key":           bytes.Replace(good, []byte{0xA0, 3, 2, 1, 2}, []byte{0xA0, 3, 2, 1, 1}, 1),
		"the validity of a certificate":    bytes.Replace(good, []byte("260301000000Z"), []byte("261301000000Z"), 1),
		"a point of brainpoolP256r1 is 04": bytes.Replace(good, []byte{3, 0x42, 0, 4}, []byte{3, 0x42, 0, 2}, 1),
		"a certificate is not in DER":      append(bytes.Clone(good), 0),
	} {
		_, err := ParseCertificate(der)
		if want == "" && err != nil || want != "" && (!errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A time has seconds and ends in Z; whatever else X.680 allows is refused.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]bool{
		"\x17\x0d260101000000Z": true, "\x18\x0f20260101000000Z": true,
		"\x17\x0b2601010000Z": false, "\x17\x0f2601010000+0000": false, "\x17\x11260101000000+0500": false,
		"\x18\x0d202601010000Z": false, "\x18\x0e20260101000000": false, "\x18\x1120260101000000.0Z": false,
		"\x18\x1320260101000000+0500": false, "\x17\x0d260101000000z": false, "\x17\x0d261301000000Z": false,
		"\x04\x0d260101000000Z": false, "\x17\x0d26010100": false, "": false,
	} {
		in := cryptobyte.String(text)
		got, ok := ReadTime(&in)
		if ok != want || ok && (!got.Equal(at) || !in.Empty()) {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	for _, name := range []string{"../../pki/testdata/specimen-csca.cer", "../../pki/testdata/specimen-ds.cer"} {
		der, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCertificate(der)
		if err != nil {
			return
		}
		if key, err := c.Key(); err == nil {
			Verify(c.Algorithm, key, c.RawTBS, c.Signature)
		}
		_ = c.Subject.String() + c.Algorithm.String()
	})
}

// Hashes gives that of the mask too, where it is another one.
func TestHashesOfAnAlgorithm(t *testing.T) {
	for _, c := range []struct {
		a    Algorithm
		want []crypto.Hash
	}{
		{Algorithm{Hash: crypto.SHA384, scheme: ecdsaDER}, []crypto.Hash{crypto.SHA384}},
		{Algorithm{Hash: crypto.SHA256, scheme: pss, mgf: crypto.SHA256}, []crypto.Hash{crypto.SHA256}},
		{Algorithm{Hash: crypto.SHA256, scheme: pss, mgf: crypto.SHA1}, []crypto.Hash{crypto.SHA256, crypto.SHA1}},
	} {
		if got := c.a.Hashes(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v", c.a, got)
		}
	}
}
