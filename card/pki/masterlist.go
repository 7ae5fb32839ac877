package pki

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// The content types of signed lists (Doc 9303-12).
const (
	oidMasterList    = "2.23.136.1.1.2"
	oidDeviationList = "2.23.136.1.1.7"
)

// MasterList is a list of CSCA certificates that a state has signed (Doc 9303-12). It has been parsed and not
// yet been believed: [MasterList.Verify] decides that.
type MasterList struct {
	SignedData   cms.SignedData
	Certificates []Listed // in the order of the list, none left out
}

// Listed is one certificate of a list: read, or with the reason why it could not be.
type Listed struct {
	Raw         []byte
	Certificate Certificate
	Err         error
}

// ParseMasterList reads a ContentInfo with a CscaMasterList. A certificate that cannot be read does not spoil the others.
func ParseMasterList(der []byte) (MasterList, error) {
	signed, err := cms.Parse(der)
	if err != nil {
		return MasterList{}, fmt.Errorf("pki: master list: %w", err)
	}
	if signed.ContentType.String() != oidMasterList {
		return MasterList{}, fmt.Errorf("pki: master list: content type %s is not that of a master list", signed.ContentType)
	}
	m := MasterList{SignedData: signed}
	in := cryptobyte.String(signed.Content)
	var seq, set cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || version != 0 ||
		!seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return MasterList{}, fmt.Errorf("pki: master list: the content is no CscaMasterList of version 0")
	}
	for !set.Empty() {
		var raw cryptobyte.String
		if !set.ReadASN1Element(&raw, cbasn1.SEQUENCE) {
			return MasterList{}, fmt.Errorf("pki: master list: certificate %d is not in DER", len(m.Certificates)+1)
		}
		one := Listed{Raw: raw}
		one.Certificate, one.Err = ParseCertificate(raw)
		m.Certificates = append(m.Certificates, one)
	}
	return m, nil
}

// Verify checks the signature of the list, and that its signer is one of master lists below an authority that is trusted.
// It gives what stands over the signer, as [Trust.Path] does; the signer's and the authorities' time is for the caller.
func (m MasterList) Verify(t Trust) (signer Certificate, path []Certificate, err error) {
	return t.verifyList(m.SignedData, forMasterLists)
}

// Judge checks what makes a master list's certificates trusted now: what [MasterList.Verify] checks, and that the signer and
// all that stands over it hold ([Trust.Current]). SHA-1 is taken nowhere here: one certificate made to collide would
// replace every anchor. The path is there for a list that is right and only out of date.
func (m MasterList) Judge(t Trust, now time.Time) (signer Certificate, path []Certificate, err error) {
	signer, path, err = m.Verify(t)
	switch {
	case err != nil:
		return signer, nil, err
	case m.SignedData.Weak():
		return signer, path, fmt.Errorf("%w: the master list", errWeak)
	}
	return signer, path, t.Current(signer, path, now)
}

// Signer gives the certificate of the signer whom the list names. Nothing has been verified.
func (m MasterList) Signer() (Certificate, error) {
	der, err := m.SignedData.SignerCertificate()
	if err != nil {
		return Certificate{}, fmt.Errorf("pki: signed list: %w", err)
	}
	return ParseCertificate(der)
}

// DeviationList is a list of the errors in documents that a state has issued (Doc 9303-12). Its entries are not
// read here.
type DeviationList struct {
	SignedData cms.SignedData
}

// ParseDeviationList reads a ContentInfo with a DeviationList.
func ParseDeviationList(der []byte) (DeviationList, error) {
	signed, err := cms.Parse(der)
	if err != nil {
		return DeviationList{}, fmt.Errorf("pki: deviation list: %w", err)
	}
	if signed.ContentType.String() != oidDeviationList {
		return DeviationList{}, fmt.Errorf("pki: deviation list: content type %s is not that of a deviation list", signed.ContentType)
	}
	return DeviationList{signed}, nil
}

// Verify checks signature and signer, as [MasterList.Verify] does.
func (d DeviationList) Verify(t Trust) (signer Certificate, path []Certificate, err error) {
	return t.verifyList(d.SignedData, forDeviationLists)
}

func (t Trust) verifyList(signed cms.SignedData, p purpose) (signer Certificate, path []Certificate, err error) {
	der, err := signed.SignerCertificate()
	if err != nil {
		return Certificate{}, nil, fmt.Errorf("pki: signed list: %w", err)
	}
	if err := signed.Verify(der); err != nil {
		return Certificate{}, nil, fmt.Errorf("pki: signed list: %w", err)
	}
	if signer, err = ParseCertificate(der); err != nil {
		return Certificate{}, nil, err
	}
	path, err = t.path(signer, p)
	return signer, path, err
}
