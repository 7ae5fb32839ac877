package scp_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/scp"
)

// An issuer opens a secure channel to a chip and sends it a command that nobody on the wire can read or change.
func Example() {
	known := bytes.Repeat([]byte{0x40}, 16)
	keys := scp.StaticKeys{ENC: known, MAC: known, DEK: known}
	domain := &scp.Chip{Keys: keys, KeyVersion: 1, AID: []byte{0xA0, 0, 0, 0x01, 0x51, 0, 0, 0}, Next: application{}}

	channel, err := scp.Open(wire{domain}, keys, 0x33, 0, rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("keys", keys, "of version", channel.KeyVersion, "- channels opened before:", channel.Sequence)
	fmt.Println("a command of 2,048 bytes carries", channel.MaxData(2048))
	resp, err := channel.Send(apdu.Command{CLA: 0x80, INS: 0xE2, Data: []byte("for the chip alone")})
	fmt.Println(resp.SW, err)

	other := scp.StaticKeys{ENC: make([]byte, 16), MAC: make([]byte, 16), DEK: make([]byte, 16)}
	_, err = scp.Open(wire{domain}, other, 0x33, 0, rand.Reader)
	fmt.Println(errors.Is(err, scp.ErrCryptogram))
	// Output:
	// keys [secret] of version 1 - channels opened before: 0
	// a command of 2,048 bytes carries 2015
	// the chip got "for the chip alone"
	// card answered 9000 done <nil>
	// true
}

type wire struct{ chip apdu.Handler }

func (w wire) Send(cmd apdu.Command) (apdu.Response, error) { return w.chip.Handle(cmd), nil }

type application struct{}

func (application) Handle(cmd apdu.Command) apdu.Response {
	fmt.Printf("the chip got %q\n", cmd.Data)
	return apdu.Response{SW: apdu.SWOK}
}
