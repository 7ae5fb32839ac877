package apdu

import (
	"fmt"
	"io"
	"time"
)

// Trace writes one line for each command that passes: which layer it was seen at, its name and header, the lengths
// of its data, the status word and the time it took. It never writes a body: bodies hold personal data and keys.
// Without a Writer it watches nothing.
type Trace struct {
	W io.Writer
}

// Wire watches a wire: the commands as they go out, protected or not.
func (t Trace) Wire(wire Transmitter) Transmitter {
	if t.W == nil {
		return wire
	}
	return tracedWire{t, wire}
}

// Inner watches a secure channel from within: the commands as they were meant, before protection.
func (t Trace) Inner(channel Sender) Sender {
	if t.W == nil {
		return channel
	}
	return tracedChannel{t, channel}
}

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
	next Sender
}

func (t tracedChannel) Send(cmd Command) (Response, error) {
	start := time.Now()
	resp, err := t.next.Send(cmd)
	t.line("inner", cmd, resp, err, time.Since(start))
	return resp, err
}

func (t Trace) line(layer string, cmd Command, resp Response, err error, took time.Duration) {
	outcome := fmt.Sprintf("%04X", uint16(resp.SW))
	if err != nil {
		outcome = "fail"
	}
	fmt.Fprintf(t.W, "%-6s %-30s %02X%02X%02X%02X  Lc %5d  Ne %5d  ->  %5d bytes %s  %8.3f ms\n", layer, cmd.Name(),
		cmd.CLA, cmd.INS, cmd.P1, cmd.P2, len(cmd.Data), cmd.Ne, len(resp.Data), outcome,
		float64(took.Microseconds())/1000)
}
