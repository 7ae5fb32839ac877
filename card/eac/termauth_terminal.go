package eac

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/tlv"
)

var (
	// ErrCertificate is answered when the chip does not take a certificate of the chain: it has expired, or the chip
	// trusts another CVCA.
	ErrCertificate = errors.New("eac: the chip does not take a certificate of the terminal")
	// ErrTerminal is answered when the chip does not take the terminal's signature.
	ErrTerminal = errors.New("eac: the chip does not let the terminal in")
)

// Credentials are what an inspection system shows to a chip.
type Credentials struct {
	// Certificates are its own, those of document verifiers and the link certificates of the CVCA, in any order.
	Certificates []*cvc.Certificate
	Holder       string // the holder reference of its own certificate
	Key          cvc.Signer
}

// Binding ties a Terminal Authentication to a chip and a session.
type Binding struct {
	Authorities []string // the CVCA keys that the chip trusts, from EF.CVCA or from PACE
	Chip        []byte   // ID.IC: the document number with its check digit after BAC, after PACE Comp(PK.IC)
	Terminal    []byte   // Comp(PK.IFD) of the Chip Authentication before, or of PACE with its mapping
}

// message is what the terminal signs (Doc 9303-11, section 7.1.2).
func (b Binding) message(rIC []byte) []byte {
	return bytes.Join([][]byte{b.Chip, rIC, b.Terminal}, nil)
}

// TerminalAuthenticate lets the terminal into what its certificates allow, over the secure channel that Chip
// Authentication has begun (Doc 9303-11, section 7.1). It sends at most cvc.MaxChain certificates.
func TerminalAuthenticate(send apdu.Sender, own Credentials, to Binding, rand io.Reader) error {
	if len(to.Chip) == 0 || len(to.Terminal) == 0 {
		return errors.New("eac: Terminal Authentication comes after Chip Authentication")
	}
	chain, err := cvc.Chain(own.Certificates, to.Authorities, own.Holder)
	if err != nil {
		return err
	}
	for _, c := range chain {
		if err := showCertificate(send, c); err != nil {
			return err
		}
	}
	holder := tlv.Encode(tagPublicKeyRef, []byte(own.Holder))
	cmd := apdu.Command{INS: 0x22, P1: 0x81, P2: 0xA4, Data: holder}
	if _, err := do(send, cmd, ErrTerminal, "MSE: Set AT"); err != nil {
		return err
	}
	rIC, err := getChallenge(send)
	if err != nil {
		return err
	}
	signature, err := own.Key.Sign(rand, to.message(rIC))
	if err != nil {
		return fmt.Errorf("eac: sign the challenge: %w", err)
	}
	_, err = do(send, apdu.Command{INS: 0x82, Data: signature}, ErrTerminal, "External Authenticate")
	return err
}

// showCertificate lets the chip verify one certificate (Doc 9303-11, sections 7.1.5.1 and 7.1.5.2).
func showCertificate(send apdu.Sender, c *cvc.Certificate) error {
	field, err := c.Field()
	if err != nil {
		return err
	}
	authority := tlv.Encode(tagPublicKeyRef, []byte(c.Authority))
	cmd := apdu.Command{INS: 0x22, P1: 0x81, P2: 0xB6, Data: authority}
	if _, err := do(send, cmd, ErrCertificate, "MSE: Set DST"); err != nil {
		return fmt.Errorf("%w (certificate of %q)", err, c.Holder)
	}
	cmd = apdu.Command{INS: 0x2A, P1: 0x00, P2: 0xBE, Data: field}
	if _, err := do(send, cmd, ErrCertificate, "PSO: Verify Certificate"); err != nil {
		return fmt.Errorf("%w (certificate of %q)", err, c.Holder)
	}
	return nil
}

// getChallenge asks for r.IC (Doc 9303-11, section 7.1.5.4).
func getChallenge(send apdu.Sender) ([]byte, error) {
	resp, err := do(send, apdu.Command{INS: 0x84, Ne: challengeSize}, ErrTerminal, "Get Challenge")
	if err != nil {
		return nil, err
	}
	if len(resp.Data) != challengeSize {
		return nil, fmt.Errorf("eac: Get Challenge: card answered %d bytes, not %d", len(resp.Data), challengeSize)
	}
	return resp.Data, nil
}
