// Package pkcs11 signs with keys that stay on a PKCS #11 token: a smart card, a hardware security module, SoftHSM. A key
// is named by a URI (RFC 7512) and is then a crypto.Signer:
//
//	pkcs11:token=cancuoc;object=ds-1?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin
//
//	Open:  ParseURI -> module -> token, by its label and never by its slot -> PIN -> private key -> its public key
//	Sign:  prepare -> C_SignInit, C_Sign -> finish: coded, and verified under the public key that Open read
//
// Keys are ECDSA on the curves of Doc 9303-11 and RSA with PKCS #1 v1.5 or PSS (Doc 9303-12, section 4). A token that
// has lost its sessions or its login is opened again, once for each signature; one that does not answer is given up
// after ten seconds.
//
// A master key, from which the keys of chips come, may be there too ([OpenMaster]); it encrypts and makes MACs, and does not
// leave the token either.
//
// It needs cgo; built without it [Open] answers [ErrUnavailable].
package pkcs11

import (
	"errors"
	"fmt"
)

// What can be wrong with the way to a key.
var (
	ErrUnavailable = errors.New("pkcs11: this program was built without PKCS #11: build it with CGO_ENABLED=1 and a C compiler")
	ErrURI         = errors.New("pkcs11: not a PKCS #11 URI for a key")
	ErrModule      = errors.New("pkcs11: the module cannot be used")
	ErrNoToken     = errors.New("pkcs11: no such token")
	ErrNoKey       = errors.New("pkcs11: no such signing key on the token")
	ErrNoMaster    = errors.New("pkcs11: no such master key on the token")
	ErrAmbiguous   = errors.New("pkcs11: the URI means more than one")
	ErrUnsupported = errors.New("pkcs11: unsupported key or algorithm")
)

// What can be wrong with the PIN. No more than one attempt is made with a PIN that a token declines, as long as any key
// of that token is open.
var (
	ErrNoPIN       = errors.New("pkcs11: the token wants a PIN: name a file with pin-source=file:PATH in the URI")
	ErrKeyPIN      = errors.New("pkcs11: the key wants the PIN for every signature, but its token says that it takes none")
	ErrPIN         = errors.New("pkcs11: wrong PIN")
	ErrPINFewTries = fmt.Errorf("%w, and few tries are left before the token locks", ErrPIN)
	ErrPINFinalTry = errors.New("pkcs11: one wrong PIN more locks the token: log in once by hand with the right one (pkcs11-tool --login), then try again")
	ErrPINLocked   = errors.New("pkcs11: the PIN is locked: the token's security officer must set a new one")
)

// What can go wrong with a key that was open.
var (
	ErrTimeout   = errors.New("pkcs11: the token does not answer")
	ErrAbsent    = errors.New("pkcs11: the token is gone")
	ErrSignature = errors.New("pkcs11: the token gave a signature that is wrong under its public key")
	ErrClosed    = errors.New("pkcs11: the key is closed")
)
