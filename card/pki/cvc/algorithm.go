package cvc

import (
	"bytes"
	"crypto"
	"fmt"
)

// Algorithm is how the holder of a key signs, as its certificate says.
type Algorithm byte

// The algorithms of TR-03110-3, appendix A.7.3. Doc 9303-11, tables 7 and 8, keeps RSA with PSS and SHA-256 or SHA-512 and ECDSA
// without SHA-1.
const (
	RSAv15SHA1 Algorithm = iota + 1
	RSAv15SHA256
	RSAPSSSHA1
	RSAPSSSHA256
	RSAv15SHA512
	RSAPSSSHA512
	ECDSASHA1
	ECDSASHA224
	ECDSASHA256
	ECDSASHA384
	ECDSASHA512
)

// method is the family that an algorithm belongs to.
type method byte

const (
	ecdsa method = iota
	rsaV15
	rsaPSS
)

// algorithm is one row of the table of algorithms.
type algorithm struct {
	Algorithm
	arcs   [2]byte // below id-TA
	name   string
	method method
	hash   crypto.Hash
}

// algorithms is the table of TR-03110-3, appendix A.7.3.
func algorithms() []algorithm {
	return []algorithm{
		{RSAv15SHA1, [2]byte{1, 1}, "RSA-v1-5-SHA-1", rsaV15, crypto.SHA1},
		{RSAv15SHA256, [2]byte{1, 2}, "RSA-v1-5-SHA-256", rsaV15, crypto.SHA256},
		{RSAPSSSHA1, [2]byte{1, 3}, "RSA-PSS-SHA-1", rsaPSS, crypto.SHA1},
		{RSAPSSSHA256, [2]byte{1, 4}, "RSA-PSS-SHA-256", rsaPSS, crypto.SHA256},
		{RSAv15SHA512, [2]byte{1, 5}, "RSA-v1-5-SHA-512", rsaV15, crypto.SHA512},
		{RSAPSSSHA512, [2]byte{1, 6}, "RSA-PSS-SHA-512", rsaPSS, crypto.SHA512},
		{ECDSASHA1, [2]byte{2, 1}, "ECDSA-SHA-1", ecdsa, crypto.SHA1},
		{ECDSASHA224, [2]byte{2, 2}, "ECDSA-SHA-224", ecdsa, crypto.SHA224},
		{ECDSASHA256, [2]byte{2, 3}, "ECDSA-SHA-256", ecdsa, crypto.SHA256},
		{ECDSASHA384, [2]byte{2, 4}, "ECDSA-SHA-384", ecdsa, crypto.SHA384},
		{ECDSASHA512, [2]byte{2, 5}, "ECDSA-SHA-512", ecdsa, crypto.SHA512},
	}
}

// terminalAuthentication is the object identifier id-TA, { bsi-de protocols(2) smartcard(2) 2 }.
var terminalAuthentication = [...]byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02}

func (a Algorithm) row() (algorithm, error) {
	for _, row := range algorithms() {
		if row.Algorithm == a {
			return row, nil
		}
	}
	return algorithm{}, fmt.Errorf("cvc: signature algorithm %d is unknown", byte(a))
}

// String names the algorithm.
func (a Algorithm) String() string {
	row, err := a.row()
	if err != nil {
		return fmt.Sprintf("algorithm %d", byte(a))
	}
	return row.name
}

func (row algorithm) oid() []byte {
	return append(terminalAuthentication[:len(terminalAuthentication):len(terminalAuthentication)], row.arcs[:]...)
}

func algorithmByOID(oid []byte) (algorithm, error) {
	for _, row := range algorithms() {
		if bytes.Equal(row.oid(), oid) {
			return row, nil
		}
	}
	return algorithm{}, fmt.Errorf("%w: its signature algorithm is unknown", ErrFormat)
}

func (row algorithm) digest(message []byte) []byte {
	h := row.hash.New()
	h.Write(message)
	return h.Sum(nil)
}
