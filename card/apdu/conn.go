package apdu

import "fmt"

// Conn is a Sender over a wire: it encodes each command and puts together what a card answers in pieces.
type Conn struct {
	Wire Transmitter
	// MaxAnswer bounds the data that GET RESPONSE may add up to; 0 stands for 65,536 bytes.
	MaxAnswer int
}

// Send transmits c. A 6CXX is answered by the same command with Ne XX, once; 61XX by GET RESPONSE until the data is
// whole (ISO/IEC 7816-4, section 5.3.4). A card that never ends is an error.
func (c *Conn) Send(cmd Command) (Response, error) {
	resp, err := c.exchange(cmd)
	if err != nil {
		return Response{}, err
	}
	if resp.SW>>8 == 0x6C && len(resp.Data) == 0 { // with data it is a protected one, for the channel above
		cmd.Ne = shortNe(byte(resp.SW))
		if resp, err = c.exchange(cmd); err != nil {
			return Response{}, err
		}
	}
	return c.collect(cmd, resp)
}

// maxRounds is how many pieces an answer may come in: twice what the longest takes that is given in whole pieces.
const maxRounds = 512

func (c *Conn) collect(cmd Command, resp Response) (Response, error) {
	limit := c.MaxAnswer
	if limit == 0 {
		limit = MaxExtendedNe
	}
	data := resp.Data
	for rounds := 1; resp.SW>>8 == 0x61; rounds++ {
		if rounds > maxRounds {
			return Response{}, fmt.Errorf("apdu: the card's answer does not end after %d pieces", rounds)
		}
		var err error
		resp, err = c.exchange(Command{CLA: channelOf(cmd.CLA), INS: 0xC0, Ne: shortNe(byte(resp.SW))})
		if err != nil {
			return Response{}, err
		}
		if resp.SW>>8 == 0x61 && len(resp.Data) == 0 {
			return Response{}, fmt.Errorf("apdu: the card announces more data and sends none")
		}
		data = append(data[:len(data):len(data)], resp.Data...)
		if len(data) > limit {
			return Response{}, fmt.Errorf("apdu: the card's answer passes %d bytes and does not end", limit)
		}
	}
	resp.Data = data
	return resp, nil
}

// channelOf gives the class of a GET RESPONSE to a command of the given class: its logical channel, and neither secure
// messaging nor chaining, since it carries the answer of a command that had its own (ISO/IEC 7816-4, section 5.4.1).
func channelOf(cla byte) byte {
	if cla&0x40 != 0 {
		return cla & 0x4F
	}
	return cla & 0x03
}

func (c *Conn) exchange(cmd Command) (Response, error) {
	b, err := cmd.Bytes()
	if err != nil {
		return Response{}, err
	}
	answer, err := c.Wire.Transmit(b)
	if err != nil {
		return Response{}, err
	}
	return ParseResponse(answer)
}
