package sm

import (
	"bytes"
	"errors"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Whatever stands in a command, the chip answers; and nothing that is not in the vectors reaches the application.
func FuzzChipCommand(f *testing.F) {
	d := loadVectors(f).Sessions[0]
	for _, e := range d.Exchanges {
		f.Add([]byte(e.ProtectedCommand))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		cmd, err := apdu.ParseCommand(b)
		if err != nil {
			return
		}
		chip := startedChip(t, handlerFunc(func(cmd apdu.Command) apdu.Response {
			if got, _ := cmd.Bytes(); !bytes.Equal(got, d.Exchanges[0].PlainCommand) {
				t.Errorf("%x reached the application as %x", b, got)
			}
			return apdu.Response{SW: apdu.SWOK}
		}), d.at(0))
		chip.Handle(cmd)
	})
}

// The same behind a right checksum, so that the parser is reached.
func FuzzChipDataObjects(f *testing.F) {
	s := testSession(AES128)
	f.Add(byte(0xB0), append(sealed(f, s, 1, tagCryptogram, []byte{1}, []byte("data")), tagLe, 1, 4))
	f.Add(byte(0xB1), append(sealed(f, s, 1, tagCryptogramOdd, nil, []byte("data")), tagLe, 2, 0, 0))
	f.Add(byte(0xA4), []byte{})
	f.Fuzz(func(t *testing.T, ins byte, objects []byte) {
		chip := startedChip(t, handlerFunc(func(c apdu.Command) apdu.Response {
			return apdu.Response{Data: c.Data, SW: apdu.SWOK}
		}), s)
		data := forge(t, s, 1, []byte{0x0C, ins, 0, 0}, objects)
		resp := chip.Handle(apdu.Command{CLA: 0x0C, INS: ins, Data: data, Ne: 65536, Extended: true})
		if chip.Active() != (len(resp.Data) > 0) || !chip.Active() && !smError(resp) {
			t.Errorf("%x: %x, active %v", objects, resp.Bytes(), chip.Active())
		}
	})
}

// Whatever a chip answers, bare or behind a right checksum, is a response or an error that closes the channel.
func FuzzTerminalResponse(f *testing.F) {
	s := testSession(TripleDES)
	f.Add([]byte{0x69, 0x88}, false, byte(0xB0))
	f.Add(append(sealed(f, s, 2, tagCryptogram, []byte{1}, []byte("data")), tagStatus, 2, 0x90, 0), true, byte(0xB0))
	f.Add(append(sealed(f, s, 2, tagCryptogramOdd, nil, []byte("data")), tagStatus, 2, 0x90, 0), true, byte(0xB1))
	f.Fuzz(func(t *testing.T, b []byte, checksum bool, ins byte) {
		response := b
		if checksum {
			response = append(forge(t, s, 2, nil, b), 0x90, 0)
		}
		if len(response) < 2 {
			return
		}
		terminal, _ := answering(t, s, response)
		_, err := terminal.Send(apdu.Command{INS: ins, Ne: 256})
		if (err != nil) != (terminal.channel == nil) || err != nil && !errors.Is(err, ErrResponse) {
			t.Errorf("%x: %v, closed %v", response, err, terminal.channel == nil)
		}
		if err == nil && !checksum {
			t.Errorf("%x passed", response)
		}
	})
}
