package vpcd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// echo answers each command with itself and 9000.
type echo struct {
	resets int
	fail   error
}

func (e *echo) ATR() []byte { return []byte{0x3B, 0x80} }
func (e *echo) Reset() error {
	e.resets++
	return nil
}
func (e *echo) Transmit(command []byte) ([]byte, error) {
	return append(bytes.Clone(command), 0x90, 0x00), e.fail
}

// The frames of the driver's protocol as bytes: length in two bytes, big-endian, then the body.
func TestServeFrames(t *testing.T) {
	reader, cardSide := net.Pipe()
	card := &echo{}
	done := make(chan error, 1)
	go func() { done <- Serve(t.Context(), cardSide, card) }()
	write := func(frame string) {
		if _, err := io.WriteString(reader, frame); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(reader, got); err != nil || string(got) != want {
			t.Fatalf("the reader gets %x, %v; want %x", got, err, want)
		}
	}
	write("\x00\x01\x01") // power on: not answered
	write("\x00\x01\x04")
	expect("\x00\x02\x3B\x80")
	write("\x00\x04\x00\xA4\x00\x00")
	expect("\x00\x06\x00\xA4\x00\x00\x90\x00")
	write("\x00\x01\x02") // reset
	write("\x00\x01\x00") // power off
	long := strings.Repeat("x", 65533)
	write("\xFF\xFD" + long)
	expect("\xFF\xFF" + long + "\x90\x00")
	reader.Close()
	if err := <-done; err == nil {
		t.Error("the end of the connection was no error")
	}
	if card.resets != 5 { // at either end, and for each of the three controls
		t.Errorf("%d resets", card.resets)
	}
}

func TestServeEnds(t *testing.T) {
	for name, c := range map[string]struct {
		frame string
		card  *echo
	}{
		"unknown control":        {"\x00\x01\x09", &echo{}},
		"a card without power":   {"\x00\x04\x00\xA4\x00\x00", &echo{fail: errors.New("no power")}},
		"half a frame":           {"\x00\x04\x00", &echo{}},
		"an answer that is long": {"\xFF\xFF" + strings.Repeat("x", 65535), &echo{}},
	} {
		reader, cardSide := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- Serve(t.Context(), cardSide, c.card) }()
		go func() {
			io.WriteString(reader, c.frame)
			reader.Close()
		}()
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: still serving", name)
		}
	}
}

func TestServeStopsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	_, cardSide := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, cardSide, &echo{}) }()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestDialWithoutAReader(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	if _, err := Dial(t.Context(), port); err == nil || !strings.Contains(err.Error(), "is pcscd running") {
		t.Errorf("no reader: %v", err)
	}
}

func ExampleServe() {
	reader, cardSide := net.Pipe()
	go Serve(context.Background(), cardSide, &echo{})
	io.WriteString(reader, "\x00\x01\x04") // the reader asks for the ATR
	answer := make([]byte, 4)
	io.ReadFull(reader, answer)
	fmt.Printf("%X\n", answer)
	// Output: 00023B80
}
