package simulator

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/scp"
)

// master gives the issuer's own keys, as a card profile diversifies them.
func master(t testing.TB, method scp.Diversification, size int) scp.Diversified {
	t.Helper()
	of := size
	if method != scp.DiversifyKDF3 {
		of = 16
	}
	key, err := scp.NewMasterKey(bytes.Repeat([]byte{0x3C}, of))
	if err != nil {
		t.Fatal(err)
	}
	return scp.Diversified{Method: method, Master: key, Size: size}
}

// Every secure channel personalises, with keys of every size and every security level, and leaves the issuer's own keys on
// the chip: from then on those that it came with open nothing.
func TestEveryChannelPersonalises(t *testing.T) {
	type channel struct {
		protocol scp.Protocol
		level    byte
		size     int
		method   scp.Diversification
	}
	channels := []channel{{scp.SCP02, 0x01, 16, scp.DiversifyEMV}, {scp.SCP02, 0x01, 16, scp.DiversifyVISA2}}
	for _, size := range []int{16, 24, 32} {
		for _, level := range []byte{0x01, 0x03, 0x11, 0x13, 0x33} {
			channels = append(channels, channel{scp.SCP03, level, size, scp.DiversifyKDF3})
		}
	}
	for _, c := range channels {
		t.Run(fmt.Sprintf("%v-%02x-%d-%s", c.protocol, c.level, 8*c.size, c.method), func(t *testing.T) {
			card := perso.CardProfile{Name: "test", Steps: perso.Verbs(), Channel: perso.Channel{Protocol: c.protocol, Level: c.level},
				Keys: perso.Keys{Size: c.size, Version: 0x21, Diversification: c.method}}
			if err := card.Check(); err != nil {
				t.Fatal(err)
			}
			var state State
			chip := NewCard(blank(t).Keyed(c.protocol, c.size), rand.Reader, func(s State) error { state = s; return nil })
			came := blank(t).Keyed(c.protocol, c.size).Keys.static()
			terminal := perso.Terminal{Card: card, Keys: master(t, c.method, c.size), Transport: came, Rand: rand.Reader}
			session, err := terminal.Open(&apdu.Conn{Wire: chip})
			if err != nil || !session.Transport || session.KeyVersion != 0xFF {
				t.Fatalf("%+v, %v", session, err)
			}
			if _, err := session.Write(t.Context(), data(), nil); err != nil {
				t.Fatal(err)
			}
			for _, want := range data().Files {
				if f := state.file(want.MF, want.FID); f == nil || !bytes.Equal(f.Content, want.Content) {
					t.Errorf("%s is not what was written", want.Name())
				}
			}
			if !bytes.Equal(state.BACSeed, data().BACSeed) || state.LifeCycle != perso.Locked || state.Keys.Version != 0x21 {
				t.Errorf("the chip is %s, with keys of version %02X", state.LifeCycle, state.Keys.Version)
			}
			if session, err = terminal.Open(&apdu.Conn{Wire: chip}); err != nil || session.Transport || session.State != perso.Locked {
				t.Errorf("with the issuer's own keys: %v", err)
			}
			old := perso.Terminal{Card: perso.CardProfile{Channel: card.Channel}, Keys: came, Rand: rand.Reader}
			if _, err := old.Open(&apdu.Conn{Wire: chip}); !errors.Is(err, scp.ErrCryptogram) {
				t.Errorf("with the keys that it came with: %v", err)
			}
		})
	}
}

// A chip that is shown wrong keys again and again takes none any more; one that has shown its own wrong cryptogram first never
// is: nothing is sent to it.
func TestWrongKeysLockTheChip(t *testing.T) {
	var state State
	chip := NewCard(blank(t), rand.Reader, func(s State) error { state = s; return nil })
	wrong := scp.StaticKeys{ENC: make([]byte, 16), MAC: make([]byte, 16), DEK: make([]byte, 16)}
	for range 3 * mostRefused {
		if _, err := (perso.Terminal{Keys: wrong, Rand: rand.Reader}).Open(&apdu.Conn{Wire: chip}); !errors.Is(err, scp.ErrCryptogram) {
			t.Fatal(err)
		}
	}
	if state.Refused != 0 {
		t.Fatalf("the chip was shown wrong keys %d times", state.Refused)
	}
	for n := range mostRefused {
		send(t, chip, "00a4040008a000000151000000")
		send(t, chip, "8050000008000102030405060700")
		if sw := send(t, chip, "84823300100000000000000000"+"0000000000000000").SW; sw != apdu.SWAuthenticationFailed {
			t.Fatalf("wrong cryptogram %d: %v", n, sw)
		}
	}
	if _, err := (perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}).Open(&apdu.Conn{Wire: chip}); !errors.Is(err, scp.ErrAuthentication) || !errors.Is(err, apdu.SWAuthenticationBlocked) {
		t.Errorf("a chip that has locked itself: %v", err)
	}
}
