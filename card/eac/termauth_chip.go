package eac

import (
	"bytes"
	"errors"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// authentication is how far a Terminal Authentication has come. The chip holds one imported key at a time, the latest
// (Doc 9303-11, section 7.1.4.3.7), so that no chain makes it grow.
type authentication struct {
	imported *cvc.TrustPoint // of a document verifier or a terminal
	issuer   *cvc.TrustPoint // by MSE: Set DST
	claimant *cvc.TrustPoint // by MSE: Set AT
	rIC      []byte          // the challenge that waits for its answer
	done     bool
	rights   cvc.Rights
}

// Rights gives what the terminal may read in the session that is in force (Doc 9303-11, section 7.1.3).
func (c *Chip) Rights() cvc.Rights { return c.rights }

// ready tells whether Terminal Authentication may go on: in a session of Chip Authentication, once (Doc 9303-11,
// section 7.1.3).
func (c *Chip) ready() bool { return c.Trust != nil && c.terminal != nil && !c.done }

// setDST chooses the key that verifies the next certificate (Doc 9303-11, section 7.1.5.1).
func (c *Chip) setDST(field []byte) apdu.StatusWord {
	c.issuer = nil
	if !c.ready() {
		return apdu.SWConditionsNotSatisfied
	}
	name, err := tlv.ParseOne(field, tagPublicKeyRef)
	if err != nil {
		return apdu.SWWrongData
	}
	if point, ok := c.Trust.Find(string(name)); ok {
		c.issuer = &point
	} else if c.imported != nil && c.imported.Holder == string(name) {
		c.issuer = c.imported
	} else {
		return apdu.SWReferenceNotFound
	}
	return apdu.SWOK
}

// VerifyCertificate answers PSO: VERIFY CERTIFICATE (Doc 9303-11, section 7.1.5.2). A certificate that is not taken
// leaves the key imported before it usable.
func (c *Chip) VerifyCertificate(cmd apdu.Command) apdu.Response {
	issuer := c.issuer
	c.issuer, c.claimant, c.rIC = nil, nil, nil
	switch {
	case !c.ready() || issuer == nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case cmd.P1 != 0x00 || cmd.P2 != 0xBE:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	}
	certificate, err := cvc.ParseField(cmd.Data)
	if err != nil {
		return apdu.Response{SW: apdu.SWWrongData}
	}
	point, err := c.Trust.Import(certificate, *issuer)
	switch {
	case errors.Is(err, cvc.ErrSignature):
		return apdu.Response{SW: apdu.SWAuthenticationFailed}
	case err != nil:
		return apdu.Response{SW: apdu.SWWrongData}
	}
	c.imported = nil
	if point.Authorization.Role() != cvc.CVCA {
		c.imported = &point
	}
	return apdu.Response{SW: apdu.SWOK}
}

// setTerminalAT chooses the terminal's key (Doc 9303-11, section 7.1.5.3).
func (c *Chip) setTerminalAT(field []byte) apdu.StatusWord {
	c.claimant, c.rIC = nil, nil
	if !c.ready() {
		return apdu.SWConditionsNotSatisfied
	}
	objects, err := tlv.Parse(field)
	name, ok := tlv.Find(objects, tagPublicKeyRef)
	if err != nil || !ok {
		return apdu.SWWrongData
	}
	if c.imported == nil || c.imported.Authorization.Role() != cvc.Terminal || c.imported.Holder != string(name.Value) {
		return apdu.SWReferenceNotFound
	}
	c.claimant = c.imported
	return apdu.SWOK
}

// Challenge answers GET CHALLENGE (Doc 9303-11, section 7.1.5.4). A new challenge replaces the old one.
func (c *Chip) Challenge(cmd apdu.Command) apdu.Response {
	c.rIC = nil
	switch {
	case !c.ready() || c.claimant == nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	case len(cmd.Data) != 0 || cmd.Ne < challengeSize:
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	rIC := make([]byte, challengeSize)
	if _, err := io.ReadFull(c.Rand, rIC); err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	c.rIC = rIC
	return apdu.Response{Data: bytes.Clone(rIC), SW: apdu.SWOK}
}

// Authenticate answers EXTERNAL AUTHENTICATE (Doc 9303-11, section 7.1.5.5) and grants the rights that all
// certificates of the chain have. A challenge serves once.
func (c *Chip) Authenticate(cmd apdu.Command) apdu.Response {
	claimant, rIC := c.claimant, c.rIC
	c.claimant, c.rIC = nil, nil
	switch {
	case !c.ready() || len(c.ID) == 0:
		return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}
	case claimant == nil || rIC == nil:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	}
	signed := append(append(bytes.Clone(c.ID), rIC...), c.terminal...)
	if claimant.PublicKey.Verify(signed, cmd.Data) != nil {
		return apdu.Response{SW: apdu.SWAuthenticationFailed}
	}
	c.done, c.imported, c.rights = true, nil, claimant.Authorization.Rights()
	return apdu.Response{SW: apdu.SWOK}
}
