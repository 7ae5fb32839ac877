package pki_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// An issuer makes a specimen authority and writes it down; a verifier who got its certificate trusts the document
// signer below it.
func Example() {
	dir, err := os.MkdirTemp("", "pki")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	keyFile, anchorFile := filepath.Join(dir, "ds.key"), filepath.Join(dir, "csca.cer")

	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	authority, err := pki.NewSpecimenAuthority(rand.Reader, now, "VN")
	if err != nil {
		panic(err)
	}
	fmt.Println(pki.WriteKey(keyFile, authority.DocumentSignerKey, []byte("a passphrase")))
	fmt.Println(pki.WriteCertificate(anchorFile, authority.CSCA))

	_, err = pki.ReadKey(keyFile, []byte("another"))
	fmt.Println(errors.Is(err, pki.ErrPassphrase))

	trust, err := pki.LoadTrust(anchorFile, time.Now())
	if err != nil {
		panic(err)
	}
	anchor, err := trust.Chain(authority.DocumentSigner)
	fmt.Println(anchor.Subject, err)
	fmt.Println(authority.DocumentSigner.Validity(now.AddDate(30, 0, 0)), anchor.Specimen())
	// Output:
	// <nil>
	// <nil>
	// true
	// CN=SPECIMEN CSCA,O=SPECIMEN cancuoc,C=VN <nil>
	// <nil> true
}
