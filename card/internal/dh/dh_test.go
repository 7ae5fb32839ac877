package dh

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func groups(t testing.TB) []*Group {
	t.Helper()
	var all []*Group
	for id := range 3 {
		g, err := ByID(id)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	return all
}

func TestGroups(t *testing.T) {
	sizes := []struct{ p, q int }{{1024, 160}, {2048, 224}, {2048, 256}}
	for id, g := range groups(t) {
		p, q, generator := g.Parameters()
		if p.BitLen() != sizes[id].p || q.BitLen() != sizes[id].q || g.Size() != sizes[id].p/8 || g.ID() != id {
			t.Errorf("group %d has %d and %d bits", id, p.BitLen(), q.BitLen())
		}
		if !p.ProbablyPrime(20) || !q.ProbablyPrime(20) {
			t.Errorf("group %d: not prime", id)
		}
		if new(big.Int).Mod(new(big.Int).Sub(p, big.NewInt(1)), q).Sign() != 0 || new(big.Int).Exp(generator, q, p).Cmp(big.NewInt(1)) != 0 {
			t.Errorf("group %d: q is not the order of the generator", id)
		}
		if again, err := ByParameters(p, generator, nil); err != nil || again.ID() != id {
			t.Errorf("group %d by its parameters: %v", id, err)
		}
		if again, err := ByParameters(p, generator, q); err != nil || again.ID() != id {
			t.Errorf("group %d by all its parameters: %v", id, err)
		}
		if _, err := ByParameters(p, generator, new(big.Int).Add(q, q)); err == nil {
			t.Errorf("group %d with another order", id)
		}
		if _, err := ByParameters(p, big.NewInt(2), q); err == nil {
			t.Errorf("group %d with another generator", id)
		}
	}
	for _, id := range []int{-1, 3, 7, 13} {
		if _, err := ByID(id); err == nil {
			t.Errorf("%d is taken for a group", id)
		}
	}
}

// The arithmetic against math/big on random numbers and on the edges.
func TestModulusAgainstBig(t *testing.T) {
	moduli := []*big.Int{big.NewInt(257), big.NewInt(65537), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 64), big.NewInt(59)),
		new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 521), big.NewInt(1)), new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(51))}
	for _, g := range groups(t) {
		p, q, _ := g.Parameters()
		moduli = append(moduli, p, q)
	}
	for _, m := range moduli {
		mod, err := NewModulus(m)
		if err != nil {
			t.Fatal(err)
		}
		last := new(big.Int).Sub(m, big.NewInt(1))
		numbers := []*big.Int{big.NewInt(0), big.NewInt(1), last}
		random, err := rand.Int(rand.Reader, m)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, random)
		for _, a := range numbers {
			for _, b := range numbers {
				compare(t, mod, m, a, b)
			}
		}
	}
	for _, m := range []int64{-257, 0, 1, 255, 256, 258} {
		if _, err := NewModulus(big.NewInt(m)); err == nil {
			t.Errorf("%d is taken for a modulus", m)
		}
	}
}

func compare(t *testing.T, mod *Modulus, m, a, b *big.Int) {
	t.Helper()
	fixed := func(x *big.Int) []byte { return x.FillBytes(make([]byte, mod.Size())) }
	product, err := mod.Mul(fixed(a), fixed(b))
	if want := new(big.Int).Mul(a, b); err != nil || !bytes.Equal(product, fixed(want.Mod(want, m))) {
		t.Errorf("%x * %x mod %x = %x, %v", a, b, m, product, err)
	}
	power, err := mod.Exp(fixed(a), b.Bytes())
	if want := new(big.Int).Exp(a, b, m); err != nil || !bytes.Equal(power, fixed(want)) {
		t.Errorf("%x ^ %x mod %x = %x, %v", a, b, m, power, err)
	}
	long := append(append(fixed(a), fixed(b)...), 0xFF, 1)
	if want := new(big.Int).SetBytes(long); !bytes.Equal(mod.Reduce(long), fixed(want.Mod(want, m))) {
		t.Errorf("%x mod %x = %x", long, m, mod.Reduce(long))
	}
	if over := new(big.Int).Add(b, m); over.BitLen() <= 8*mod.Size() {
		if _, err := mod.Mul(fixed(a), fixed(over)); err == nil {
			t.Errorf("%x is taken for less than %x", over, m)
		}
	}
}

func TestReduceShort(t *testing.T) {
	mod, err := NewModulus(big.NewInt(257))
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{"": "0000", "\x05": "0005", "\x01\x01": "0000", "\x01\x00": "0100", "\x01\x02\x03": "0002"} {
		if got := fmt.Sprintf("%x", mod.Reduce([]byte(in))); got != want {
			t.Errorf("%x mod 257 = %s, want %s", in, got, want)
		}
	}
	if _, err := mod.Exp([]byte{1, 2}, []byte{3}); err == nil {
		t.Error("258 is taken for a number less than 257")
	}
	if _, err := mod.Exp([]byte{1, 0, 0}, []byte{3}); err == nil {
		t.Error("65536 is taken for a number less than 257")
	}
}

func TestParsePublic(t *testing.T) {
	for _, g := range groups(t) {
		p, q, generator := g.Parameters()
		minus := func(n int64) []byte { return new(big.Int).Sub(p, big.NewInt(n)).Bytes() }
		twist := new(big.Int).Sub(p, generator) // order 2q
		for name, b := range map[string][]byte{"nothing": nil, "0": {0}, "1": {1}, "p-1": minus(1), "p": minus(0), "p+g": new(big.Int).Add(p, generator).Bytes(),
			"a small number": {3}, "-g": twist.Bytes(), "one byte too long": make([]byte, g.Size()+1)} {
			if _, err := g.ParsePublic(b); !errors.Is(err, ErrElement) {
				t.Errorf("group %d: %s: %v", g.ID(), name, err)
			}
		}
		e, err := g.ParsePublic(generator.Bytes())
		if err != nil || !e.Equal(g.Generator()) || !bytes.Equal(e.Bytes(), generator.Bytes()) || len(e.Fixed()) != g.Size() {
			t.Errorf("group %d: the generator: %v", g.ID(), err)
		}
		if _, err := g.Exp(e, q.Bytes()); !errors.Is(err, ErrElement) {
			t.Errorf("group %d: g^q: %v", g.ID(), err)
		}
		inverse, err := g.Exp(e, new(big.Int).Sub(q, big.NewInt(1)).Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Mul(e, inverse); !errors.Is(err, ErrElement) {
			t.Errorf("group %d: g * 1/g: %v", g.ID(), err)
		}
		if _, err := g.Integrated([]byte{1}); !errors.Is(err, ErrElement) {
			t.Errorf("group %d: integrated 1: %v", g.ID(), err)
		}
		if mapped, err := g.Integrated([]byte{2}); err != nil {
			t.Error(err)
		} else if _, err := g.ParsePublic(mapped.Bytes()); err != nil {
			t.Errorf("group %d: integrated 2: %v", g.ID(), err)
		}
	}
}

// A value below the prime's length has fewer bytes as a public value and the prime's length as a secret.
func TestLeadingZeros(t *testing.T) {
	g := groups(t)[0]
	private := []byte{0}
	for {
		private = new(big.Int).Add(new(big.Int).SetBytes(private), big.NewInt(1)).Bytes()
		e, err := g.Exp(g.Generator(), private)
		if err != nil {
			t.Fatal(err)
		}
		if e.Fixed()[0] != 0 {
			continue
		}
		if len(e.Fixed()) != 128 || len(e.Bytes()) >= 128 || e.Bytes()[0] == 0 {
			t.Errorf("%d and %d bytes", len(e.Fixed()), len(e.Bytes()))
		}
		for _, form := range [][]byte{e.Bytes(), e.Fixed()} {
			if back, err := g.ParsePublic(form); err != nil || !back.Equal(e) {
				t.Error(err)
			}
		}
		return
	}
}

func TestDrawPrivate(t *testing.T) {
	g := groups(t)[1]
	_, q, _ := g.Parameters()
	high := new(big.Int).Add(q, big.NewInt(5)).FillBytes(make([]byte, 28))
	good := bytes.Repeat([]byte{0x11}, 28)
	got, err := g.DrawPrivate(bytes.NewReader(bytes.Join([][]byte{q.Bytes(), make([]byte, 28), high, good}, nil)))
	if err != nil || !bytes.Equal(got, good) {
		t.Errorf("%x, %v", got, err)
	}
	if _, err := g.DrawPrivate(bytes.NewReader(good[1:])); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("too little randomness: %v", err)
	}
	if _, err := g.DrawPrivate(zeros{}); err == nil {
		t.Error("a source of zeros gives a private value")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// OpenSSL makes a key pair in each group and derives the secret that it shares with a key of ours.
func TestAgainstOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	openssl := func(args ...string) []byte {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return out
	}
	for id, g := range groups(t) {
		parameters := fmt.Sprintf("dh_rfc5114:%d", id+1)
		openssl("genpkey", "-genparam", "-algorithm", "DHX", "-pkeyopt", parameters, "-out", "parameters")
		for _, name := range []string{"theirs", "ours"} {
			openssl("genpkey", "-paramfile", "parameters", "-out", name)
			openssl("pkey", "-in", name, "-pubout", "-out", name+".pub")
		}
		ours := lastInteger(t, openssl("asn1parse", "-in", "ours", "-strparse", privateOffset(t, openssl("asn1parse", "-in", "ours"))))
		peer := publicValue(t, dir, g)
		shared, err := g.Exp(peer, ours)
		if err != nil {
			t.Fatal(err)
		}
		openssl("pkeyutl", "-derive", "-inkey", "ours", "-peerkey", "theirs.pub", "-out", "secret")
		want, err := os.ReadFile(filepath.Join(dir, "secret"))
		if err != nil || new(big.Int).SetBytes(want).Cmp(new(big.Int).SetBytes(shared.Fixed())) != 0 {
			t.Errorf("group %d: %x, want %x, %v", id, shared.Fixed(), want, err)
		}
	}
}

// privateOffset finds the OCTET STRING that holds the private value of a PKCS #8 key.
func privateOffset(t *testing.T, dump []byte) string {
	t.Helper()
	for line := range strings.Lines(string(dump)) {
		if strings.Contains(line, "OCTET STRING") {
			return strings.TrimSpace(line[:strings.Index(line, ":")])
		}
	}
	t.Fatalf("no OCTET STRING in\n%s", dump)
	return ""
}

func lastInteger(t *testing.T, dump []byte) []byte {
	t.Helper()
	text := strings.TrimSpace(string(dump))
	n, ok := new(big.Int).SetString(text[strings.LastIndex(text, ":")+1:], 16)
	if !ok {
		t.Fatalf("no INTEGER in %s", text)
	}
	return n.Bytes()
}

// publicValue takes the value off the end of OpenSSL's SubjectPublicKeyInfo.
func publicValue(t *testing.T, dir string, g *Group) Element {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "theirs.pub"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatal("no PEM")
	}
	e, err := g.ParsePublic(block.Bytes[len(block.Bytes)-g.Size():])
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func FuzzParsePublic(f *testing.F) {
	g := groups(f)[0]
	f.Add(g.Generator().Bytes())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := g.ParsePublic(b)
		if err == nil && new(big.Int).SetBytes(b).Cmp(new(big.Int).SetBytes(e.Fixed())) != 0 {
			t.Errorf("%x became %x", b, e.Fixed())
		}
	})
}

func BenchmarkExp(b *testing.B) {
	for _, g := range groups(b) {
		private, err := g.DrawPrivate(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(g.ID()), func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Exp(g.Generator(), private); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
