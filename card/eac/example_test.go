package eac_test

import (
	"crypto/rand"
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// After access by the printed data, terminal and chip agree on a new session; only the chip that holds the private
// key to EF.DG14 can answer in it.
func ExampleChipAuthenticate() {
	static, err := eac.GenerateKey(13, rand.Reader) // brainpoolP256r1
	if err != nil {
		log.Fatal(err)
	}
	public, err := static.Public()
	if err != nil {
		log.Fatal(err)
	}
	offer := eac.Offer{Info: secinfo.ChipAuthenticationInfo{Agreement: secinfo.ECDH, Suite: sm.AES128, Version: 1}, Key: public}

	genuine := newChip(static)
	agreed, err := eac.ChipAuthenticate(genuine, offer, rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	channel, err := sm.NewTerminal(genuine, agreed.Session)
	if err != nil {
		log.Fatal(err)
	}
	resp, err := channel.Send(apdu.Command{INS: 0xB0, Ne: 4})
	fmt.Printf("genuine: %x %v\n", resp.Data, err)

	other, err := eac.GenerateKey(13, rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	copied := newChip(other)
	if agreed, err = eac.ChipAuthenticate(copied, offer, rand.Reader); err != nil {
		log.Fatal(err)
	}
	if channel, err = sm.NewTerminal(copied, agreed.Session); err != nil {
		log.Fatal(err)
	}
	_, err = channel.Send(apdu.Command{INS: 0xB0, Ne: 4})
	fmt.Println("copied:", err)
	// Output:
	// genuine: 6e82017e <nil>
	// copied: sm: the card's response is not properly protected: it came in the clear (card answered 6988 secure messaging data objects incorrect)
}

// chip is a card with one file. The session before Chip Authentication is left out.
type chip struct {
	eac     eac.Chip
	session sm.Chip
}

func newChip(static *eac.PrivateKey) *chip {
	c := &chip{eac: eac.Chip{Keys: []eac.StaticKey{{Private: static, Suites: []sm.Suite{sm.AES128}}}}}
	c.session.Next, c.session.Abort = c, c.eac.Reset
	return c
}

// Send hands a command to the chip, as the wire does.
func (c *chip) Send(cmd apdu.Command) (apdu.Response, error) { return c.session.Handle(cmd), nil }

// Handle answers what has passed secure messaging.
func (c *chip) Handle(cmd apdu.Command) apdu.Response {
	var resp apdu.Response
	var session *sm.Session
	switch cmd.INS {
	case 0x22:
		resp, session = c.eac.Manage(cmd)
	case 0x86:
		resp, session = c.eac.GeneralAuthenticate(cmd)
	case 0xB0:
		return apdu.Response{Data: []byte{0x6E, 0x82, 0x01, 0x7E}, SW: apdu.SWOK}
	}
	if session != nil {
		if err := c.session.Start(*session); err != nil {
			return apdu.Response{SW: apdu.SWUnspecified}
		}
	}
	return resp
}
