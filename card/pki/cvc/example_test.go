package cvc_test

import (
	"crypto/rand"
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
)

// A state makes its CVCA, a document verifier and an inspection system; a chip that knows the CVCA follows the chain.
func Example() {
	type holder struct {
		name, authority string
		role            cvc.Role
		rights          cvc.Rights
	}
	keys := map[string]*cvc.PrivateKey{}
	certificates := map[string]*cvc.Certificate{}
	for _, h := range []holder{
		{"VNCVCA00001", "VNCVCA00001", cvc.CVCA, cvc.ReadDG3 | cvc.ReadDG4},
		{"VNDV00001", "VNCVCA00001", cvc.DomesticDV, cvc.ReadDG3 | cvc.ReadDG4},
		{"VNIS00001", "VNDV00001", cvc.Terminal, cvc.ReadDG3},
	} {
		key, err := cvc.GenerateEC(cvc.ECDSASHA256, 13, rand.Reader) // brainpoolP256r1
		if err != nil {
			log.Fatal(err)
		}
		public, err := key.Public()
		if err != nil {
			log.Fatal(err)
		}
		keys[h.name] = key
		certificates[h.name], err = cvc.Issue(cvc.Certificate{
			Authority: h.authority, Holder: h.name, PublicKey: public,
			Authorization: cvc.InspectionAuthorization(h.role, h.rights),
			Effective:     date.Date{Year: 2025, Month: 3, Day: 1}, Expiration: date.Date{Year: 2025, Month: 9, Day: 1},
		}, keys[h.authority], rand.Reader)
		if err != nil {
			log.Fatal(err)
		}
	}

	root, err := cvc.Root(certificates["VNCVCA00001"])
	if err != nil {
		log.Fatal(err)
	}
	chip := cvc.Trust{Points: []cvc.TrustPoint{root}, Date: date.Date{Year: 2024, Month: 12, Day: 31}}
	verifier, err := chip.Import(certificates["VNDV00001"], root)
	if err != nil {
		log.Fatal(err)
	}
	terminal, err := chip.Import(certificates["VNIS00001"], verifier)
	fmt.Println(terminal.Holder, terminal.Authorization.Rights() == cvc.ReadDG3, chip.Date, err)

	_, err = chip.Import(certificates["VNIS00001"], root)
	fmt.Println(err)
	// Output:
	// VNIS00001 true 2025-03-01 <nil>
	// cvc: not a certificate that this key may issue: it names another authority
}
