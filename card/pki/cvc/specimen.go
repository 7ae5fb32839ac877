package cvc

import (
	"io"

	"github.com/cancuoc/cancuoc/card/date"
)

// Issued is a certificate with its private key.
type Issued struct {
	*Certificate
	Key *PrivateKey
}

// Specimen is a chain for trials: a CVCA, a document verifier and an inspection system that may read fingerprints and
// irises.
type Specimen struct{ CVCA, Verifier, Terminal Issued }

// IsSpecimen tells whether a reference is that of a specimen chain.
func IsSpecimen(reference string) bool { return len(reference) > 6 && reference[2:6] == "SPEC" }

// brainpoolP256r1 identifies the curve of a specimen's keys (Doc 9303-11, section 9.5.1).
const brainpoolP256r1 = 13

// NewSpecimen makes a specimen chain that takes effect on the given day. Its names say SPEC. The CVCA is good for three
// years, the others for three months, as long as the document signers of a specimen authority: a real inspection system
// gets a month at most.
func NewSpecimen(rand io.Reader, on date.Date) (Specimen, error) {
	var s Specimen
	rows := []struct {
		to, by     *Issued
		name       string
		role       Role
		expiration date.Date
	}{
		{&s.CVCA, &s.CVCA, "VNSPECCVCA00001", CVCA, on.AddYears(3)},
		{&s.Verifier, &s.CVCA, "VNSPECDV00001", DomesticDV, on.AddDays(91)},
		{&s.Terminal, &s.Verifier, "VNSPECIS00001", Terminal, on.AddDays(91)},
	}
	for _, row := range rows {
		key, err := GenerateEC(ECDSASHA256, brainpoolP256r1, rand)
		if err != nil {
			return Specimen{}, err
		}
		row.to.Key = key
		public, err := key.Public()
		if err != nil {
			return Specimen{}, err
		}
		authority := row.name
		if row.by.Certificate != nil {
			authority = row.by.Holder
		}
		row.to.Certificate, err = Issue(Certificate{
			Authority: authority, Holder: row.name, PublicKey: public,
			Authorization: InspectionAuthorization(row.role, ReadDG3|ReadDG4), Effective: on, Expiration: row.expiration,
		}, row.by.Key, rand)
		if err != nil {
			return Specimen{}, err
		}
	}
	return s, nil
}
