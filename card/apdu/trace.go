package apdu

import (
	"fmt"
	"io"
	"time"
)

// Trace writes one line for each command that passes: which layer it was seen at, its name and header, the lengths
// of its data, the status word and the time it took. It never writes a body: bodies hold personal data and keys.
type Trace struct {
	W io.Writer
}

// Wire watches a wire: the commands as they go out, protected or not.
func (t Trace) Wire(wire Transmitter) Transmitter { return tracedWire{t, wire} }

// Channel watches a channel: the commands as they were meant, before protection.
func (t Trace) Channel(layer string, s Sender) Sender { return tracedChannel{t, layer, s} }

type tracedWire struct {
	Trace
	wire Transmitter
}

func (t tracedWire) Transmit(b []byte) ([]byte, error) {
	start := time.Now()
	answer, err := t.wire.Transmit(b)
	cmd, parseErr := ParseCommand(b)
	if parseErr != nil {
		fmt.Fprintf(t.W, "wire   not a command: %d bytes\n", len(b))
		return answer, err
	}
	resp, _ := ParseResponse(answer)
	t.line("wire", cmd, resp, err, time.Since(start))
	return answer, err
}

type tracedChannel struct {
	Trace
	layer string
	next  Sender
}

func (t tracedChannel) Send(cmd Command) (Response, error) {
	start := time.Now()
	resp, err := t.next.Send(cmd)
	t.line(t.layer, cmd, resp, err, time.Since(start))
	return resp, err
}

func (t Trace) line(layer string, cmd Command, resp Response, err error, took time.Duration) {
	outcome := fmt.Sprintf("%04X", uint16(resp.SW))
	if err != nil {
		outcome = "fail"
	}
	fmt.Fprintf(t.W, "%-6s %-26s %02X%02X%02X%02X  Lc %5d  Ne %5d  ->  %5d bytes %s  %8.3f ms\n", layer, cmd.Name(),
		cmd.CLA, cmd.INS, cmd.P1, cmd.P2, len(cmd.Data), cmd.Ne, len(resp.Data), outcome,
		float64(took.Microseconds())/1000)
}

// Name gives the standard's name of the command, or its instruction byte where it has none here.
func (c Command) Name() string {
	if c.CLA&0x80 != 0 {
		if name := globalPlatformName(c.INS); name != "" {
			return name
		}
	}
	switch c.INS {
	case 0x0E:
		return "ERASE BINARY"
	case 0x22:
		return "MANAGE SECURITY ENVIRONMENT"
	case 0x2A:
		return "PERFORM SECURITY OPERATION"
	case 0x82:
		return "EXTERNAL AUTHENTICATE"
	case 0x84:
		return "GET CHALLENGE"
	case 0x86, 0x87:
		return "GENERAL AUTHENTICATE"
	case 0x88:
		return "INTERNAL AUTHENTICATE"
	case 0xA4:
		return "SELECT"
	case 0xB0, 0xB1:
		return "READ BINARY"
	case 0xC0:
		return "GET RESPONSE"
	case 0xCA, 0xCB:
		return "GET DATA"
	case 0xD6, 0xD7:
		return "UPDATE BINARY"
	}
	return fmt.Sprintf("INS %02X", c.INS)
}

func globalPlatformName(ins byte) string {
	switch ins {
	case 0x50:
		return "INITIALIZE UPDATE"
	case 0x82:
		return "EXTERNAL AUTHENTICATE"
	case 0xD8:
		return "PUT KEY"
	case 0xE2:
		return "STORE DATA"
	case 0xE6:
		return "INSTALL"
	case 0xF0:
		return "SET STATUS"
	case 0xF2:
		return "GET STATUS"
	}
	return ""
}
