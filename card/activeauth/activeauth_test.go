package activeauth

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

// No bit of a signature may change.
func TestEveryBitCounts(t *testing.T) {
	v := load(t)
	for _, e := range []example{v.RSA[0], v.RSA[3], v.ECDSA[0]} {
		public := []byte(e.Public)
		if e.Key != "" {
			public = publicKeyOf(t, v.key(t, e.Key))
		}
		key, err := parsePublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(e.Signature) * 8 {
			changed := bytes.Clone(e.Signature)
			changed[i/8] ^= 1 << (i % 8)
			if _, err := key.verify(changed, e.RNDIFD, hashOf(t, e.Hash)); err == nil {
				t.Fatalf("%s: bit %d of byte %d may change", e.Name, i%8, i/8)
			}
		}
	}
}

func publicKeyOf(t testing.TB, key *PrivateKey) []byte {
	t.Helper()
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// A representative that is signed well and made badly is not taken: each line breaks one rule of ISO/IEC 9796-2.
func TestRepresentativesThatBreakARule(t *testing.T) {
	v := load(t)
	key := v.key(t, "rsa1024")
	good := v.AppendixF.F
	change := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	for name, f := range map[string][]byte{
		"no hash at its place":        change(func(b []byte) []byte { b[110] ^= 1; return b }),
		"recovered as a whole":        change(func(b []byte) []byte { b[0] = 0x4A; return b }),
		"padded":                      change(func(b []byte) []byte { b[0], b[1] = 0x6B, 0xBA; return b }),
		"trailer of no hash":          change(func(b []byte) []byte { b[126], b[127] = 0x3F, 0xCC; return b }),
		"trailer of RIPEMD-160":       change(func(b []byte) []byte { b[126], b[127] = 0x31, 0xCC; return b }),
		"trailer without the hash":    change(func(b []byte) []byte { b[126], b[127] = 0x34, 0xCC; return b }),
		"trailer that ends in 1":      change(func(b []byte) []byte { b[127] = 0xB1; return b }),
		"nothing before the hash":     append(make([]byte, 107), good[107:]...),
		"hash of the challenge alone": append(append(bytes.Clone(good[:107]), digest(crypto.SHA1, v.AppendixF.RNDIFD)...), 0xBC),
	} {
		s := new(big.Int).Exp(new(big.Int).SetBytes(f), key.RSA.D, key.RSA.N)
		chip := &page{answer: s.FillBytes(make([]byte, 128))}
		if _, err := Run(chip, publicKeyOf(t, key), 0, bytes.NewReader(v.AppendixF.RNDIFD)); !errors.Is(err, ErrChip) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A signature by ISO/IEC 9796-2, B.4, is the smaller of two numbers, and good.
func TestSignatureByB4(t *testing.T) {
	v := load(t)
	for _, e := range v.RSA {
		key := v.key(t, e.Key)
		rest := new(big.Int).Sub(key.RSA.N, new(big.Int).SetBytes(e.Signature))
		chip := &page{answer: rest.FillBytes(make([]byte, key.RSA.Size()))}
		if _, err := Run(chip, publicKeyOf(t, key), 0, bytes.NewReader(e.RNDIFD)); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

func TestSignatureOfTheWrongLength(t *testing.T) {
	v := load(t)
	e, key := v.RSA[0], v.key(t, "rsa1024")
	tooGreat := new(big.Int).Add(new(big.Int).SetBytes(e.Signature), key.RSA.N)
	answers := [][]byte{nil, e.Signature[1:], append([]byte{0}, e.Signature...), append(bytes.Clone(e.Signature), 0)}
	if tooGreat.BitLen() <= 1024 {
		answers = append(answers, tooGreat.Bytes())
	}
	for _, answer := range answers {
		if _, err := Run(&page{answer: answer}, publicKeyOf(t, key), 0, bytes.NewReader(e.RNDIFD)); !errors.Is(err, ErrChip) {
			t.Errorf("%d bytes: %v", len(answer), err)
		}
	}
}

// refusal is a chip that answers a status word.
type refusal apdu.StatusWord

func (r refusal) Send(apdu.Command) (apdu.Response, error) {
	return apdu.Response{SW: apdu.StatusWord(r)}, nil
}

// What is unknown for want of extended length is told apart from a chip that refuses or lies.
func TestExtendedLength(t *testing.T) {
	v := load(t)
	long, short := publicKeyOf(t, v.key(t, "rsa2048")), publicKeyOf(t, v.key(t, "rsa1024"))
	for _, test := range []struct {
		public []byte
		want   bool
	}{{long, true}, {short, false}, {v.ECDSA[6].Public, false}} {
		if got, err := NeedsExtended(test.public); got != test.want || err != nil {
			t.Errorf("needs extended length: %v, %v; want %v", got, err, test.want)
		}
	}
	lost := errors.New("the reader gives up")
	for _, test := range []struct {
		name      string
		public    []byte
		send      apdu.Sender
		want, not error
	}{
		{"a reader without it", long, &page{err: lost}, ErrNeedsExtended, ErrChip},
		{"a reader that gives up on a short key", short, &page{err: lost}, lost, ErrNeedsExtended},
		{"a chip that refuses", long, refusal(apdu.SWWrongLength), ErrChip, ErrNeedsExtended},
		{"a response that is forged", long, &page{err: sm.ErrResponse}, sm.ErrResponse, ErrNeedsExtended},
		{"a channel that is closed", long, &page{err: sm.ErrClosed}, sm.ErrClosed, ErrNeedsExtended},
	} {
		if _, err := Run(test.send, test.public, 0, rand.Reader); !errors.Is(err, test.want) || errors.Is(err, test.not) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	chip := &page{answer: v.RSA[6].Signature}
	if _, err := Run(chip, long, 0, bytes.NewReader(v.RSA[6].RNDIFD)); err != nil || !chip.asked[0].Extended || chip.asked[0].Ne != 65536 {
		t.Errorf("the long command is %+v, %v", chip.asked[0], err)
	}
}

func TestPublicKeysThatCannotServe(t *testing.T) {
	explicit := load(t).ECDSA[0].Public
	offCurve := bytes.Clone(explicit)
	offCurve[len(offCurve)-1] ^= 1
	rsaKey := publicKeyOf(t, load(t).key(t, "rsa1024"))
	dirty := append(bytes.Clone(rsaKey), 0)
	small := publicKeyOf(t, &PrivateKey{RSA: shortKey(t, 1016)})
	odd := publicKeyOf(t, &PrivateKey{RSA: shortKey(t, 1030)})
	for name, b := range map[string][]byte{
		"nothing": nil, "a point off the curve": offCurve, "bytes behind": dirty,
		"RSA with 1,016 bits": small, "RSA with 1,030 bits": odd,
		"a key for Diffie-Hellman": unhex(t, "301a300b06072a8648ce3e020101000301ff"),
	} {
		if _, err := EncodeDG15(b); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Run(&page{}, explicit, crypto.SHA1, rand.Reader); !errors.Is(err, errHash) {
		t.Errorf("ECDSA with SHA-1: %v", err)
	}
	if _, err := Run(&page{}, explicit, 0, rand.Reader); !errors.Is(err, errHash) {
		t.Errorf("ECDSA with no hash: %v", err)
	}
}

func TestDG15(t *testing.T) {
	public := publicKeyOf(t, load(t).key(t, "rsa1024"))
	file, err := EncodeDG15(public)
	if err != nil || !bytes.Equal(file[:3], []byte{0x6F, 0x81, byte(len(public))}) {
		t.Fatalf("EF.DG15 = %x, %v", file[:3], err)
	}
	if got, err := ParseDG15(file); err != nil || !bytes.Equal(got, public) {
		t.Errorf("read back: %x, %v", got, err)
	}
	file[0] = 0x6E
	if _, err := ParseDG15(file); err == nil {
		t.Error("another tag is read")
	}
}

func TestChipRefuses(t *testing.T) {
	good := apdu.Command{INS: 0x88, Data: make([]byte, 8), Ne: 256}
	key := load(t).key(t, "rsa1024")
	with := func(f func(*apdu.Command)) apdu.Command { cmd := good; f(&cmd); return cmd }
	for name, test := range map[string]struct {
		chip Chip
		cmd  apdu.Command
		want apdu.StatusWord
	}{
		"no key":             {Chip{}, good, apdu.SWConditionsNotSatisfied},
		"P1":                 {Chip{Key: key}, with(func(c *apdu.Command) { c.P1 = 1 }), apdu.SWIncorrectP1P2},
		"seven bytes":        {Chip{Key: key}, with(func(c *apdu.Command) { c.Data = c.Data[:7] }), apdu.SWWrongLength},
		"no Le":              {Chip{Key: key}, with(func(c *apdu.Command) { c.Ne = 0 }), apdu.SWWrongLength},
		"Le too small":       {Chip{Key: key, Rand: rand.Reader}, with(func(c *apdu.Command) { c.Ne = 127 }), apdu.SWWrongLength},
		"an empty key":       {Chip{Key: &PrivateKey{}}, good, apdu.SWUnspecified},
		"no randomness":      {Chip{Key: key, Rand: bytes.NewReader(nil)}, good, apdu.SWUnspecified},
		"a hash of nobody":   {Chip{Key: key, Rand: rand.Reader, Hash: crypto.MD5}, good, apdu.SWUnspecified},
		"as it ought to be ": {Chip{Key: key, Rand: rand.Reader}, good, apdu.SWOK},
	} {
		if got := test.chip.Authenticate(test.cmd); got.SW != test.want {
			t.Errorf("%s: %v, want %v", name, got.SW, test.want)
		}
	}
}

// OpenSSL takes the signatures of our chip.
func TestOpenSSLVerifiesOurChip(t *testing.T) {
	tool, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	rndIFD := []byte("12345678")
	for _, id := range []int{10, 11, 12, 13, 14, 15, 16, 17, 18} {
		key, err := GenerateEC(id, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		chip := &Chip{Key: key, Hash: crypto.SHA224, Rand: rand.Reader}
		got := chip.Authenticate(apdu.Command{INS: 0x88, Data: rndIFD, Ne: 256})
		if got.SW != apdu.SWOK {
			t.Fatal(got.SW)
		}
		half := len(got.Data) / 2
		der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(got.Data[:half]), new(big.Int).SetBytes(got.Data[half:])})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicKeyOf(t, key)})
		for name, b := range map[string][]byte{"public.pem": public, "rnd": rndIFD, "signature": der} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(tool, "dgst", "-sha224", "-verify", "public.pem", "-signature", "signature", "rnd")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("domain %d: %v\n%s", id, err, out)
		}
	}
}

func TestPrivateKeysAreKept(t *testing.T) {
	curve, err := GenerateEC(16, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []*PrivateKey{curve, load(t).key(t, "rsa1024")} {
		b, err := key.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePrivateKey(b)
		if err != nil || !bytes.Equal(publicKeyOf(t, again), publicKeyOf(t, key)) {
			t.Errorf("the key is not read back: %v", err)
		}
		if fmt.Sprintf("%v %+v %#v", key, *key, *key) != "[secret] [secret] [secret]" {
			t.Error("a key prints its numbers")
		}
	}
	for _, b := range [][]byte{nil, {16}, make([]byte, 49), append([]byte{13}, bytes.Repeat([]byte{0xFF}, 32)...), {0x30, 0}} {
		if _, err := ParsePrivateKey(b); err == nil {
			t.Errorf("%x is a key", b)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzParsePublicKey(f *testing.F) {
	v := load(f)
	f.Add(publicKeyOf(f, v.key(f, "rsa1024")), []byte(v.RSA[0].Signature))
	for _, e := range v.ECDSA {
		f.Add([]byte(e.Public), []byte(e.Signature))
	}
	f.Fuzz(func(t *testing.T, public, signature []byte) {
		key, err := parsePublicKey(public)
		if err != nil {
			return
		}
		if size := key.signatureSize(); size < 56 || size > 512 {
			t.Errorf("signatures of %d bytes", size)
		}
		if _, err := key.verify(signature, make([]byte, 8), crypto.SHA256); err == nil {
			t.Error("a signature of a challenge that nobody signed")
		}
	})
}

func FuzzOpen(f *testing.F) {
	v := load(f)
	f.Add([]byte(v.AppendixF.F))
	f.Add([]byte{0x6A, 0xBC})
	f.Fuzz(func(t *testing.T, b []byte) {
		if hash, err := open(b, v.AppendixF.RNDIFD); err == nil && hash == 0 {
			t.Error("opened without a hash")
		}
	})
}
