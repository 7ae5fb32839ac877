package station

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
)

// ChipID asks a chip for its own number, without any key: the key diversification data of the answer to INITIALIZE UPDATE
// (GlobalPlatform Amendment D, section 7.1.1). The channel that this begins is not opened: reset the card after it.
func (d *Desk) ChipID(card Card) (string, error) {
	conn := &apdu.Conn{Wire: card}
	challenge := make([]byte, 8)
	if _, err := io.ReadFull(d.Rand, challenge); err != nil {
		return "", fmt.Errorf("station: draw a challenge: %w", err)
	}
	var resp apdu.Response
	for _, cmd := range []apdu.Command{
		{INS: 0xA4, P1: 0x04, Data: perso.IssuerSecurityDomain(), Ne: apdu.MaxShortNe},
		{CLA: 0x80, INS: 0x50, Data: challenge, Ne: apdu.MaxShortNe},
	} {
		var err error
		if resp, err = conn.Send(cmd); err == nil {
			err = resp.OK()
		}
		if err != nil {
			return "", CardError{fmt.Errorf("station: ask the chip for its number: %w", err)}
		}
	}
	if len(resp.Data) < 10 {
		return "", CardError{fmt.Errorf("station: the chip answers %d bytes where its number has ten", len(resp.Data))}
	}
	return hex.EncodeToString(resp.Data[:10]), nil
}
