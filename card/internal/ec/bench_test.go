package ec

import (
	"crypto/rand"
	"crypto/sha512"
	"testing"
)

func BenchmarkP224r1Mul(b *testing.B)    { benchmarkMul(b, BrainpoolP224r1()) }
func BenchmarkP224r1Sign(b *testing.B)   { benchmarkSign(b, BrainpoolP224r1()) }
func BenchmarkP224r1Verify(b *testing.B) { benchmarkVerify(b, BrainpoolP224r1()) }

func BenchmarkP256r1Mul(b *testing.B)     { benchmarkMul(b, BrainpoolP256r1()) }
func BenchmarkP256r1MulBase(b *testing.B) { benchmarkMulBase(b, BrainpoolP256r1()) }
func BenchmarkP256r1Sign(b *testing.B)    { benchmarkSign(b, BrainpoolP256r1()) }
func BenchmarkP256r1Verify(b *testing.B)  { benchmarkVerify(b, BrainpoolP256r1()) }
func BenchmarkP256r1Encode(b *testing.B)  { benchmarkEncode(b, BrainpoolP256r1()) }

func BenchmarkP320r1Mul(b *testing.B)    { benchmarkMul(b, BrainpoolP320r1()) }
func BenchmarkP320r1Sign(b *testing.B)   { benchmarkSign(b, BrainpoolP320r1()) }
func BenchmarkP320r1Verify(b *testing.B) { benchmarkVerify(b, BrainpoolP320r1()) }

func BenchmarkP384r1Mul(b *testing.B)     { benchmarkMul(b, BrainpoolP384r1()) }
func BenchmarkP384r1MulBase(b *testing.B) { benchmarkMulBase(b, BrainpoolP384r1()) }
func BenchmarkP384r1Sign(b *testing.B)    { benchmarkSign(b, BrainpoolP384r1()) }
func BenchmarkP384r1Verify(b *testing.B)  { benchmarkVerify(b, BrainpoolP384r1()) }
func BenchmarkP384r1Encode(b *testing.B)  { benchmarkEncode(b, BrainpoolP384r1()) }

func BenchmarkP512r1Mul(b *testing.B)    { benchmarkMul(b, BrainpoolP512r1()) }
func BenchmarkP512r1Sign(b *testing.B)   { benchmarkSign(b, BrainpoolP512r1()) }
func BenchmarkP512r1Verify(b *testing.B) { benchmarkVerify(b, BrainpoolP512r1()) }

func BenchmarkP256Mul(b *testing.B)    { benchmarkMul(b, P256()) }
func BenchmarkP256Sign(b *testing.B)   { benchmarkSign(b, P256()) }
func BenchmarkP256Verify(b *testing.B) { benchmarkVerify(b, P256()) }
func BenchmarkP384Mul(b *testing.B)    { benchmarkMul(b, P384()) }
func BenchmarkP521Sign(b *testing.B)   { benchmarkSign(b, P521()) }

func BenchmarkField256Mul(b *testing.B) { benchmarkField(b, BrainpoolP256r1()) }
func BenchmarkField320Mul(b *testing.B) { benchmarkField(b, BrainpoolP320r1()) }
func BenchmarkField384Mul(b *testing.B) { benchmarkField(b, BrainpoolP384r1()) }
func BenchmarkField512Mul(b *testing.B) { benchmarkField(b, BrainpoolP512r1()) }

func benchmarkMul(b *testing.B, c *Curve) {
	k, p := key(b, c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Mul(p, k); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkMulBase(b *testing.B, c *Curve) {
	k, _ := key(b, c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.MulBase(k); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkSign(b *testing.B, c *Curve) {
	k, _ := key(b, c)
	digest := sha512.Sum512(k)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Sign(rand.Reader, k, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkVerify(b *testing.B, c *Curve) {
	k, p := key(b, c)
	digest := sha512.Sum512(k)
	r, s, err := c.Sign(rand.Reader, k, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !c.Verify(p, digest[:], r, s) {
			b.Fatal("a good signature is refused")
		}
	}
}

func benchmarkEncode(b *testing.B, c *Curve) {
	k, _ := key(b, c)
	for b.Loop() {
		if _, err := c.EncodeIntegrated(k); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkField(b *testing.B, c *Curve) {
	k, _ := key(b, c)
	x := c.coordinates.reduce(k)
	for b.Loop() {
		c.coordinates.mul(&x, &x, &x)
	}
}

// key draws a key pair.
func key(t testing.TB, c *Curve) (private []byte, public Point) {
	t.Helper()
	private, err := c.DrawScalar(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err = c.MulBase(private)
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}
