package reader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
)

// wicked answers READ BINARY in a way of its own and counts what it is asked.
type wicked struct {
	read  func(offset, ne int) apdu.Response
	asked int
}

func (w *wicked) Send(cmd apdu.Command) (apdu.Response, error) {
	w.asked++
	if cmd.INS == 0xA4 {
		return apdu.Response{SW: apdu.SWOK}, nil
	}
	return w.read(int(cmd.P1)<<8|int(cmd.P2), cmd.Ne), nil
}

func dg2() lds.File {
	file, _ := lds.DataGroup(2)
	return file
}

func answer(b []byte) apdu.Response { return apdu.Response{Data: b, SW: apdu.SWOK} }

func TestFilesThatAreNone(t *testing.T) {
	for name, read := range map[string]func(offset, ne int) apdu.Response{
		"endless": func(offset, ne int) apdu.Response {
			b := make([]byte, ne)
			copy(b, []byte{0x75, 0x84, 0x7F, 0xFF, 0xFF, 0xFF})
			return answer(b)
		},
		"byte by byte": func(offset, _ int) apdu.Response {
			return answer([]byte{0x75, 0x82, 0x7F, 0x00, 0x00}[min(offset, 4):][:1])
		},
		"five at first and then byte by byte": func(offset, _ int) apdu.Response {
			if offset == 0 {
				return answer([]byte{0x75, 0x82, 0x7F, 0x00, 0x00})
			}
			return answer([]byte{0})
		},
		"nothing":           func(int, int) apdu.Response { return answer(nil) },
		"another tag":       func(int, int) apdu.Response { return answer([]byte{0x61, 1, 0}) },
		"more than asked":   func(_, ne int) apdu.Response { return answer(make([]byte, ne+1)) },
		"an unknown length": func(int, int) apdu.Response { return answer([]byte{0x75, 0x80, 0, 0}) },
		"a file that ends before it should": func(offset, ne int) apdu.Response {
			if offset > 0 {
				return apdu.Response{SW: apdu.SWWrongOffset}
			}
			return answer(append([]byte{0x75, 0x82, 0x10, 0x00}, make([]byte, ne-4)...))
		},
	} {
		w := &wicked{read: read}
		content, err := readFile(w, dg2(), 200)
		if err == nil {
			t.Errorf("%s: %d bytes were taken", name, len(content))
		}
		if w.asked > maxReads+1 {
			t.Errorf("%s: %d commands", name, w.asked)
		}
	}
}

func TestFileInPieces(t *testing.T) {
	whole := append([]byte{0x75, 0x82, 0x03, 0xE8}, bytes.Repeat([]byte{7}, 1000)...)
	w := &wicked{read: func(offset, ne int) apdu.Response {
		end := min(offset+ne, len(whole)+50) // a card may have rubbish behind the file
		rest := append(bytes.Clone(whole), make([]byte, 50)...)[offset:end]
		return answer(rest[:min(len(rest), 100)]) // and give less than it was asked for
	}}
	content, err := readFile(w, dg2(), 230)
	if err != nil || !bytes.Equal(content, whole) {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	w := &wicked{}
	if _, err := (Inspection{}).Read(ctx, w); !errors.Is(err, context.Canceled) || w.asked > 0 {
		t.Errorf("%v after %d commands", err, w.asked)
	}
}

func TestCardOfAnUnknownKind(t *testing.T) {
	deaf := senderFunc(func(apdu.Command) (apdu.Response, error) { return apdu.Response{SW: apdu.SWFileNotFound}, nil })
	_, err := Inspection{}.Read(t.Context(), deaf)
	if err == nil || !errors.Is(err, apdu.SWFileNotFound) {
		t.Errorf("%v", err)
	}
}

type senderFunc func(apdu.Command) (apdu.Response, error)

func (f senderFunc) Send(cmd apdu.Command) (apdu.Response, error) { return f(cmd) }

func TestAccessIsNotPrinted(t *testing.T) {
	access, err := AccessByMRZ("IDVNM2000000130000200000013<<0\n0003159M4003157VNM<<<<<<<<<<<6\nDANG<<DINH<MAU<<<<<<<<<<<<<<<<")
	if err != nil || access.information != "200000013000031594003157" {
		t.Fatal(access.information, err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, access); got != "[secret]" {
			t.Errorf("%s prints %s", format, got)
		}
	}
}
