package pace_test

import (
	"crypto/rand"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// A terminal opens a chip with the six digits of its card access number, and reads through the channel.
func Example() {
	offer := []secinfo.PACEInfo{{Suite: sm.AES128, Version: secinfo.PACEVersion, ParameterID: 13}}
	info, _ := secinfo.Strongest(offer) // of EF.CardAccess
	fmt.Println(info)

	channel, _, err := pace.Run(newChip(offer, "123456"), info, pace.CAN("123456"), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := channel.Send(apdu.Command{INS: 0xB0, Ne: 4})
	fmt.Printf("%x %v %v\n", resp.Data, resp.SW, err)

	_, _, err = pace.Run(newChip(offer, "123456"), info, pace.CAN("000000"), rand.Reader)
	fmt.Println(err)
	// Output:
	// PACE-ECDH-GM with AES-128 on brainpoolP256r1
	// 60145f01 card answered 9000 done <nil>
	// pace: the chip refused the password: card answered 6300 authentication failed
}

// chip is a card with one file.
type chip struct {
	access  pace.Chip
	session sm.Chip
}

func newChip(infos []secinfo.PACEInfo, can string) *chip {
	c := &chip{access: pace.Chip{Infos: infos, Passwords: []pace.Password{pace.CAN(can)}, Rand: rand.Reader}}
	c.session.Next = c
	return c
}

// Send hands a command to the chip, as the wire does.
func (c *chip) Send(cmd apdu.Command) (apdu.Response, error) { return c.session.Handle(cmd), nil }

// Handle answers what has passed secure messaging.
func (c *chip) Handle(cmd apdu.Command) apdu.Response {
	switch {
	case cmd.INS == 0x22:
		return c.access.SetAT(cmd)
	case cmd.INS == 0x86:
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
