package activeauth_test

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
)

// A terminal asks a chip for a signature; a copy that has EF.DG15 and not the key behind it is found out.
func Example() {
	key, err := activeauth.GenerateEC(13, rand.Reader) // brainpoolP256r1
	if err != nil {
		log.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		log.Fatal(err)
	}
	file, err := activeauth.EncodeDG15(public)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("EF.DG15 begins with %X\n", file[:1])

	genuine := chip{activeauth.Chip{Key: key, Rand: rand.Reader}}
	fmt.Println(activeauth.Run(genuine, public, crypto.SHA256, rand.Reader))

	other, err := activeauth.GenerateEC(13, rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	copied := chip{activeauth.Chip{Key: other, Rand: rand.Reader}}
	_, err = activeauth.Run(copied, public, crypto.SHA256, rand.Reader)
	fmt.Println(errors.Is(err, activeauth.ErrChip))
	// Output:
	// EF.DG15 begins with 6F
	// ECDSA brainpoolP256r1 with SHA-256 <nil>
	// true
}

// chip answers one command.
type chip struct{ activeauth.Chip }

// Send hands a command to the chip, as the wire does.
func (c chip) Send(cmd apdu.Command) (apdu.Response, error) { return c.Authenticate(cmd), nil }
