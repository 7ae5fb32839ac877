package activeauth

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

var (
	// ErrChip is answered when the chip does not prove that it holds the private key: it is a copy, or was given
	// another key than EF.DG15 says.
	ErrChip = errors.New("activeauth: the chip does not prove that it holds the private key")
	// ErrNeedsExtended is answered when the signature is too long for short length fields and the command with
	// extended ones did not get through: whether the chip is authentic stays unknown. What mends it is a reader with
	// extended length, or Chip Authentication.
	ErrNeedsExtended = errors.New("activeauth: the signature needs extended length, which the reader or the card does not carry")
)

// Result says what a chip has proven, for the record of an inspection.
type Result struct {
	Key  string      // kind and size of the key, such as RSA-2048
	Hash crypto.Hash // that of the signature
}

// String gives both, such as "RSA-1024 with SHA-1".
func (r Result) String() string { return fmt.Sprintf("%s with %v", r.Key, r.Hash) }

// Run lets the chip sign eight bytes from rand and verifies the signature with the public key, the DER of the
// SubjectPublicKeyInfo in EF.DG15 (Doc 9303-11, section 6.1). The hash is that of the ActiveAuthenticationInfo in
// EF.DG14; it counts for elliptic curve keys only, since an RSA signature names its own. Where one was agreed on, send
// is the secure channel.
func Run(send apdu.Sender, publicKey []byte, hash crypto.Hash, rand io.Reader) (Result, error) {
	key, err := parsePublicKey(publicKey)
	if err != nil {
		return Result{}, err
	}
	if key.rsa == nil && !curveHash(hash) {
		return Result{}, errHash
	}
	rndIFD := make([]byte, rndSize)
	if _, err := io.ReadFull(rand, rndIFD); err != nil {
		return Result{}, fmt.Errorf("activeauth: draw RND.IFD: %w", err)
	}
	signature, err := internalAuthenticate(send, rndIFD, key.long())
	if err != nil {
		return Result{}, err
	}
	used, err := key.verify(signature, rndIFD, hash)
	if err != nil {
		return Result{}, fmt.Errorf("%w: its signature: %w", ErrChip, err)
	}
	return Result{key.String(), used}, nil
}

// internalAuthenticate asks for the signature (Doc 9303-11, section 6.1.3). Only a transport that gives up speaks of
// lacking extended length: a status word or a bad checksum come from the chip, which had the command.
func internalAuthenticate(send apdu.Sender, rndIFD []byte, long bool) ([]byte, error) {
	cmd := apdu.Command{INS: 0x88, Data: rndIFD, Ne: apdu.MaxShortNe}
	if long {
		cmd.Ne, cmd.Extended = apdu.MaxExtendedNe, true
	}
	resp, err := send.Send(cmd)
	switch {
	case err != nil && long && !errors.Is(err, sm.ErrResponse) && !errors.Is(err, sm.ErrClosed):
		return nil, fmt.Errorf("%w: %w", ErrNeedsExtended, err)
	case err != nil:
		return nil, fmt.Errorf("activeauth: internal authenticate: %w", err)
	}
	if err := resp.OK(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChip, err)
	}
	return resp.Data, nil
}
