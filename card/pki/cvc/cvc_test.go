package cvc

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/cancuoc/cancuoc/card/date"
)

func day(t testing.TB, s string) date.Date {
	t.Helper()
	d, err := date.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parse(t testing.TB, b []byte) *Certificate {
	t.Helper()
	c, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The RSA chain signs with 1,024 bits and SHA-1: only a chip that is told to takes it.
func TestWeakChainIsTakenByNameOnly(t *testing.T) {
	v := loadChains(t)[1]
	dv := parse(t, unhex(t, v.DV))
	cvca := parse(t, unhex(t, v.CVCA))
	root := cvca.imported(cvca.PublicKey, Authorization{AuthenticationTerminal, bytes.Repeat([]byte{0xFF}, 5)})
	trust := &Trust{Points: []TrustPoint{root}, Type: AuthenticationTerminal}
	if _, err := trust.Import(dv, root); !errors.Is(err, ErrWeak) {
		t.Errorf("a weak document verifier: %v", err)
	}
	trust.AllowWeak = true
	if _, err := trust.Import(dv, root); err != nil {
		t.Error(err)
	}
}

// No bit of a certificate can change: it is no longer read, or its signature is wrong.
func TestEveryBitCounts(t *testing.T) {
	v := loadChains(t)[1]
	cvca := parse(t, unhex(t, v.CVCA))
	for _, whole := range [][]byte{unhex(t, v.DV), issued(t)[1].bytes} {
		authority := cvca.PublicKey
		if bytes.Equal(whole, issued(t)[1].bytes) {
			authority = issued(t)[0].certificate.PublicKey
		}
		if err := parse(t, whole).Verify(authority); err != nil {
			t.Fatal(err)
		}
		for i := range len(whole) * 8 {
			changed := bytes.Clone(whole)
			changed[i/8] ^= 1 << (i % 8)
			c, err := Parse(changed)
			if err == nil && c.Verify(authority) == nil {
				t.Fatalf("bit %d of byte %d may change", i%8, i/8)
			}
		}
	}
}

// issue is a certificate with what belongs to it.
type issue struct {
	certificate *Certificate
	bytes       []byte
	key         *PrivateKey
}

// seed is a source of bytes that is the same every time.
type seed byte

func (s *seed) Read(b []byte) (int, error) {
	for i := range b {
		*s = *s*5 + 17
		b[i] = byte(*s) ^ byte(i*31)
	}
	return len(b), nil
}

// issued gives a chain of CVCA, document verifier and terminal, the same every time.
func issued(t testing.TB) []issue {
	t.Helper()
	source := new(seed)
	templates := []Certificate{
		{Authority: "VNCVCA00001", Holder: "VNCVCA00001", Authorization: InspectionAuthorization(CVCA, ReadDG3|ReadDG4)},
		{Authority: "VNCVCA00001", Holder: "VNDV00001", Authorization: InspectionAuthorization(DomesticDV, ReadDG3|ReadDG4)},
		{Authority: "VNDV00001", Holder: "VNIS00001", Authorization: InspectionAuthorization(Terminal, ReadDG3)},
	}
	var all []issue
	for i, c := range templates {
		key, err := GenerateEC(ECDSASHA256, 13, source)
		if err != nil {
			t.Fatal(err)
		}
		if c.PublicKey, err = key.Public(); err != nil {
			t.Fatal(err)
		}
		c.Effective, c.Expiration = day(t, "2025-01-01"), day(t, "2027-12-31")
		authority := key
		if i > 0 {
			authority = all[i-1].key
		}
		all = append(all, issue{sign(t, c, authority, source), nil, key})
		if all[i].bytes, err = all[i].certificate.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func sign(t testing.TB, c Certificate, authority Signer, source interface{ Read([]byte) (int, error) }) *Certificate {
	t.Helper()
	made, err := Issue(c, authority, source)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// The encoding of a terminal's certificate, object by object, as the profile has it.
func TestTerminalCertificateIsEncodedByTheProfile(t *testing.T) {
	all := issued(t)
	got := hex.EncodeToString(all[2].bytes)
	point, signature := hex.EncodeToString(all[2].certificate.PublicKey.Point), hex.EncodeToString(all[2].certificate.Signature)
	want := "7f2181d7" + "7f4e8190" + "5f290100" + "4209" + hex.EncodeToString([]byte("VNDV00001")) +
		"7f494f" + "060a04007f00070202020203" + "8641" + point +
		"5f2009" + hex.EncodeToString([]byte("VNIS00001")) +
		"7f4c0e" + "060904007f000703010201" + "530101" +
		"5f2506" + "020500010001" + "5f2406" + "020701020301" +
		"5f3740" + signature
	if got != want {
		t.Errorf("the certificate is\n%s, want\n%s", got, want)
	}
	if all[1].certificate.PublicKey.Curve != nil || all[0].certificate.PublicKey.Curve == nil {
		t.Error("domain parameters belong into the CVCA's certificate and no other")
	}
}

func TestParseRefuses(t *testing.T) {
	good := issued(t)[2].bytes
	replaced := func(old, new string) []byte {
		text := bytes.ReplaceAll([]byte(hex.EncodeToString(good)), []byte(old), []byte(new))
		return unhex(t, string(text))
	}
	longHeader := append(unhex(t, "7f218200d7"), good[4:]...)
	for name, b := range map[string][]byte{
		"nothing":                      {},
		"another template":             replaced("7f21", "7f22"),
		"a byte after the end":         append(bytes.Clone(good), 0),
		"a length not in its shortest": longHeader,
		"profile version 2":            replaced("5f290100", "5f290101"),
		"month 13":                     replaced("020500010001", "020501030001"),
		"a packed date":                replaced("020500010001", "250101000101"),
		"an algorithm of nobody":       replaced("060a04007f00070202020203", "060a04007f00070202020209"),
		"terminal type 9":              replaced("060904007f000703010201", "060904007f000703010209"),
		"authority in small letters":   replaced(hex.EncodeToString([]byte("VNDV00001")), hex.EncodeToString([]byte("vnDV00001"))),
		"expiry before effect":         replaced("020701020301", "010701020301"),
		"too long":                     make([]byte, MaxSize+1),
	} {
		if _, err := Parse(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFileOfTrustPoints(t *testing.T) {
	file, err := EncodeFile([]string{"VNCVCA00002", "VNCVCA00001"})
	want := "420b" + hex.EncodeToString([]byte("VNCVCA00002")) + "420b" + hex.EncodeToString([]byte("VNCVCA00001")) + "00000000000000000000"
	if hex.EncodeToString(file) != want || err != nil || len(file) != 36 {
		t.Errorf("EF.CVCA = %x, %v", file, err)
	}
	if got, err := ParseFile(file); err != nil || !slices.Equal(got, []string{"VNCVCA00002", "VNCVCA00001"}) {
		t.Errorf("read back: %v, %v", got, err)
	}
	full, err := EncodeFile([]string{"VNMNEMONIC00002A", "VNMNEMONIC00001A"})
	if err != nil || len(full) != 36 {
		t.Errorf("the longest references: %d bytes, %v", len(full), err)
	}
	for name, b := range map[string][]byte{
		"empty":           {},
		"zeros":           make([]byte, 36),
		"another tag":     unhex(t, "430b564e435643413030303031"),
		"three":           bytes.Repeat(unhex(t, "420b564e435643413030303031"), 3)[:36],
		"dirt behind":     append(unhex(t, "420b564e435643413030303031"), 0, 1),
		"cut short":       unhex(t, "420b564e4356434130303030"),
		"a bad reference": unhex(t, "4203564e31"),
		"too long":        make([]byte, 37),
	} {
		if got, err := ParseFile(b); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	all := issued(t)
	other, err := GenerateEC(ECDSASHA256, 12, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := other.Public()
	if err != nil {
		t.Fatal(err)
	}
	anotherCurve, notItsKey, badName, weak := *all[1].certificate, *all[0].certificate, *all[1].certificate, *all[1].certificate
	anotherCurve.PublicKey = public
	notItsKey.PublicKey = public
	badName.Holder = "VN1"
	weak.PublicKey.Algorithm = ECDSASHA1
	for name, c := range map[string]Certificate{"another curve": anotherCurve, "not its own key": notItsKey, "a bad name": badName, "SHA-1": weak} {
		if _, err := Issue(c, all[0].key, rand.Reader); err == nil {
			t.Errorf("%s is signed", name)
		}
	}
}
