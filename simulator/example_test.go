package simulator_test

import (
	"crypto/rand"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/simulator"
)

// A blank card answers like any other: as a wire below an apdu.Conn.
func ExampleNewCard() {
	state, err := simulator.Blank(rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	card := simulator.NewCard(state, rand.Reader, nil)
	conn := &apdu.Conn{Wire: card}
	for _, cmd := range []apdu.Command{
		{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x2F, 0x01}}, // EF.ATR/INFO
		{INS: 0xB0, Ne: 256},
		{INS: 0x84, Ne: 8},
	} {
		resp, err := conn.Send(cmd)
		fmt.Printf("%s: %X %v %v\n", cmd.Name(), resp.Data, resp.SW, err)
	}
	// Output:
	// SELECT:  card answered 9000 done <nil>
	// READ BINARY: 7F66080202080002020800 card answered 9000 done <nil>
	// GET CHALLENGE:  card answered 6D00 instruction not supported <nil>
}
