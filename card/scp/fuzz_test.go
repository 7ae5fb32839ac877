package scp

import (
	"bytes"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// Whatever is sent to a chip, in an open channel or before it, it answers; only the published commands get through.
func FuzzChip(f *testing.F)   { fuzzChip(f, loadVectors(f).Sessions[2]) }
func FuzzChip02(f *testing.F) { fuzzChip(f, loadVectors(f).session(f, "a card, session 1")) }

func fuzzChip(f *testing.F, d dialogue) {
	f.Add([]byte(d.InitializeUpdate), []byte(d.ExternalAuthenticate), false)
	for _, e := range d.Exchanges {
		f.Add([]byte(e.ProtectedCommand), []byte(e.ProtectedCommand), true)
	}
	f.Fuzz(func(t *testing.T, first, second []byte, open bool) {
		app := handlerFunc(func(cmd apdu.Command) apdu.Response {
			want := mustCommand(t, d.Exchanges[0].PlainCommand)
			if cmd.INS != want.INS || !bytes.Equal(cmd.Data, want.Data) {
				t.Errorf("%x %x: %x reached the application", first, second, cmd.INS)
			}
			return apdu.Response{Data: cmd.Data, SW: apdu.SWOK}
		})
		chip := d.chip(app)
		if open {
			chip = openedChip(t, d, 0, app)
		}
		for _, b := range [][]byte{first, second} {
			if cmd, err := apdu.ParseCommand(b); err == nil {
				chip.Handle(cmd)
			}
		}
	})
}

// A chip takes keys only with their check values, and names those that it took.
func FuzzChipPutKeys(f *testing.F) {
	sessions := loadVectors(f)
	sets := loadPutKey(f).Sets
	for i, set := range sets {
		f.Add([]byte(set.Command[5:len(set.Command)-1]), set.Command[2], i == 0)
	}
	f.Fuzz(func(t *testing.T, data []byte, p1 byte, old bool) {
		d := sessions.session(t, sets[1].Session)
		if old {
			d = sessions.session(t, sets[0].Session)
		}
		cmd := apdu.Command{CLA: 0x80, INS: 0xD8, P1: p1, P2: 0x81, Data: data, Ne: 256}
		version, keys, resp := openedChip(t, d, 0, nil).PutKeys(cmd)
		if resp.SW != apdu.SWOK {
			if keys.ENC != nil || len(resp.Data) != 0 || version != 0 {
				t.Errorf("%x: keys and %v", data, resp.SW)
			}
			return
		}
		values, err := keys.KCV(d.Protocol)
		named := []byte{version}
		for _, v := range values {
			named = append(named, v[:]...)
		}
		if err != nil || !bytes.Equal(named, resp.Data) {
			t.Errorf("%x: %x, %v; want %x", data, resp.Data, err, named)
		}
	})
}

// Whatever a chip answers to INITIALIZE UPDATE, only the published answers prove the keys.
func FuzzHandshake(f *testing.F) {
	sessions := []dialogue{loadVectors(f).Sessions[2], loadVectors(f).session(f, "a card, session 1")}
	for i, d := range sessions {
		f.Add([]byte(d.InitializeUpdateResponse), i == 1)
	}
	f.Fuzz(func(t *testing.T, answer []byte, old bool) {
		d := sessions[0]
		if old {
			d = sessions[1]
		}
		h, err := d.initiate(senderFunc(func(apdu.Command) (apdu.Response, error) { return apdu.ParseResponse(answer) }), 0)
		if err == nil && h.Proves(d.keys()) && !bytes.Equal(h.cryptogram, d.handshake(t).cryptogram) {
			t.Errorf("%x proves the keys", answer)
		}
	})
}

func (d dialogue) handshake(t testing.TB) *Handshake {
	h, err := d.initiate(senderFunc(func(apdu.Command) (apdu.Response, error) {
		return apdu.ParseResponse(d.InitializeUpdateResponse)
	}), 0)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The same behind a right C-MAC, so that decryption is reached.
func FuzzChipCryptogram(f *testing.F) {
	d := loadVectors(f).Sessions[2]
	f.Add(make([]byte, 16), false)
	f.Add([]byte{1, 2, 3}, true)
	f.Fuzz(func(t *testing.T, data []byte, extended bool) {
		if len(data) > apdu.MaxExtendedData-macSize {
			return
		}
		chip := openedChip(t, d, 0, handlerFunc(func(c apdu.Command) apdu.Response { return apdu.Response{Data: c.Data, SW: apdu.SWOK} }))
		cmd := apdu.Command{CLA: 0x84, INS: 0xE2, Extended: extended}
		cmd.Data = append(bytes.Clone(data), chip.session.commandMAC(cmd, data)[:macSize]...)
		if resp := chip.Handle(cmd); chip.Open() != (resp.SW == apdu.SWOK) {
			t.Errorf("%x: %x, open %v", data, resp.Bytes(), chip.Open())
		}
	})
}

func FuzzTerminal(f *testing.F) {
	d := loadVectors(f).Sessions[2]
	f.Add([]byte(d.InitializeUpdateResponse), []byte{0x90, 0}, []byte(d.Exchanges[0].ProtectedResponse))
	f.Add([]byte{0x6A, 0x88}, []byte{0x63, 0}, []byte{0x69, 0x82})
	f.Fuzz(func(t *testing.T, first, second, third []byte) {
		answers := [][]byte{first, second, third}
		terminal, err := Open(senderFunc(func(apdu.Command) (apdu.Response, error) {
			next := answers[0]
			answers = answers[1:]
			return apdu.ParseResponse(next)
		}), d.keys(), 0x33, 0, bytes.NewReader(d.InitializeUpdate[5:13]))
		if err != nil {
			return
		}
		resp, err := terminal.Send(mustCommand(t, d.Exchanges[0].PlainCommand))
		if err == nil && !errorStatus(resp.SW) && !bytes.Equal(third, d.Exchanges[0].ProtectedResponse) {
			t.Errorf("%x passed", third)
		}
	})
}
