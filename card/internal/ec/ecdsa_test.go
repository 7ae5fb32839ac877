package ec

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"io"
	"math/big"
	"slices"
	"testing"
)

func TestSignatureAndWhatMustNotVerify(t *testing.T) {
	for _, c := range allCurves() {
		k, p := key(t, c)
		_, stranger := key(t, c)
		digest := sha512.Sum384([]byte("message"))
		r, s, err := c.Sign(rand.Reader, k, digest[:])
		if err != nil || len(r) != c.Size() || len(s) != c.Size() {
			t.Fatalf("%s: %X, %X, %v", c.Name(), r, s, err)
		}
		if !c.Verify(p, digest[:], r, s) || !c.Verify(p, digest[:], append([]byte{0}, r...), append([]byte{0, 0}, s...)) {
			t.Errorf("%s: a good signature is refused", c.Name())
		}
		n := c.Order().Bytes()
		plus := func(b []byte) []byte { z := new(big.Int).SetBytes(b); return z.Add(z, c.Order()).Bytes() }
		bad := [][2][]byte{{nil, nil}, {{0}, s}, {r, {0}}, {n, s}, {r, n}, {s, r}, {plus(r), s}, {r, plus(s)}, {r, nil}, {{1}, {1}},
			{append(slices.Clone(r), 0), s}, {append([]byte{1}, r...), s}, {r, append([]byte{1}, s...)}, {bytes.Repeat([]byte{0xFF}, 500), s}, {r, bytes.Repeat([]byte{0xFF}, 500)}}
		for i, b := range bad {
			if c.Verify(p, digest[:], b[0], b[1]) {
				t.Errorf("%s: bad signature %d is accepted", c.Name(), i)
			}
		}
		if c.Verify(stranger, digest[:], r, s) {
			t.Errorf("%s: a signature verifies under another's key", c.Name())
		}
	}
}

// TestDigestsAreCutToTheBitsOfTheOrder signs digests of every length. The NIST curves are verified by the standard library.
func TestDigestsAreCutToTheBitsOfTheOrder(t *testing.T) {
	digest := bytes.Repeat([]byte{0xA5}, 100)
	for _, c := range []*Curve{P224(), P256(), P521(), BrainpoolP320r1()} {
		k, p := key(t, c)
		for length := 20; length <= len(digest); length += 2 {
			r, s, err := c.Sign(rand.Reader, k, digest[:length])
			if err != nil || !c.Verify(p, digest[:length], r, s) {
				t.Errorf("%s: a digest of %d bytes: %v", c.Name(), length, err)
			}
			if c.Verify(p, digest[:length-1], r, s) != (length > c.Size()) {
				t.Errorf("%s: the last of %d bytes counts wrongly", c.Name(), length)
			}
		}
	}
}

// TestEveryBitOfASignatureCounts flips each bit of r, s and digest once.
func TestEveryBitOfASignatureCounts(t *testing.T) {
	for _, c := range []*Curve{BrainpoolP224r1(), BrainpoolP256r1(), P256()} {
		k, p := key(t, c)
		digest := make([]byte, 28)
		r, s, err := c.Sign(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range [][]byte{r, s, digest} {
			for bit := range 8 * len(part) {
				part[bit/8] ^= 1 << (bit % 8)
				if c.Verify(p, digest, r, s) {
					t.Errorf("%s: bit %d of part %d does not count", c.Name(), bit, i)
				}
				part[bit/8] ^= 1 << (bit % 8)
			}
		}
		if !c.Verify(p, digest, r, s) {
			t.Fatal("the test changed the signature")
		}
	}
}

// TestVerificationOfChosenMultiples makes signatures by choosing u1, u2 and the key, so that the sum meets doublings, opposite points
// and infinity, which random signatures never do.
func TestVerificationOfChosenMultiples(t *testing.T) {
	for _, c := range []*Curve{BrainpoolP256r1(), BrainpoolP320r1(), P256()} {
		ref, g := newReference(c)
		for _, d := range []int64{1, -1, 2, 3} { // public key = d·G
			q := ref.mul(g, new(big.Int).Mod(big.NewInt(d), ref.n))
			public := point(t, c, ref.encode(q))
			for _, u1 := range []int64{0, 1, 2, 3, 64, 127, -1} {
				for _, u2 := range []int64{1, 2, 3, 15, -1, -3} {
					checkChosen(t, c, public, [3]*big.Int{big.NewInt(d), big.NewInt(u1), big.NewInt(u2)})
				}
			}
		}
	}
}

// checkChosen solves for r, s and the digest: R = (u1 + u2·d)·G, r = x(R), s = r/u2, e = u1·s.
func checkChosen(t *testing.T, c *Curve, public Point, numbers [3]*big.Int) {
	t.Helper()
	ref, g := newReference(c)
	d, u1, u2 := numbers[0], numbers[1], numbers[2]
	mod := func(z *big.Int) *big.Int { return z.Mod(z, ref.n) }
	sum := ref.mul(g, mod(new(big.Int).Add(u1, new(big.Int).Mul(u2, d))))
	want := sum.x != nil
	if !want {
		sum = g // any r must be refused
	}
	r := mod(new(big.Int).Set(sum.x))
	s := mod(new(big.Int).Mul(r, new(big.Int).ModInverse(mod(new(big.Int).Set(u2)), ref.n)))
	e := mod(new(big.Int).Mul(u1, s))
	e.Lsh(e, uint(8*c.Size()-ref.n.BitLen()))
	if got := c.Verify(public, e.FillBytes(make([]byte, c.Size())), r.Bytes(), s.Bytes()); got != want {
		t.Errorf("%s: key %v·G, u1 %v, u2 %v: %v; want %v", c.Name(), d, u1, u2, got, want)
	}
}

// TestSignatureWithACoordinateAboveTheOrder uses a point whose x lies between the order and the prime, where r is x less
// the order. The public key is computed from the signature.
func TestSignatureWithACoordinateAboveTheOrder(t *testing.T) {
	for _, c := range allCurves() {
		ref, g := newReference(c)
		if ref.n.Cmp(ref.p) > 0 {
			continue
		}
		x := new(big.Int).Set(ref.n)
		y := (*big.Int)(nil)
		for y == nil {
			x.Add(x, big.NewInt(1))
			y = new(big.Int).ModSqrt(ref.right(x), ref.p)
		}
		if x.Cmp(ref.p) >= 0 {
			t.Fatal("no such point")
		}
		// r = x - n, e = s = 1, so u1 = 1, u2 = r: Q = (R - G)/r.
		r := new(big.Int).Sub(x, ref.n)
		minus := refPoint{g.x, new(big.Int).Sub(ref.p, g.y)}
		q := ref.mul(ref.add(refPoint{x, y}, minus), new(big.Int).ModInverse(r, ref.n))
		digest := new(big.Int).Lsh(big.NewInt(1), uint(8*c.Size()-ref.n.BitLen())).FillBytes(make([]byte, c.Size()))
		if !c.Verify(point(t, c, ref.encode(q)), digest, r.Bytes(), []byte{1}) {
			t.Errorf("%s: r = x-n is refused", c.Name())
		}
	}
}

func TestNoncesBelongToKeyDigestAndSource(t *testing.T) {
	c := BrainpoolP256r1()
	k1, _ := key(t, c)
	k2, _ := key(t, c)
	d1, d2 := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	sign := func(rand io.Reader, k, d []byte) string {
		r, s, err := c.Sign(rand, k, d)
		if err != nil {
			t.Fatal(err)
		}
		return string(r) + string(s)
	}
	first := sign(endless(1), k1, d1)
	if again := sign(endless(1), k1, d1); again != first {
		t.Error("the same source gives another signature")
	}
	seen := map[string]bool{}
	for _, s := range []string{first, sign(endless(1), k1, d2), sign(endless(1), k2, d1), sign(endless(2), k1, d1)} {
		if seen[s[:32]] {
			t.Error("two signatures share a nonce")
		}
		seen[s[:32]] = true
	}
	if _, _, err := c.Sign(bytes.NewReader(nil), k1, d1); err == nil {
		t.Error("a source that runs dry gives a signature")
	}
}

func TestPrivateKeysThatAreRefused(t *testing.T) {
	for _, c := range allCurves() {
		n := c.Order().Bytes()
		good, _ := key(t, c)
		for _, k := range [][]byte{nil, {0}, make([]byte, c.Size()), n, append([]byte{1}, good...), bytes.Repeat([]byte{0xFF}, c.Size())} {
			if _, _, err := c.Sign(rand.Reader, k, []byte("digest")); err == nil {
				t.Errorf("%s: private key %X signs", c.Name(), k)
			}
		}
		if _, _, err := c.Sign(rand.Reader, []byte{0, 1}, []byte("digest")); err != nil {
			t.Errorf("%s: private key 1: %v", c.Name(), err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, c := range allCurves() {
		k, p := key(f, c)
		digest := sha512.Sum512(k)
		r, s, err := c.Sign(rand.Reader, k, digest[:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.ID(), p.Bytes(), digest[:], r, s)
	}
	f.Add(13, BrainpoolP256r1().Generator().Bytes(), []byte{}, []byte{1}, []byte{1})
	f.Fuzz(func(t *testing.T, id int, public, digest, r, s []byte) {
		c, err := ByParameterID(id)
		if err != nil {
			return
		}
		p, err := c.ParsePoint(public)
		if err != nil {
			return
		}
		if got, want := c.Verify(p, digest, r, s), refVerify(c, public, digest, r, s); got != want {
			t.Fatalf("%s: %v; the reference: %v", c.Name(), got, want)
		}
	})
}

// refVerify is ECDSA in textbook arithmetic.
func refVerify(c *Curve, public, digest, rb, sb []byte) bool {
	ref, g := newReference(c)
	r, s := new(big.Int).SetBytes(rb), new(big.Int).SetBytes(sb)
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(ref.n) >= 0 || s.Cmp(ref.n) >= 0 {
		return false
	}
	e := new(big.Int).SetBytes(digest)
	if excess := 8*len(digest) - ref.n.BitLen(); excess > 0 {
		e.Rsh(e, uint(excess))
	}
	w := new(big.Int).ModInverse(s, ref.n)
	u1, u2 := e.Mul(e, w), w.Mul(w, r)
	q := refPoint{new(big.Int).SetBytes(public[1 : 1+c.Size()]), new(big.Int).SetBytes(public[1+c.Size():])}
	sum := ref.add(ref.mul(g, u1.Mod(u1, ref.n)), ref.mul(q, u2.Mod(u2, ref.n)))
	return sum.x != nil && new(big.Int).Mod(sum.x, ref.n).Cmp(r) == 0
}
