package sm_test

import (
	"encoding/hex"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/sm"
)

// A session as an access protocol leaves it, and one command through it.
func Example() {
	secret, _ := hex.DecodeString("0036d272f5c350acac50c3f572d23600")
	counter, _ := hex.DecodeString("887022120c06c226")
	session := sm.Session{Suite: sm.TripleDES, Keys: sm.TripleDES.Keys(secret), SSC: counter}

	terminal, err := sm.NewTerminal(chipOfAppendixD{}, session)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := terminal.Send(apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x01, 0x1E}})
	fmt.Println(resp.SW, err)
	fmt.Println(session.Keys)
	// Output:
	// protected 0ca4020c158709016375432908c044f68e08bf8b92d635ff24f800
	// card answered 9000 done <nil>
	// [secret]
}

// chipOfAppendixD gives the first answer of Doc 9303-11, appendix D.4.
type chipOfAppendixD struct{}

func (chipOfAppendixD) Send(cmd apdu.Command) (apdu.Response, error) {
	b, err := cmd.Bytes()
	fmt.Printf("protected %x\n", b)
	if err != nil {
		return apdu.Response{}, err
	}
	answer, _ := hex.DecodeString("990290008e08fa855a5d4c50a8ed9000")
	return apdu.ParseResponse(answer)
}
