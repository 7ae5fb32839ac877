// Package vpcd plugs a simulated card into the virtual reader of pcscd (vsmartcard's vpcd driver): the card is a TCP
// client of the driver and answers its frames, each a length in two bytes, big-endian, and that many bytes. A frame
// of one byte is a control: power off, power on, reset, or the question for the ATR; every other is a command APDU.
package vpcd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"
)

// Card is what can be plugged in.
type Card interface {
	ATR() []byte
	Reset() error // power off, power on and reset alike: selection and sessions are lost
	Transmit(command []byte) ([]byte, error)
}

// Port is the TCP port of the first slot of the virtual reader; that of slot n is Port+n-1.
const Port = 35963

// Settle is how long a slot should stand empty before another card is plugged in. pcscd looks for cards every 0.4
// seconds. When a card has failed, or has left while a program was resetting it, pcscd takes the slot for empty without
// having looked; if it finds another card when it looks, it does not see that one until it has left too.
const Settle = 500 * time.Millisecond

// Dial connects to the virtual reader that listens on this TCP port of this machine.
func Dial(ctx context.Context, port int) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("vpcd: no virtual reader on port %d (is pcscd running, with the vpcd driver installed?): %w", port, err)
	}
	return conn, nil
}

// Serve answers the reader's frames with the card until the connection or the context ends. It closes conn. The
// end of the context is a card pulled by the user and no error; a card that fails leaves the reader, as one does
// that lost its power.
func Serve(ctx context.Context, conn net.Conn, card Card) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	if err := card.Reset(); err != nil {
		return err
	}
	defer func() { _ = card.Reset() }() // a card without power has nothing to forget
	err := serve(quickAck(conn), card)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func serve(conn io.ReadWriter, card Card) error {
	for {
		frame, err := readFrame(conn)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("vpcd: the virtual reader has closed the connection (did pcscd stop?)")
		}
		if err != nil {
			return fmt.Errorf("vpcd: %w", err)
		}
		answer, err := respond(card, frame)
		if err != nil {
			return err
		}
		if answer == nil {
			continue
		}
		if err := writeFrame(conn, answer); err != nil {
			return fmt.Errorf("vpcd: %w", err)
		}
	}
}

// respond gives the answer to one frame, nil for those that are not answered.
func respond(card Card, frame []byte) ([]byte, error) {
	if len(frame) != 1 {
		return card.Transmit(frame)
	}
	switch frame[0] {
	case 0x00, 0x01, 0x02:
		return nil, card.Reset()
	case 0x04:
		return card.ATR(), nil
	}
	return nil, fmt.Errorf("vpcd: unknown control %02X", frame[0])
}

func readFrame(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	frame := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, frame)
	return frame, err
}

// writeFrame sends length and body in one write: apart, the second would wait for the reader's delayed ACK.
func writeFrame(w io.Writer, body []byte) error {
	if len(body) > 0xFFFF {
		return fmt.Errorf("an answer of %d bytes does not fit a frame", len(body))
	}
	frame := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(body)), uint16(len(body)))
	_, err := w.Write(append(frame, body...))
	return err
}

// quickAck makes the kernel acknowledge at once what the driver writes. The driver writes length and body apart and
// waits, by Nagle's algorithm, for the first to be acknowledged: 40 ms and more per command otherwise. The option
// does not last, so it is set before each read.
func quickAck(conn net.Conn) io.ReadWriter {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &acknowledging{tcp, raw}
}

type acknowledging struct {
	*net.TCPConn
	raw syscall.RawConn
}

func (c *acknowledging) Read(b []byte) (int, error) {
	err := c.raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
	if err != nil {
		return 0, err
	}
	return c.TCPConn.Read(b)
}
