package vpcd

import "github.com/cancuoc/cancuoc/card/apdu"

// Short is a card in a reader that carries no extended length fields and does not say so: a command with one is lost,
// and what comes back is no answer. (Nothing at all would make the driver throw the card out.)
type Short struct {
	Card
}

// Transmit hands a command with short length fields to the card.
func (s Short) Transmit(command []byte) ([]byte, error) {
	if c, err := apdu.ParseCommand(command); err == nil && c.Extended {
		return []byte{0x00}, nil
	}
	return s.Card.Transmit(command)
}
