package scp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// putKeyVectors holds PUT KEY commands that another program computed for published sessions, and parts of them.
type putKeyVectors struct {
	Sets []struct {
		Name     string   `json:"name"`
		Session  string   `json:"session"`
		Replaces byte     `json:"replaces"`
		Version  byte     `json:"version"`
		ENC      hexBytes `json:"enc"`
		MAC      hexBytes `json:"mac"`
		DEK      hexBytes `json:"dek"`
		Command  hexBytes `json:"command"`
		Answer   hexBytes `json:"answer"`
	} `json:"sets"`
	Blocks []struct {
		Name     string   `json:"name"`
		Protocol Protocol `json:"protocol"`
		DEK      hexBytes `json:"dek"`
		Sequence hexBytes `json:"sequence"`
		Key      hexBytes `json:"key"`
		Block    hexBytes `json:"block"`
	} `json:"blocks"`
	SessionKeys []struct {
		Key      hexBytes `json:"key"`
		Sequence hexBytes `json:"sequence"`
		ENC      hexBytes `json:"enc"`
		MAC      hexBytes `json:"mac"`
		DEK      hexBytes `json:"dek"`
	} `json:"session_keys"`
}

func loadPutKey(t testing.TB) putKeyVectors {
	t.Helper()
	var v putKeyVectors
	load(t, "putkey.json", &v)
	if len(v.Sets) != 2 || len(v.Blocks) != 2 || len(v.SessionKeys) != 1 {
		t.Fatal("vectors are missing")
	}
	return v
}

// The check values of the session keys of SCP02.
func TestSessionKey02Vectors(t *testing.T) {
	for _, v := range loadPutKey(t).SessionKeys {
		for constant, want := range map[uint16]hexBytes{derived02ENC: v.ENC, derived02MAC: v.MAC, derived02DEK: v.DEK} {
			key, err := sessionKey02(v.Key, constant, v.Sequence)
			if err != nil {
				t.Fatal(err)
			}
			block, err := tripleDES(key)
			if err != nil {
				t.Fatal(err)
			}
			if got := checkValue(SCP02, block); !bytes.Equal(got[:], want) {
				t.Errorf("constant %04X: %x, want %x", constant, got, want)
			}
		}
	}
}

func TestTerminalPutKeyVectors(t *testing.T) {
	v, sessions := loadPutKey(t), loadVectors(t)
	for _, set := range v.Sets {
		terminal := openedTerminal(t, sessions.session(t, set.Session), 0, set.Answer)
		keys := StaticKeys{ENC: set.ENC, MAC: set.MAC, DEK: set.DEK}
		cmd, named, err := terminal.putKey(set.Replaces, set.Version, keys)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, set.Command) {
			t.Errorf("%s: the terminal sends\n%x, %v; want\n%x", set.Name, got, err, set.Command)
		}
		if got := append(named, 0x90, 0); !bytes.Equal(got, set.Answer) {
			t.Errorf("%s: the terminal awaits %x, want %x", set.Name, got, set.Answer)
		}
		if err := terminal.PutKeys(set.Replaces, set.Version, keys); err != nil {
			t.Errorf("%s: %v", set.Name, err)
		}
	}
	for _, b := range v.Blocks {
		s := sessionOf(t, b.Protocol, b.DEK, b.Sequence)
		if got, err := s.keyBlock(b.Key, KCV(b.Block[len(b.Block)-3:])); err != nil || !bytes.Equal(got, b.Block) {
			t.Errorf("%s: %x, %v; want %x", b.Name, got, err, b.Block)
		}
	}
}

func sessionOf(t *testing.T, p Protocol, key, sequence []byte) *session {
	t.Helper()
	s, err := newSession(p, StaticKeys{key, key, key}, make([]byte, 8), make([]byte, 8), sequence)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChipPutKeyVectors(t *testing.T) {
	v, sessions := loadPutKey(t), loadVectors(t)
	for _, set := range v.Sets {
		chip := openedChip(t, sessions.session(t, set.Session), 0, nil)
		version, keys, resp := chip.PutKeys(mustCommand(t, set.Command))
		if !bytes.Equal(resp.Bytes(), set.Answer) || version != set.Version ||
			!bytes.Equal(keys.ENC, set.ENC) || !bytes.Equal(keys.MAC, set.MAC) || !bytes.Equal(keys.DEK, set.DEK) {
			t.Errorf("%s: %d, %x %x %x, %x", set.Name, version, keys.ENC, keys.MAC, keys.DEK, resp.Bytes())
		}
	}
	for _, b := range v.Blocks {
		s := sessionOf(t, b.Protocol, b.DEK, b.Sequence)
		if key, _, rest, sw := s.parseKeyBlock(b.Block); sw != apdu.SWOK || !bytes.Equal(key, b.Key) || len(rest) != 0 {
			t.Errorf("%s: %x, %v, %x behind it", b.Name, key, sw, rest)
		}
	}
}

// Every bit of the key data of every PUT KEY is turned over once: none gives keys. The version before it is covered by the
// C-MAC alone.
func TestChipPutKeysRejectsEveryFlippedBit(t *testing.T) {
	v, sessions := loadPutKey(t), loadVectors(t)
	for _, set := range v.Sets {
		d := sessions.session(t, set.Session)
		for bit := 6 * 8; bit < (len(set.Command)-1)*8; bit++ {
			flipped := bytes.Clone(set.Command)
			flipped[bit/8] ^= 0x80 >> (bit % 8)
			_, keys, resp := openedChip(t, d, 0, nil).PutKeys(mustCommand(t, flipped))
			if resp.SW == apdu.SWOK || len(resp.Data) != 0 || keys.ENC != nil || keys.DEK != nil {
				t.Fatalf("%s: bit %d gives other keys: %x", set.Name, bit, resp.Bytes())
			}
		}
	}
}

// Keys are changed from a chip's end to the other, and the next channel opens with the new ones alone.
func TestKeyChange(t *testing.T) {
	v := loadVectors(t)
	for _, c := range []struct {
		session  string
		version  byte // of the keys that the chip has
		replaces byte
		size     int
	}{
		{"SCP03_Test_AES128_33", 0xFF, 0, 32}, {"SCP03_Test_AES192_33", 0x31, 0x31, 24}, {"SCP03_Test_AES256_03", 0x32, 0x32, 32},
		{"SCP03_Test_AES128_11", 0xFF, 0, 24}, {"computed apart, three keys", 1, 1, 16}, {"computed apart, three keys", 0xFF, 0, 16},
	} {
		d := v.session(t, c.session)
		chip := d.chip(nil)
		chip.KeyVersion = c.version
		app := &keeper{chip: chip}
		chip.Next = app
		wire := &counting{chip: chip}
		h, err := d.initiate(wire, 0)
		if err != nil {
			t.Fatal(err)
		}
		terminal, err := h.Authenticate(d.keys(), d.level())
		if err != nil {
			t.Fatal(err)
		}
		next := StaticKeys{bytes.Repeat([]byte{0x1A}, c.size), bytes.Repeat([]byte{0x2B}, c.size), bytes.Repeat([]byte{0x3C}, c.size)}
		if err := terminal.PutKeys(c.replaces, 0x21, next); err != nil {
			t.Errorf("%s: %v", c.session, err)
			continue
		}
		chip.Rand = bytes.NewReader(make([]byte, 6))
		h, err = d.initiate(wire, 0x21)
		if err != nil || h.Proves(d.keys()) || !h.Proves(next) {
			t.Errorf("%s: after the change: %v", c.session, err)
			continue
		}
		if _, err := h.Authenticate(next, d.level()); err != nil {
			t.Errorf("%s: %v", c.session, err)
		}
	}
}

// keeper is an application that keeps new keys.
type keeper struct{ chip *Chip }

func (k *keeper) Handle(cmd apdu.Command) apdu.Response {
	version, keys, resp := k.chip.PutKeys(cmd)
	if resp.SW == apdu.SWOK {
		k.chip.KeyVersion, k.chip.Keys = version, keys
	}
	return resp
}

// An answer that does not name the new keys is told from a refusal, after which the chip has its old ones.
func TestPutKeysAnswers(t *testing.T) {
	v := loadPutKey(t)
	set := v.Sets[1]
	d := loadVectors(t).session(t, set.Session)
	keys := StaticKeys{set.ENC, set.MAC, set.DEK}
	unconfirmed := [][]byte{{0x90, 0}, {3, 0x90, 0}, append(bytes.Clone(set.Answer[:10]), 0, 0x90, 0)}
	for bit := range 80 {
		answer := bytes.Clone(set.Answer)
		answer[bit/8] ^= 0x80 >> (bit % 8)
		unconfirmed = append(unconfirmed, answer)
	}
	for _, answer := range unconfirmed {
		if err := openedTerminal(t, d, 0, answer).PutKeys(1, 3, keys); !errors.Is(err, ErrUnconfirmed) {
			t.Errorf("%x: %v", answer, err)
		}
	}
	for _, sw := range []apdu.StatusWord{0x6982, 0x6A80, 0x6A84, 0x6A88, 0x6581, 0x9484, 0x9485} {
		err := openedTerminal(t, d, 0, []byte{byte(sw >> 8), byte(sw)}).PutKeys(1, 3, keys)
		if !errors.Is(err, sw) || errors.Is(err, ErrUnconfirmed) {
			t.Errorf("%04X: %v", uint16(sw), err)
		}
	}
	torn := openedTerminal(t, d, 0, nil)
	torn.send = senderFunc(func(apdu.Command) (apdu.Response, error) { return apdu.Response{}, io.ErrUnexpectedEOF })
	if err := torn.PutKeys(1, 3, keys); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("torn: %v", err)
	}
	if err := torn.PutKeys(1, 3, keys); !errors.Is(err, ErrClosed) {
		t.Errorf("after that: %v", err)
	}
}

func TestPutKeysRefusesWhatCannotBe(t *testing.T) {
	set := loadPutKey(t).Sets[1]
	good := StaticKeys{set.ENC, set.MAC, set.DEK}
	long := StaticKeys{make([]byte, 24), make([]byte, 24), make([]byte, 24)}
	for name, c := range map[string]struct {
		session           string
		replaces, version byte
		keys              StaticKeys
	}{
		"version 0":          {set.Session, 1, 0, good},
		"version 80":         {set.Session, 1, 0x80, good},
		"replaces FF":        {set.Session, 0xFF, 3, good},
		"no keys":            {set.Session, 1, 3, StaticKeys{}},
		"keys of 15 bytes":   {set.Session, 1, 3, StaticKeys{set.ENC[1:], set.MAC[1:], set.DEK[1:]}},
		"two of three":       {set.Session, 1, 3, StaticKeys{ENC: set.ENC, MAC: set.MAC}},
		"another size":       {set.Session, 1, 3, long},
		"AES-192 over SCP02": {"a card, session 0", 0, 3, long},
	} {
		terminal := openedTerminal(t, loadVectors(t).session(t, c.session), 0, nil)
		terminal.send = senderFunc(func(apdu.Command) (apdu.Response, error) {
			t.Errorf("%s: sent", name)
			return apdu.Response{}, io.EOF
		})
		if err := terminal.PutKeys(c.replaces, c.version, c.keys); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestChipPutKeysRefusals(t *testing.T) {
	v, sessions := loadPutKey(t), loadVectors(t)
	aes, des := v.Sets[1], v.Sets[0]
	change := func(command []byte, f func(*apdu.Command)) apdu.Command {
		cmd := mustCommand(t, bytes.Clone(command))
		f(&cmd)
		return cmd
	}
	for name, c := range map[string]struct {
		session string
		cmd     apdu.Command
		sw      apdu.StatusWord
	}{
		"another command":           {aes.Session, change(aes.Command, func(c *apdu.Command) { c.INS = 0xE2 }), 0x6D00},
		"one key only":              {aes.Session, change(aes.Command, func(c *apdu.Command) { c.P2 = 0x01 }), 0x6A86},
		"more commands follow":      {aes.Session, change(aes.Command, func(c *apdu.Command) { c.P1 = 0x81 }), 0x6A86},
		"a second set":              {aes.Session, change(aes.Command, func(c *apdu.Command) { c.P1 = 0 }), 0x6A84},
		"keys that are not there":   {aes.Session, change(aes.Command, func(c *apdu.Command) { c.P1 = 2 }), 0x6A88},
		"no data":                   {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data = nil }), 0x6700},
		"the version alone":         {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data = c.Data[:1] }), 0x6A80},
		"two keys":                  {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data = c.Data[:47] }), 0x6A80},
		"bytes behind":              {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data = append(c.Data, 0) }), 0x6A80},
		"version 0":                 {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data[0] = 0 }), 0x6A80},
		"version FF":                {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data[0] = 0xFF }), 0x6A80},
		"a check value":             {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data[22] ^= 1 }), 0x9485},
		"no check value":            {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data[20] = 0 }), 0x6A80},
		"a key of another length":   {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data[3] = 0x20 }), 0x6A80},
		"a key of 15 bytes":         {aes.Session, change(aes.Command, func(c *apdu.Command) { c.Data[3] = 0x0F }), 0x6A80},
		"triple DES keys":           {aes.Session, change(des.Command, func(c *apdu.Command) { c.P1 = 1 }), 0x9484},
		"AES keys to a DES chip":    {des.Session, change(aes.Command, func(c *apdu.Command) { c.P1 = 0 }), 0x9484},
		"a check value, triple DES": {des.Session, change(des.Command, func(c *apdu.Command) { c.Data[len(c.Data)-1] ^= 1 }), 0x9485},
	} {
		chip := openedChip(t, sessions.session(t, c.session), 0, nil)
		version, keys, resp := chip.PutKeys(c.cmd)
		if resp.SW != c.sw || len(resp.Data) != 0 || version != 0 || keys.ENC != nil || !chip.Open() {
			t.Errorf("%s: %x, want %04X", name, resp.Bytes(), uint16(c.sw))
		}
	}
	closed := sessions.session(t, aes.Session).chip(nil)
	if _, _, resp := closed.PutKeys(mustCommand(t, aes.Command)); resp.SW != 0x6982 {
		t.Errorf("without a channel: %v", resp.SW)
	}
	if _, err := closed.DecryptKey(make([]byte, 16)); !errors.Is(err, ErrClosed) {
		t.Errorf("DecryptKey without a channel: %v", err)
	}
}

// A set that replaces another is as long (Card Specification, section 11.8.2.3).
func TestChipPutKeysChangesNoSize(t *testing.T) {
	d := loadVectors(t).session(t, "NXP JCOP4, level 01")
	long := StaticKeys{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32)}
	cmd, _, err := openedTerminal(t, d, 0, nil).putKey(2, 3, long)
	if err != nil {
		t.Fatal(err)
	}
	cmd.P1 = 1
	if _, _, resp := openedChip(t, d, 0, nil).PutKeys(cmd); resp.SW != 0x9484 {
		t.Errorf("keys of 32 bytes for those of 16: %v", resp.SW)
	}
}

// The key check values of the published AES-128 key set, and those of the key that everybody knows.
func TestKeyCheckValueVectors(t *testing.T) {
	v := loadVectors(t)
	known := v.session(t, "a card, session 0").ENC
	for _, c := range []struct {
		p    Protocol
		keys StaticKeys
		want string
	}{
		{SCP03, v.session(t, "SCP03_Test_AES128_33").keys(), "scp03-c35280-013808-840de5"},
		{SCP03, StaticKeys{known, known, known}, "scp03-504a77-504a77-504a77"},
		{SCP02, StaticKeys{known, known, known}, "scp02-8baf47-8baf47-8baf47"},
	} {
		id, err := c.keys.ID(c.p)
		values, err2 := c.keys.KCV(c.p)
		if err != nil || err2 != nil || id != c.want || fmt.Sprintf("%v-%x-%x-%x", c.p, values[0], values[1], values[2]) != c.want {
			t.Errorf("ID = %s, %v; check values %x, %v; want %s", id, err, values, err2, c.want)
		}
	}
	for _, c := range []struct {
		p    Protocol
		size int
	}{{SCP03, 0}, {SCP03, 8}, {SCP02, 24}, {SCP02, 32}, {Protocol(5), 16}} {
		keys := StaticKeys{make([]byte, c.size), make([]byte, c.size), make([]byte, c.size)}
		if _, err := keys.KCV(c.p); err == nil {
			t.Errorf("%v, %d bytes: no error", c.p, c.size)
		}
		if _, err := keys.ID(c.p); err == nil {
			t.Errorf("%v, %d bytes: no error", c.p, c.size)
		}
	}
}

// EncryptKey and DecryptKey are each the other's inverse on one channel, and take whole blocks only.
func TestKeysOnTheChannel(t *testing.T) {
	for name, d := range protocols(t) {
		terminal, chip := openedTerminal(t, d, 0, nil), openedChip(t, d, 0, nil)
		plain := bytes.Repeat([]byte{7}, 32)
		b, err := terminal.EncryptKey(plain)
		if err != nil || bytes.Equal(b, plain) || bytes.Equal(b[:16], b[16:]) != (d.Protocol == SCP02) {
			t.Errorf("%s: EncryptKey = %x, %v", name, b, err)
		}
		if got, err := chip.DecryptKey(b); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: DecryptKey = %x, %v", name, got, err)
		}
		for _, n := range []int{0, 7, 15, 17} {
			_, err := terminal.EncryptKey(make([]byte, n))
			_, err2 := chip.DecryptKey(make([]byte, n))
			if err == nil || err2 == nil {
				t.Errorf("%s: %d bytes: %v, %v", name, n, err, err2)
			}
		}
		terminal.Close()
		if _, err := terminal.EncryptKey(plain); !errors.Is(err, ErrClosed) || terminal.MaxData(261) != 0 {
			t.Errorf("%s: closed: %v", name, err)
		}
	}
}
