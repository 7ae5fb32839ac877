package main

import (
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

const keyHelp = `A key is named file:PATH (PKCS #8; encrypted unless the authority is a specimen) or by a PKCS #11 URI (RFC 7512), as in
pkcs11:token=LABEL;object=NAME?module-path=/usr/lib/softhsm/libsofthsm2.so. A PATH that is not absolute begins in the folder of
the authority; a key file that is not there is made, a key on a token must be there. The token's PIN is in the file that the URI names
(pin-source=file:/run/secrets/pin) or that $CANCUOC_PIN_FILE names, in $CANCUOC_PIN, or asked for at a terminal.`

// keys opens keys by reference.
func (d *desk) keys(passphrase []byte) authority.Keys {
	return authority.Keys{Passphrase: passphrase, PIN: d.pin}
}

// pin finds the PIN of a token: in the environment, in the file that it names, or from a person.
func (d *desk) pin() ([]byte, error) {
	if pin := os.Getenv("CANCUOC_PIN"); pin != "" {
		return []byte(pin), nil
	}
	if path := os.Getenv("CANCUOC_PIN_FILE"); path != "" {
		return pkcs11.PINFile(path)()
	}
	if !terminal(d.in) || !terminal(d.err) {
		return nil, pkcs11.ErrNoPIN
	}
	fmt.Fprint(d.err, "PIN of the token: ")
	typed, err := term.ReadPassword(int(d.in.(*os.File).Fd()))
	fmt.Fprintln(d.err)
	return typed, err
}
