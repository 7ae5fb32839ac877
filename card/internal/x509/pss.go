package x509

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/binary"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// readPSS reads RSASSA-PSS-params, each of which has a default (RFC 4055, section 3.1). A default that is written out,
// against DER, means the same.
func readPSS(parameters cryptobyte.String) (Algorithm, error) {
	a := Algorithm{Hash: crypto.SHA1, scheme: pss, name: pss.String(), mgf: crypto.SHA1, salt: 20}
	bad := malformed("the parameters of RSASSA-PSS are not in DER")
	var in, part cryptobyte.String
	var present bool
	if !parameters.ReadASN1(&in, cbasn1.SEQUENCE) || !parameters.Empty() {
		return a, bad
	}
	var oid asn1.ObjectIdentifier
	var err error
	if !in.ReadOptionalASN1(&part, &present, explicit(0)) {
		return a, bad
	}
	if present {
		if a.Hash, oid, err = ReadDigestAlgorithm(&part); err != nil || !part.Empty() {
			return a, bad
		}
		if a.Hash == 0 {
			return Algorithm{name: "RSASSA-PSS with " + oid.String()}, nil
		}
	}
	if !in.ReadOptionalASN1(&part, &present, explicit(1)) {
		return a, bad
	}
	if present {
		var name string
		if a.mgf, name, err = readMGF(part); err != nil {
			return a, bad
		}
		if a.mgf == 0 {
			return Algorithm{name: "RSASSA-PSS with " + name}, nil
		}
	}
	return readSalt(a, in, bad)
}

func readSalt(a Algorithm, in cryptobyte.String, bad error) (Algorithm, error) {
	for n, value := range []*int{&a.salt, new(int)} {
		var part cryptobyte.String
		var present bool
		if !in.ReadOptionalASN1(&part, &present, explicit(uint8(2+n))) {
			return a, bad
		}
		if present && (!part.ReadASN1Integer(value) || !part.Empty()) || n == 1 && present && *value != 1 {
			return a, bad
		}
	}
	if !in.Empty() || a.salt < 0 || a.salt > maxModulus/8 {
		return a, bad
	}
	return a, nil
}

func readMGF(in cryptobyte.String) (hash crypto.Hash, name string, err error) {
	oid, parameters, err := readIdentifier(&in)
	if err != nil || !in.Empty() {
		return 0, "", ErrMalformed
	}
	if !oid.Equal(oidMGF1()) {
		return 0, "mask " + oid.String(), nil
	}
	hash, oid, err = ReadDigestAlgorithm(&parameters)
	if err != nil || !parameters.Empty() {
		return 0, "", ErrMalformed
	}
	return hash, "MGF1 with " + oid.String(), nil
}

func (a Algorithm) addPSS(b *cryptobyte.Builder) {
	hash := func(h crypto.Hash) func(b *cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) { AddDigestAlgorithm(b, h) }
	}
	mgf := func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidMGF1())
			AddDigestAlgorithm(b, a.mgf)
		})
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidPSS())
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(explicit(0), hash(a.Hash))
			b.AddASN1(explicit(1), mgf)
			b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(a.salt)) })
		})
	})
}

// verifyPSS is RSASSA-PSS-VERIFY (RFC 8017, section 8.1.2). The standard library does it where both hashes are one.
func (a Algorithm) verifyPSS(key *rsa.PublicKey, digest, signature []byte) bool {
	if a.mgf == a.Hash && a.salt > 0 {
		return rsa.VerifyPSS(key, a.Hash, digest, signature, &rsa.PSSOptions{SaltLength: a.salt}) == nil
	}
	return a.verifyOwnPSS(key, digest, signature)
}

func (a Algorithm) verifyOwnPSS(key *rsa.PublicKey, digest, signature []byte) bool {
	s := new(big.Int).SetBytes(signature)
	if len(signature) != key.Size() || s.Cmp(key.N) >= 0 {
		return false
	}
	bits := key.N.BitLen() - 1
	m := s.Exp(s, big.NewInt(int64(key.E)), key.N)
	if m.BitLen() > bits {
		return false
	}
	return a.checkPSS(digest, m.FillBytes(make([]byte, (bits+7)/8)), bits)
}

// checkPSS is EMSA-PSS-VERIFY (RFC 8017, section 9.1.2). All that it sees is public.
func (a Algorithm) checkPSS(digest, em []byte, bits int) bool {
	size := a.Hash.Size()
	if len(em) < size+a.salt+2 || em[len(em)-1] != 0xBC {
		return false
	}
	db, h := em[:len(em)-size-1], em[len(em)-size-1:len(em)-1]
	top := byte(0xFF) >> (8*len(em) - bits)
	if db[0]&^top != 0 {
		return false
	}
	db = mask(a.mgf, h, db)
	db[0] &= top
	zeros := len(db) - a.salt - 1
	if !bytes.Equal(db[:zeros], make([]byte, zeros)) || db[zeros] != 1 {
		return false
	}
	return bytes.Equal(h, sum(a.Hash, make([]byte, 8), digest, db[zeros+1:]))
}

// mask gives b exclusive or MGF1 of the seed (RFC 8017, appendix B.2.1).
func mask(hash crypto.Hash, seed, b []byte) []byte {
	var stream []byte
	for n := uint32(0); len(stream) < len(b); n++ {
		stream = append(stream, sum(hash, seed, binary.BigEndian.AppendUint32(nil, n))...)
	}
	for i := range b {
		stream[i] ^= b[i]
	}
	return stream[:len(b)]
}

func sum(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
