package pace

import (
	"bytes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"
	"math/big"

	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/internal/iso9797"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// curveGroup is PACE over an elliptic curve.
type curveGroup struct {
	curve        *ec.Curve
	field, order *dh.Modulus
}

func newCurveGroup(c *ec.Curve) (curveGroup, error) {
	p, _, _, _, _, n, _ := c.Parameters()
	field, err := dh.NewModulus(p)
	if err != nil {
		return curveGroup{}, err
	}
	order, err := dh.NewModulus(n)
	return curveGroup{c, field, order}, err
}

func (g curveGroup) draw(rand io.Reader) ([]byte, error) { return g.curve.DrawScalar(rand) }
func (g curveGroup) generator() element                  { return g.curve.Generator() }
func (g curveGroup) fieldBits() int                      { p, _, _, _, _, _, _ := g.curve.Parameters(); return p.BitLen() }
func (g curveGroup) secret(e element) []byte             { return e.(ec.Point).X() }

func (g curveGroup) parse(b []byte) (element, error) {
	p, err := g.curve.ParsePoint(b)
	return p, err
}

func (g curveGroup) multiple(e element, k []byte) (element, error) {
	p, err := g.curve.Mul(e.(ec.Point), g.order.Reduce(k))
	return p, err
}

func (g curveGroup) combine(a, b element) (element, error) {
	p, err := g.curve.Add(a.(ec.Point), b.(ec.Point))
	return p, err
}

func (g curveGroup) integrated(random []byte) (element, error) {
	p, err := g.curve.EncodeIntegrated(g.field.Reduce(random))
	return p, err
}

func (g curveGroup) key(public element) secinfo.PublicKey {
	return secinfo.PublicKey{Curve: g.curve, Point: public.(ec.Point)}
}

func (g curveGroup) publicKey(oid []byte, public element) []byte {
	return publicKeyObject(oid, 0x86, public.Bytes())
}

// modpGroup is PACE in a MODP group.
type modpGroup struct{ *dh.Group }

func (g modpGroup) draw(rand io.Reader) ([]byte, error) { return g.DrawPrivate(rand) }
func (g modpGroup) generator() element                  { return g.Generator() }
func (g modpGroup) fieldBits() int                      { p, _, _ := g.Parameters(); return p.BitLen() }
func (g modpGroup) secret(e element) []byte             { return e.(dh.Element).Fixed() }

func (g modpGroup) parse(b []byte) (element, error) {
	e, err := g.ParsePublic(b)
	return e, err
}

func (g modpGroup) multiple(e element, k []byte) (element, error) {
	r, err := g.Exp(e.(dh.Element), k)
	return r, err
}

func (g modpGroup) combine(a, b element) (element, error) {
	e, err := g.Mul(a.(dh.Element), b.(dh.Element))
	return e, err
}

func (g modpGroup) integrated(random []byte) (element, error) {
	e, err := g.Integrated(random)
	return e, err
}

func (g modpGroup) key(public element) secinfo.PublicKey {
	return secinfo.PublicKey{Group: g.Group, Value: public.(dh.Element)}
}

func (g modpGroup) publicKey(oid []byte, public element) []byte {
	return publicKeyObject(oid, 0x84, public.Bytes())
}

// mapGeneric gives the generator s*G + H, where H is agreed with the mapping keys (Doc 9303-11, section 4.4.3.3.1).
func mapGeneric(g group, s, private []byte, peer element) (element, error) {
	h, err := g.multiple(peer, private)
	if err != nil {
		return nil, err
	}
	sg, err := g.multiple(g.generator(), s)
	if err != nil {
		return nil, err
	}
	return g.combine(sg, h)
}

// mapIntegrated gives the generator f_G(R_p(s, t)) (Doc 9303-11, section 4.4.3.3.2).
func mapIntegrated(g group, suite sm.Suite, s, t []byte) (element, error) {
	random, err := pseudoRandom(suite, s, t, g.fieldBits())
	if err != nil {
		return nil, err
	}
	return g.integrated(random)
}

// pseudoRandom is R(s, t): at least 64 bits more than the field needs, not yet reduced (Doc 9303-11, section 4.4.3.3.2
// and figure 2).
func pseudoRandom(suite sm.Suite, s, t []byte, fieldBits int) ([]byte, error) {
	c0, c1 := constants(suite)
	key, err := encrypt(suite, t, s)
	if err != nil {
		return nil, err
	}
	var x []byte
	for len(x)*8 < fieldBits+64 {
		key = key[:suite.KeySize()]
		block, err := encrypt(suite, key, c1)
		if err != nil {
			return nil, err
		}
		if key, err = encrypt(suite, key, c0); err != nil {
			return nil, err
		}
		x = append(x, block...)
	}
	return x, nil
}

// constants gives c0 and c1 (Doc 9303-11, section 4.4.3.3.2).
func constants(suite sm.Suite) (c0, c1 []byte) {
	if nonceSize(suite) == 16 {
		return []byte("\xa6\x68\x89\x2a\x7c\x41\xe3\xca\x73\x9f\x40\xb0\x57\xd8\x59\x04"),
			[]byte("\xa4\xe1\x36\xac\x72\x5f\x73\x8b\x01\xc1\xf6\x02\x17\xc1\x88\xad")
	}
	return []byte("\xd4\x63\xd6\x52\x34\x12\x4e\xf7\x89\x70\x54\x98\x6d\xca\x0a\x17\x4e\x28\xdf\x75\x8c\xba\xa0\x3f\x24\x06\x16\x41\x4d\x5a\x16\x76"),
		[]byte("\x54\xbd\x72\x55\xf0\xaa\xf8\x31\xbe\xc3\x42\x3f\xcf\x39\xd6\x9b\x6c\xbf\x06\x66\x77\xd0\xfa\xae\x5a\xad\xd9\x9d\xf8\xe5\x35\x17")
}

// encrypt is CBC with a zero initial value and no padding.
func encrypt(suite sm.Suite, key, text []byte) ([]byte, error) {
	block, err := suite.Cipher(key)
	if err != nil {
		return nil, err
	}
	if len(text)%block.BlockSize() != 0 {
		return nil, fmt.Errorf("a nonce of %d bytes is not whole blocks", len(text))
	}
	out := make([]byte, len(text))
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(out, text)
	return out, nil
}

// chipData is CA_IC = SK_IC^-1 * SK_Map,IC modulo the order, as long as the order (Doc 9303-11, sections 4.4.3.5.1 and
// 4.4.5.6). The inverse is a power, so that the time it takes does not depend on the key.
func chipData(g curveGroup, static, mapping []byte) ([]byte, error) {
	two := new(big.Int).SetInt64(2)
	inverse, err := g.order.Exp(static, two.Sub(g.curve.Order(), two).Bytes())
	if err != nil {
		return nil, err
	}
	return g.order.Mul(inverse, mapping)
}

// chipDataIV is E(KSEnc, -1) (Doc 9303-11, section 4.4.3.5.4).
func chipDataIV(block cipher.Block) []byte {
	iv := bytes.Repeat([]byte{0xFF}, block.BlockSize())
	block.Encrypt(iv, iv)
	return iv
}

// sealChipData gives A_IC (Doc 9303-11, sections 4.4.3.5.1, .3 and .4).
func sealChipData(suite sm.Suite, keys sm.Keys, data []byte) ([]byte, error) {
	block, err := suite.Cipher(keys.Enc)
	if err != nil {
		return nil, err
	}
	b := iso9797.Pad(data, block.BlockSize())
	cipher.NewCBCEncrypter(block, chipDataIV(block)).CryptBlocks(b, b)
	return b, nil
}

// openChipData gives CA_IC back (Doc 9303-11, section 4.4.3.5.2).
func openChipData(suite sm.Suite, keys sm.Keys, sealed []byte) ([]byte, error) {
	block, err := suite.Cipher(keys.Enc)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 || len(sealed)%block.BlockSize() != 0 {
		return nil, fmt.Errorf("the encrypted chip authentication data are not whole blocks")
	}
	b := make([]byte, len(sealed))
	cipher.NewCBCDecrypter(block, chipDataIV(block)).CryptBlocks(b, sealed)
	return iso9797.Unpad(b, block.BlockSize())
}

// proves tells whether CA_IC leads from the static public key to the mapping key (Doc 9303-11, section 4.4.3.5.2).
func proves(curve *ec.Curve, data []byte, static ec.Point, mapping []byte) bool {
	if len(data) != curve.Size() || new(big.Int).SetBytes(data).Cmp(curve.Order()) >= 0 {
		return false
	}
	p, err := curve.Mul(static, data)
	return err == nil && subtle.ConstantTimeCompare(p.Bytes(), mapping) == 1
}
