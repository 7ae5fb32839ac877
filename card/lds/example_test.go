package lds_test

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// An issuer signs two data groups; a verifier checks them against EF.SOD.
func Example() {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	authority, err := pki.NewSpecimenAuthority(rand.Reader, now, "VN")
	if err != nil {
		panic(err)
	}
	dg1, err := lds.EncodeDG1([3]string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"})
	if err != nil {
		panic(err)
	}
	files := map[int][]byte{1: dg1, 13: []byte("\x6D\x00")}
	signer := cms.Signer{Certificate: authority.DocumentSigner.Raw, Key: authority.DocumentSignerKey}
	file, err := lds.SignSOD(lds.Digest(crypto.SHA256, files), signer, now)
	if err != nil {
		panic(err)
	}

	sod, err := lds.ParseSOD(file)
	if err != nil {
		panic(err)
	}
	der, _ := sod.SignedData.SignerCertificate()
	ds, _ := pki.ParseCertificate(der)
	anchor, err := pki.Trust{Anchors: []pki.Certificate{authority.CSCA}}.Chain(ds)
	fmt.Println("signature:", sod.SignedData.Verify(ds.Raw))
	fmt.Println("chain:", anchor.Subject, err)
	fmt.Println("data groups:", sod.SecurityObject.DataGroups(), sod.SecurityObject.Matches(1, dg1), sod.SecurityObject.Matches(13, dg1))
	// Output:
	// signature: <nil>
	// chain: CN=SPECIMEN CSCA,O=SPECIMEN cancuoc,C=VN <nil>
	// data groups: [1 13] true false
}
