package ec

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// TestStandardisedCurves holds the table of Doc 9303-11, section 9.5.1, against the names and identifiers of FIPS 186 and RFC 5639.
func TestStandardisedCurves(t *testing.T) {
	want := []struct {
		curve *Curve
		id    int
		name  string
		size  int
		oid   string
	}{
		{P224(), 10, "P-224", 28, "1.3.132.0.33"},
		{BrainpoolP224r1(), 11, "brainpoolP224r1", 28, "1.3.36.3.3.2.8.1.1.5"},
		{P256(), 12, "P-256", 32, "1.2.840.10045.3.1.7"},
		{BrainpoolP256r1(), 13, "brainpoolP256r1", 32, "1.3.36.3.3.2.8.1.1.7"},
		{BrainpoolP320r1(), 14, "brainpoolP320r1", 40, "1.3.36.3.3.2.8.1.1.9"},
		{P384(), 15, "P-384", 48, "1.3.132.0.34"},
		{BrainpoolP384r1(), 16, "brainpoolP384r1", 48, "1.3.36.3.3.2.8.1.1.11"},
		{BrainpoolP512r1(), 17, "brainpoolP512r1", 64, "1.3.36.3.3.2.8.1.1.13"},
		{P521(), 18, "P-521", 66, "1.3.132.0.35"},
	}
	for _, w := range want {
		c := w.curve
		if c.ID() != w.id || c.Name() != w.name || c.Size() != w.size || c.OID().String() != w.oid {
			t.Errorf("%s: id %d, size %d, identifier %v", c.Name(), c.ID(), c.Size(), c.OID())
		}
		if same, err := ByParameterID(w.id); err != nil || same != c {
			t.Errorf("id %d: %v, %v", w.id, same, err)
		}
		if same, err := ByOID(c.OID()); err != nil || same != c {
			t.Errorf("identifier %s: %v, %v", w.oid, same, err)
		}
		if same, err := ByParameters(c.Parameters()); err != nil || same != c {
			t.Errorf("parameters of %s: %v, %v", w.name, same, err)
		}
		p, _, _, gx, gy, n, _ := c.Parameters()
		if !p.ProbablyPrime(8) || !n.ProbablyPrime(8) || c.Order().Cmp(n) != 0 {
			t.Errorf("%s: field or order is not prime", w.name)
		}
		g := append([]byte{4}, gx.FillBytes(make([]byte, w.size))...)
		if g = append(g, gy.FillBytes(make([]byte, w.size))...); !bytes.Equal(c.Generator().Bytes(), g) {
			t.Errorf("%s: generator %X", w.name, c.Generator().Bytes())
		}
	}
}

func TestCurvesThatAreDeclined(t *testing.T) {
	for id, name := range map[int]string{8: "P-192", 9: "brainpoolP192r1"} {
		if _, err := ByParameterID(id); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("id %d: %v; want its name", id, err)
		}
	}
	for _, id := range []int{-1, 0, 2, 7, 19, 1 << 30} {
		if _, err := ByParameterID(id); err == nil {
			t.Errorf("id %d is a curve", id)
		}
	}
	for _, oid := range []asn1.ObjectIdentifier{nil, {1, 3, 132, 0, 10}, {1, 3, 36, 3, 3, 2, 8, 1, 1, 8}} {
		if _, err := ByOID(oid); err == nil {
			t.Errorf("identifier %v is a curve", oid)
		}
	}
}

func TestExplicitParametersMustBeExact(t *testing.T) {
	for i := range 6 {
		for _, change := range []func(*big.Int) *big.Int{
			func(v *big.Int) *big.Int { return v.Add(v, big.NewInt(1)) },
			func(v *big.Int) *big.Int { return v.Neg(v) },
			func(*big.Int) *big.Int { return nil },
		} {
			p, a, b, gx, gy, n, h := BrainpoolP256r1().Parameters()
			v := []*big.Int{p, a, b, gx, gy, n}
			v[i] = change(v[i])
			if _, err := ByParameters(v[0], v[1], v[2], v[3], v[4], v[5], h); err == nil {
				t.Errorf("parameter %d is changed to %v and accepted", i, v[i])
			}
		}
	}
	p, a, b, gx, gy, n, _ := BrainpoolP256r1().Parameters()
	if _, err := ByParameters(p, a, b, gx, gy, n, 2); err == nil {
		t.Error("another cofactor is accepted")
	}
}

func TestWhatIsGivenOutDoesNotChangeTheCurve(t *testing.T) {
	c := BrainpoolP256r1()
	want := c.Generator().Bytes()
	p, a, b, gx, gy, n, _ := c.Parameters()
	for _, v := range []*big.Int{p, a, b, gx, gy, n, c.Order()} {
		v.SetInt64(1)
	}
	c.OID()[0] = 9
	clear(c.Generator().Bytes())
	clear(c.Generator().X())
	if _, err := ByParameters(c.Parameters()); err != nil || c.Order().BitLen() != 256 || c.OID()[0] != 1 || !bytes.Equal(c.Generator().Bytes(), want) {
		t.Error("the curve changed")
	}
}

func TestPointsThatAreRefused(t *testing.T) {
	for _, c := range allCurves() {
		size := c.Size()
		p, _, _, _, _, _, _ := c.Parameters()
		good := c.Generator().Bytes()
		change := func(f func(b []byte) []byte) []byte { return f(slices.Clone(good)) }
		bad := map[string][]byte{
			"nothing":            {},
			"infinity":           {0},
			"infinity in full":   make([]byte, 1+2*size),
			"zeros after 04":     change(func(b []byte) []byte { clear(b[1:]); return b }),
			"compressed":         change(func(b []byte) []byte { b[0] = 2 | b[2*size]&1; return b[:1+size] }),
			"hybrid":             change(func(b []byte) []byte { b[0] = 6 | b[2*size]&1; return b }),
			"a byte short":       good[:2*size],
			"a byte long":        append(slices.Clone(good), 0),
			"no 04":              good[1:],
			"x is the prime":     change(func(b []byte) []byte { p.FillBytes(b[1 : 1+size]); return b }),
			"y is the prime":     change(func(b []byte) []byte { p.FillBytes(b[1+size:]); return b }),
			"all ones":           append([]byte{4}, bytes.Repeat([]byte{0xFF}, 2*size)...),
			"coordinates change": change(func(b []byte) []byte { return slices.Concat(b[:1], b[1+size:], b[1:1+size]) }),
		}
		for i := range 8 * 2 * size {
			flipped := slices.Clone(good)
			flipped[1+i/8] ^= 1 << (i % 8)
			if _, err := c.ParsePoint(flipped); err == nil {
				t.Errorf("%s: a point with bit %d flipped is accepted", c.Name(), i)
			}
		}
		for what, b := range bad {
			if q, err := c.ParsePoint(b); err == nil || q != (Point{}) {
				t.Errorf("%s: %s is accepted as a point", c.Name(), what)
			}
		}
		if q, err := c.ParsePoint(good); err != nil || q != c.Generator() {
			t.Errorf("%s: the generator is refused: %v", c.Name(), err)
		}
	}
}

// TestUnreducedCoordinatesAreRefused gives a point whose x is so small that x+p still fits the bytes.
func TestUnreducedCoordinatesAreRefused(t *testing.T) {
	c := BrainpoolP256r1()
	ref, _ := newReference(c)
	for x := big.NewInt(0); ; x.Add(x, big.NewInt(1)) {
		y := new(big.Int).ModSqrt(ref.right(x), ref.p)
		if y == nil {
			continue
		}
		if _, err := c.ParsePoint(ref.encode(refPoint{x, y})); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ParsePoint(ref.encode(refPoint{new(big.Int).Add(x, ref.p), y})); err == nil {
			t.Error("x+p is accepted")
		}
		return
	}
}

func TestForeignAndEmptyPoints(t *testing.T) {
	c, other := BrainpoolP256r1(), P256()
	for _, p := range []Point{{}, other.Generator(), BrainpoolP384r1().Generator()} {
		if _, err := c.Mul(p, []byte{2}); err == nil {
			t.Error("a foreign point is multiplied")
		}
		if _, err := c.Add(p, c.Generator()); err == nil {
			t.Error("a foreign point is added to")
		}
		if _, err := c.Add(c.Generator(), p); err == nil {
			t.Error("a foreign point is added")
		}
		if c.Verify(p, []byte("digest"), []byte{1}, []byte{1}) {
			t.Error("a foreign point verifies")
		}
	}
	if (Point{}).X() != nil || len((Point{}).Bytes()) != 0 {
		t.Error("the zero point has bytes")
	}
}

func TestAPointDoesNotPrintItsCoordinates(t *testing.T) {
	p := BrainpoolP256r1().Generator()
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, p); got != "a point of brainpoolP256r1" {
			t.Errorf("%s prints %q", format, got)
		}
	}
	if got := fmt.Sprint(Point{}); got != "no point" {
		t.Errorf("the zero point prints %q", got)
	}
}

func TestDrawScalar(t *testing.T) {
	for _, c := range allCurves() {
		size, n := c.Size(), c.Order()
		below := new(big.Int).Sub(n, big.NewInt(1)).FillBytes(make([]byte, size))
		zero, order := make([]byte, size), n.FillBytes(make([]byte, size))
		k, err := c.DrawScalar(bytes.NewReader(slices.Concat(zero, order, below)))
		if err != nil || !bytes.Equal(k, below) {
			t.Errorf("%s: drawn %X, %v; want n-1, after 0 and n were passed over", c.Name(), k, err)
		}
		if _, err := c.DrawScalar(bytes.NewReader(below[1:])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: a source that runs dry: %v", c.Name(), err)
		}
		if _, err := c.DrawScalar(endless(0)); err == nil {
			t.Errorf("%s: zeros for ever give a scalar", c.Name())
		}
	}
	if _, err := BrainpoolP256r1().DrawScalar(endless(0xFF)); err == nil {
		t.Error("ones for ever give a scalar")
	}
}

// endless is a broken source of randomness.
type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

func FuzzParsePoint(f *testing.F) {
	for _, c := range allCurves() {
		f.Add(c.ID(), c.Generator().Bytes())
	}
	f.Add(13, []byte{0})
	f.Add(13, []byte{4})
	f.Fuzz(func(t *testing.T, id int, b []byte) {
		c, err := ByParameterID(id)
		if err != nil {
			return
		}
		p, err := c.ParsePoint(b)
		ref, _ := newReference(c)
		if on := refOnCurve(ref, b, c.Size()); on != (err == nil) {
			t.Fatalf("%s: %X: %v; on the curve: %v", c.Name(), b, err, on)
		}
		if err == nil && (!bytes.Equal(p.Bytes(), b) || !bytes.Equal(p.X(), b[1:1+c.Size()])) {
			t.Fatalf("%s: %X is read as %X", c.Name(), b, p.Bytes())
		}
	})
}

// refOnCurve tells what ParsePoint should accept.
func refOnCurve(r reference, b []byte, size int) bool {
	if len(b) != 1+2*size || b[0] != 4 {
		return false
	}
	x, y := new(big.Int).SetBytes(b[1:1+size]), new(big.Int).SetBytes(b[1+size:])
	square := new(big.Int).Mul(y, y)
	return x.Cmp(r.p) < 0 && y.Cmp(r.p) < 0 && square.Mod(square, r.p).Cmp(r.right(x)) == 0
}

func FuzzMultiples(f *testing.F) {
	for _, k := range edgeScalars(BrainpoolP256r1().Order()) {
		f.Add(13, k.Bytes())
	}
	f.Add(14, bytes.Repeat([]byte{0x84, 0x21, 0x08, 0x42, 0x10}, 8))
	f.Fuzz(func(t *testing.T, id int, k []byte) {
		c, err := ByParameterID(id)
		if err != nil || len(k) > 100 {
			return
		}
		ref, g := newReference(c)
		want := ref.encode(ref.mul(g, new(big.Int).Mod(new(big.Int).SetBytes(k), ref.n)))
		n := new(big.Int).SetBytes(k)
		checkResult(t, "MulBase", n, want)(c.MulBase(k))
		checkResult(t, "Mul", n, want)(c.Mul(c.Generator(), k))
	})
}
