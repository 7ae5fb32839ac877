package simulator

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// specimen B of the domain: access key and MRZ_information of nobody.
const information = "200000013000031594003157"

func blank(t testing.TB) State {
	t.Helper()
	s, err := Blank(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keep(State) error { return nil }

func send(t testing.TB, c *Card, command string) apdu.Response {
	t.Helper()
	raw, err := hex.DecodeString(command)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Transmit(raw)
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	resp, err := apdu.ParseResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func data() perso.Data {
	dg1 := append([]byte{0x61, 0x5D, 0x5F, 0x1F, 0x5A}, bytes.Repeat([]byte("A"), 90)...)
	return perso.Data{
		Files: []perso.File{{FID: 0x011E, Content: []byte{0x60, 2, 0x5C, 0}}, {FID: 0x0101, Content: dg1},
			{FID: 0x0102, Content: append([]byte{0x75, 0x82, 0x0F, 0xA0}, make([]byte, 4000)...)},
			{FID: 0x0103, Content: []byte{0x63, 1, 0}}},
		Secrets: perso.Secrets{BACSeed: bac.Seed(information)},
	}
}

func personalise(t testing.TB, c *Card) {
	t.Helper()
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: c})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Write(t.Context(), data(), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
}

const selectApplication = "00a4040c07a0000002471001"

func TestBlankChip(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	for command, want := range map[string]apdu.StatusWord{
		selectApplication: apdu.SWFileNotFound, // nothing to open before it is locked
		"00a4000c023f00":  apdu.SWOK,
		"00b0000000":      apdu.SWNoCurrentEF,
		"00a4020c022f01":  apdu.SWOK,
		"00a4020c02011c":  apdu.SWFileNotFound,
		"0084000008":      apdu.SWInstructionNotSupported,
		"0ca4020c02011e":  apdu.SWConditionsNotSatisfied, // secure messaging without a session
	} {
		c.Reset()
		if got := send(t, c, command).SW; got != want {
			t.Errorf("%s: %v; want %v", command, got, want)
		}
	}
}

func TestBuffersStandInATRInfo(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	send(t, c, "00a4020c022f01")
	if got := hex.EncodeToString(send(t, c, "00b0000000").Data); got != "7f66080202080002020800" {
		t.Errorf("EF.ATR/INFO: %s", got)
	}
	long := append([]byte{0x00, 0xD6, 0, 0, 0, 0x08, 0x00}, make([]byte, 2048)...)
	answer, err := c.Transmit(long)
	if err != nil || !bytes.Equal(answer, []byte{0x67, 0x00}) {
		t.Errorf("a command longer than the buffer: %x, %v", answer, err)
	}
}

func TestFilesNeedASession(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	personalise(t, c)
	send(t, c, selectApplication)
	for _, command := range []string{"00a4020c02011e", "00a4020c020101", "00b0810004", "00b09e0004", "00a4020c020177"} {
		if sw := send(t, c, command).SW; sw != apdu.SWSecurityStatusNotSatisfied {
			t.Errorf("%s without a session: %v", command, sw)
		}
	}
	conn := &apdu.Conn{Wire: c}
	secure, err := bac.Run(conn, information, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for fid, want := range map[byte]apdu.StatusWord{0x1E: apdu.SWOK, 0x01: apdu.SWOK, 0x03: apdu.SWSecurityStatusNotSatisfied, 0x0B: apdu.SWFileNotFound} {
		resp, err := secure.Send(apdu.Command{INS: 0xA4, P1: 2, P2: 0x0C, Data: []byte{1, fid}})
		if err != nil || resp.SW != want {
			t.Errorf("SELECT 01%02X in a session: %v, %v; want %v", fid, resp.SW, err, want)
		}
	}
	resp, err := secure.Send(apdu.Command{INS: 0xB0, P1: 0x81, Ne: 16})
	if err != nil || resp.SW != apdu.SWOK || !bytes.Equal(resp.Data, data().Files[1].Content[:16]) {
		t.Errorf("READ BINARY by short identifier: %x %v %v", resp.Data, resp.SW, err)
	}
}

func TestPowerOffEndsEverything(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	personalise(t, c)
	send(t, c, selectApplication)
	if _, err := bac.Run(&apdu.Conn{Wire: c}, information, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if !c.session.Active() {
		t.Fatal("no session after BAC")
	}
	c.Reset()
	if c.session.Active() || c.router.selected != application(c.router.files) {
		t.Error("session or selection outlive the power")
	}
	if sw := send(t, c, "00a4020c02011e").SW; sw != apdu.SWFileNotFound {
		t.Errorf("SELECT EF.COM after power off: %v", sw)
	}
}

func TestPlainCommandEndsTheSession(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	personalise(t, c)
	send(t, c, selectApplication)
	if _, err := bac.Run(&apdu.Conn{Wire: c}, information, rand.Reader); err != nil {
		t.Fatal(err)
	}
	send(t, c, "00b0000004")
	if c.session.Active() {
		t.Error("a plain command left the session open")
	}
	if sw := send(t, c, "00a4020c02011e").SW; sw != apdu.SWSecurityStatusNotSatisfied {
		t.Errorf("SELECT EF.COM after the session has ended: %v", sw)
	}
}

func TestWrongAccessKey(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	personalise(t, c)
	send(t, c, selectApplication)
	if _, err := bac.Run(&apdu.Conn{Wire: c}, "200000013100031594003157", rand.Reader); !errors.Is(err, bac.ErrRefused) {
		t.Errorf("a wrong key: %v", err)
	}
}

func TestWrongPersonalisationKey(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	keys := perso.DefaultKeys()
	keys.MAC[0] ^= 1
	if _, err := (perso.Terminal{Keys: keys, Rand: rand.Reader}).Open(&apdu.Conn{Wire: c}); err == nil {
		t.Error("a wrong key opened the chip")
	}
}

func TestCardIsLockedAfterPersonalisation(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, keep)
	personalise(t, c)
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: c})
	if err != nil || session.State != perso.Locked {
		t.Fatalf("state %v, %v", session, err)
	}
	if _, err := session.Write(t.Context(), data(), nil); !errors.Is(err, perso.ErrLocked) {
		t.Errorf("a second personalisation: %v", err)
	}
}

// Power is lost at every command of a personalisation; the next run finishes the card.
func TestTornPersonalisationIsFinished(t *testing.T) {
	for n := 1; ; n++ {
		var kept State
		c := NewCard(blank(t), rand.Reader, func(s State) error { kept = s.clone(); return nil })
		kept = c.state.clone()
		c.Faults = Faults{Cut: n}
		session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: c})
		if err == nil {
			_, err = session.Write(t.Context(), data(), nil)
		}
		if err == nil {
			if n < 10 {
				t.Fatalf("the personalisation took only %d commands", n)
			}
			return
		}
		if !errors.Is(err, ErrPowerLost) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if err := c.Reset(); !errors.Is(err, ErrPowerLost) {
			t.Fatalf("a card without power was reset: %v", err)
		}
		again := NewCard(kept, rand.Reader, keep)
		personalise(t, again)
		if again.state.LifeCycle != perso.Locked || !bytes.Equal(again.state.file(false, 0x0102).Content, data().Files[2].Content) {
			t.Fatalf("cut at %d: the second run left %s", n, again.state.LifeCycle)
		}
	}
}

func TestCardFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "card.sim")
	store, err := Create(path, blank(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, blank(t)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a card file was overwritten: %v", err)
	}
	if _, _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Errorf("one card file was opened twice: %v", err)
	}
	store.Close()
	c, err := OpenCard(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	personalise(t, c)
	if _, _, err := Open(path); !errors.Is(err, ErrInUse) {
		t.Errorf("after it was saved, the card file was opened twice: %v", err)
	}
	c.Close()
	_, s, err := Open(path)
	if err != nil || s.LifeCycle != perso.Locked {
		t.Errorf("the card file holds %s, %v", s.LifeCycle, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatIsNoCardFile(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "other JSON": "{}", "other version": `{"format":"cancuoc card","version":3}`,
		"lengths that lie": `{"format":"cancuoc card","version":1,"life_cycle":"blank","chip_id":"AAAAAAAAAAAAAA==","atr":"O4A=",` +
			`"buffers":{"Command":2048,"Response":2048},"capacity":10,"files":[{"fid":1,"size":1,"content":"AAAAAAAA"}]}`,
	} {
		path := filepath.Join(t.TempDir(), "card.sim")
		os.WriteFile(path, []byte(text), 0o600)
		if _, _, err := Open(path); err == nil {
			t.Errorf("%s was taken for a card file", name)
		}
	}
}

// What cannot be kept is not answered: the card loses its power.
func TestFullDisk(t *testing.T) {
	c := NewCard(blank(t), rand.Reader, func(State) error { return errors.New("disk full") })
	if _, err := (perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}).Open(&apdu.Conn{Wire: c}); !errors.Is(err, ErrPowerLost) {
		t.Errorf("opening the channel moved a counter that was not kept: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := blank(t)
	s.Capacity = 1000
	c := NewCard(s, rand.Reader, keep)
	session, err := perso.Terminal{Keys: perso.DefaultKeys(), Rand: rand.Reader}.Open(&apdu.Conn{Wire: c})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.Write(t.Context(), data(), nil); !errors.Is(err, apdu.SWNotEnoughMemory) {
		t.Errorf("a file larger than the memory: %v", err)
	}
}

// locked is a chip with every protocol, personalised: keys of its own, a CVCA, EF.CardAccess.
func locked(t testing.TB) State {
	t.Helper()
	s := blank(t)
	key, err := eac.GenerateKey(13, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	static, err := key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	signing, err := activeauth.GenerateEC(12, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signing.Encode()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := cvc.NewSpecimen(rand.Reader, date.Date{Year: 2026, Month: 11, Day: 1})
	if err != nil {
		t.Fatal(err)
	}
	root, err := cvc.Root(chain.CVCA.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	point, err := root.Encode()
	if err != nil {
		t.Fatal(err)
	}
	access, err := secinfo.Infos{PACE: []secinfo.PACEInfo{{Suite: sm.AES128, Version: 2, ParameterID: 13}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.LifeCycle = perso.Locked
	s.Secrets = perso.Secrets{BACSeed: bac.Seed(information), MRZ: pace.MRZ(information).Key, CAN: perso.Secret("000013"),
		ChipAuthentication: []perso.ChipKey{{Suites: []sm.Suite{sm.TripleDES, sm.AES128}, Key: static}}, Mapping: []perso.Secret{static},
		ActiveAuthentication: perso.SigningKey{Hash: 32, Key: signature}, TrustPoints: [][]byte{point}, CurrentDate: "2026-11-01"}
	s.Files = append(s.Files, File{MF: true, FID: 0x011C, Read: lds.Always, Size: len(access), Content: access},
		File{FID: 0x0101, Read: lds.Session, Size: 5, Content: []byte{0x61, 3, 1, 2, 3}}, File{FID: 0x0103, Read: lds.Rights, Size: 3, Content: []byte{0x63, 1, 0}},
		File{FID: 0x011C, Read: lds.Session, Size: 36, Content: make([]byte, 36)})
	return s
}

// The chip takes any bytes for commands, in any order, and answers each within its buffer.
// A terminal that asks with a short length field for as many bytes as there are gets as many as fit, protected too. A
// stranger's reader asks so.
func TestAsManyBytesAsFit(t *testing.T) {
	state := locked(t)
	long := append([]byte{0x75, 0x82, 0x03, 0xE8}, make([]byte, 1000)...)
	state.Files = append(state.Files, File{FID: 0x0102, Read: lds.Session, Size: len(long), Content: long})
	for suite, want := range map[sm.Suite]int{sm.TripleDES: 231, sm.AES128: 223} {
		c := NewCard(state.clone(), rand.Reader, keep)
		conn := &apdu.Conn{Wire: c}
		var secure *sm.Terminal
		var err error
		if suite == sm.TripleDES {
			send(t, c, selectApplication)
			secure, err = bac.Run(conn, information, rand.Reader)
		} else {
			info := secinfo.PACEInfo{Suite: sm.AES128, Version: 2, ParameterID: 13}
			if secure, _, err = pace.Run(conn, info, pace.CAN("000013"), rand.Reader); err == nil {
				_, err = secure.Send(apdu.Command{INS: 0xA4, P1: 4, P2: 0x0C, Data: lds.AID()})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, ne := range []int{256, want + 1, want, 5} {
			resp, err := secure.Send(apdu.Command{INS: 0xB0, P1: 0x82, Ne: ne})
			if err != nil || resp.SW != apdu.SWOK || len(resp.Data) != min(ne, want) {
				t.Errorf("%v, Ne %d: %d bytes, %v, %v", suite, ne, len(resp.Data), resp.SW, err)
			}
		}
		if resp, err := secure.Send(apdu.Command{INS: 0xB0, P1: 0x82, Ne: 800, Extended: true}); err != nil || len(resp.Data) != 800 {
			t.Errorf("%v, extended: %d bytes, %v", suite, len(resp.Data), err)
		}
	}
}

func FuzzTransmit(f *testing.F) {
	for _, seed := range []string{selectApplication, "0084000008", "00a4020c02011e", "00b0000004", "8050000008000102030405060700",
		"00a4040008a000000151000000", "0ca4020c158709016375432908c044f68e08bf8b92d635ff24f800", "0022c1a40f800a04007f00070202040202830101",
		"10860000027c0000", "0022c1a412800a04007f0007020204020283010284010d"} {
		b, _ := hex.DecodeString(seed)
		f.Add(b, b, b)
	}
	state := locked(f)
	f.Fuzz(func(t *testing.T, first, second, third []byte) {
		c := NewCard(state.clone(), rand.Reader, keep)
		for _, command := range [][]byte{first, second, third} {
			answer, err := c.Transmit(command)
			if err != nil || len(answer) < 2 || len(answer) > c.state.Buffers.Response {
				t.Fatalf("%x: %d bytes, %v", command, len(answer), err)
			}
			if c.session.Active() {
				t.Fatalf("%x opened a session", command)
			}
		}
	})
}

// With a session open the chip takes any bytes as a protected command; none may bring it down.
func FuzzTransmitInSession(f *testing.F) {
	f.Add([]byte{0x0C, 0xB0, 0, 0, 0x0D, 0x97, 1, 4, 0x8E, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0})
	f.Add([]byte{0x0C, 0xA4, 2, 0x0C, 2, 1, 1})
	state := locked(f)
	f.Fuzz(func(t *testing.T, command []byte) {
		c := NewCard(state.clone(), rand.Reader, keep)
		send(t, c, selectApplication)
		if _, err := bac.Run(&apdu.Conn{Wire: c}, information, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if answer, err := c.Transmit(command); err != nil || len(answer) < 2 {
			t.Fatalf("%x: %x, %v", command, answer, err)
		}
		if _, err := apdu.ParseCommand(command); err == nil && len(command) <= c.state.Buffers.Command && c.session.Active() {
			t.Fatalf("%x was taken for a protected command", command)
		}
	})
}

// Under protection any command reaches the protocols and the files: none brings the chip down, opens fingerprints, or
// lets its memory grow.
func FuzzProtectedCommands(f *testing.F) {
	for _, seed := range []string{"00a4020c020101", "00b0000000", "00b0830000", "002241a40c800a04007f00070202030202", "00860000047c028000",
		"002241a60491028000", "008181b60283", "002a00be047f4e0000", "008400000008", "0082000008", "0088000008010203040506070800", "00a4040c07a0000002471001"} {
		b, _ := hex.DecodeString(seed)
		f.Add(b, b)
	}
	state := locked(f)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		c := NewCard(state.clone(), rand.Reader, keep)
		send(t, c, selectApplication)
		secure, err := bac.Run(&apdu.Conn{Wire: c}, information, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range [][]byte{first, second} {
			cmd, err := apdu.ParseCommand(raw)
			if err != nil || cmd.CLA != 0 || len(cmd.Data) > 1500 {
				return
			}
			resp, err := secure.Send(cmd)
			if err == nil && resp.SW == apdu.SWOK && cmd.INS == 0xB0 && cmd.P1 == 0x83 {
				t.Fatalf("%x read fingerprints", raw)
			}
		}
		if c.router.protocols.eac.Rights() != 0 || len(c.state.TrustPoints) != 1 || c.state.used() != state.used() {
			t.Fatalf("%x, %x gave rights, or changed the chip", first, second)
		}
	})
}

func BenchmarkReadBinary(b *testing.B) {
	c := NewCard(blank(b), rand.Reader, keep)
	personalise(b, c)
	send(b, c, selectApplication)
	secure, err := bac.Run(&apdu.Conn{Wire: c}, information, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if resp, err := secure.Send(apdu.Command{INS: 0xB0, P1: 0x82, Ne: 220}); err != nil || resp.SW != apdu.SWOK {
			b.Fatal(resp.SW, err)
		}
	}
}
