package bac_test

import (
	"crypto/rand"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/sm"
)

// A terminal opens a chip with what is printed on the card, and reads through the channel.
func Example() {
	const information = "L898902C<369080619406236" // document number, birth, expiry, with their check digits
	chip := newChip(bac.Seed(information))

	channel, err := bac.Run(chip, information, rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := channel.Send(apdu.Command{INS: 0xB0, Ne: 4})
	fmt.Printf("%x %v %v\n", resp.Data, resp.SW, err)

	_, err = bac.Run(newChip(bac.Seed(information)), "000000000090010110001010", rand.Reader)
	fmt.Println(err)
	// Output:
	// 60145f01 card answered 9000 done <nil>
	// bac: the chip refused the access key: card answered 6300 authentication failed
}

// chip is a card with one file.
type chip struct {
	access  bac.Chip
	session sm.Chip
}

func newChip(seed []byte) *chip {
	c := &chip{access: bac.Chip{Seed: seed, Rand: rand.Reader}}
	c.session.Next = c
	return c
}

// Send hands a command to the chip, as the wire does.
func (c *chip) Send(cmd apdu.Command) (apdu.Response, error) { return c.session.Handle(cmd), nil }

// Handle answers what has passed secure messaging.
func (c *chip) Handle(cmd apdu.Command) apdu.Response {
	switch {
	case cmd.INS == 0x84:
		return c.access.Challenge(cmd)
	case cmd.INS == 0x82:
		resp, session := c.access.Authenticate(cmd)
		if session != nil {
			if err := c.session.Start(*session); err != nil {
				return apdu.Response{SW: apdu.SWUnspecified}
			}
		}
		return resp
	case cmd.INS == 0xB0 && c.session.Active():
		return apdu.Response{Data: []byte{0x60, 0x14, 0x5F, 0x01}, SW: apdu.SWOK}
	}
	return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}
}
