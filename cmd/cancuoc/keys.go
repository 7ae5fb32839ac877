package main

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/pki"
)

// openKey opens the private key that a reference names: file:PATH.
func (d *desk) openKey(ref string, passphrase []byte) (crypto.Signer, error) {
	path, ok := strings.CutPrefix(ref, "file:")
	if !ok || path == "" {
		return nil, withCode(exitUsage, fmt.Errorf("--key %s: a key is named file:PATH", ref))
	}
	key, err := pki.ReadKey(path, passphrase)
	return key, withCode(exitKey, err)
}
