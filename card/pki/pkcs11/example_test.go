package pkcs11_test

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
)

// A key on a token is a crypto.Signer. Here there is no token, and the error says what is wrong.
func ExampleOpen() {
	const uri = "pkcs11:token=cancuoc;object=ds-1?module-path=/usr/lib/no-such-module.so&pin-source=file:/run/secrets/pin"
	key, err := pkcs11.Open(uri, nil)
	if errors.Is(err, pkcs11.ErrModule) || errors.Is(err, pkcs11.ErrUnavailable) {
		fmt.Println("there is no module at that place")
		return
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer key.Close()
	digest := sha256.Sum256([]byte("to be signed"))
	signature, err := key.Sign(nil, digest[:], crypto.SHA256)
	fmt.Println(len(signature) > 0, err)
	// Output: there is no module at that place
}
