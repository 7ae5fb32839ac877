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

// Blank cards come with keys of their own, diversified from the maker's master key by the number of each chip. The chip
// tells its number, and proves its keys, before anything is risked; then it gets the issuer's keys.
func Example_keyChange() {
	number := [10]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	maker, _ := scp.NewMasterKey(bytes.Repeat([]byte{0x40}, 16))
	issuer, _ := scp.NewMasterKey(bytes.Repeat([]byte{0x60}, 32))
	transport, _ := scp.Diversify(scp.DiversifyKDF3, maker, number, 16)

	domain := &scp.Chip{Keys: transport, KeyVersion: 0xFF, Diversification: number}
	domain.Next = &securityDomain{domain}

	card, err := scp.Initiate(wire{domain}, scp.SCP03, 0, rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	present, _ := scp.Diversify(scp.DiversifyKDF3, maker, card.Diversification, 16)
	next, _ := scp.Diversify(scp.DiversifyKDF3, issuer, card.Diversification, 32)
	fmt.Printf("version %02X, the maker's keys %v, the issuer's %v\n", card.KeyVersion, card.Proves(present), card.Proves(next))
	channel, err := card.Authenticate(present, 0x33)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("change:", channel.PutKeys(0, 1, next))

	card, err = scp.Initiate(wire{domain}, scp.SCP03, 0, rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, _ := next.ID(card.Protocol)
	fmt.Printf("version %02X, the maker's keys %v, the issuer's %v: %s\n", card.KeyVersion,
		card.Proves(present), card.Proves(next), id)
	// Output:
	// version FF, the maker's keys true, the issuer's false
	// change: <nil>
	// version 01, the maker's keys false, the issuer's true: scp03-c48617-0a2791-b96013
}

// securityDomain is the application that keeps the keys.
type securityDomain struct{ channel *scp.Chip }

func (d *securityDomain) Handle(cmd apdu.Command) apdu.Response {
	version, keys, resp := d.channel.PutKeys(cmd)
	if resp.SW == apdu.SWOK {
		d.channel.KeyVersion, d.channel.Keys = version, keys
	}
	return resp
}
