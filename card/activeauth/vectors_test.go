package activeauth

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// example is one signature that was made elsewhere.
type example struct {
	Name, Key, Hash string
	Public          hexBytes
	RNDIFD          hexBytes `json:"rnd_ifd"`
	M1              hexBytes
	Signature       hexBytes
}

type vectors struct {
	AppendixF struct {
		Command hexBytes `json:"command"`
		RNDIFD  hexBytes `json:"RND_IFD"`
		M1, F   hexBytes
	} `json:"appendix_f"`
	Keys  map[string]hexBytes
	RSA   []example
	ECDSA []example
}

func load(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil || len(v.RSA) != 11 || len(v.ECDSA) != 10 {
		t.Fatalf("vectors: %v", err)
	}
	return v
}

func (v vectors) key(t testing.TB, name string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivateKey(v.Keys[name])
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func hashOf(t testing.TB, name string) crypto.Hash {
	t.Helper()
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if h.String() == name {
			return h
		}
	}
	t.Fatalf("no hash %s", name)
	return 0
}

// page is a chip that answers from the printed page and keeps what it is asked.
type page struct {
	answer []byte
	asked  []apdu.Command
	err    error
}

func (p *page) Send(cmd apdu.Command) (apdu.Response, error) {
	p.asked = append(p.asked, cmd)
	return apdu.Response{Data: p.answer, SW: apdu.SWOK}, p.err
}

func TestRepresentativeVectors(t *testing.T) {
	f := load(t).AppendixF
	if got := trailers()[0].represent(f.M1, f.RNDIFD); !bytes.Equal(got, f.F) {
		t.Errorf("F = %x, want %x", got, f.F)
	}
	if hash, err := open(f.F, f.RNDIFD); hash != crypto.SHA1 || err != nil {
		t.Errorf("F is opened as %v, %v", hash, err)
	}
	if _, err := open(f.F, f.M1[:8]); !errors.Is(err, errAnswer) {
		t.Errorf("F answers another challenge: %v", err)
	}
}

func TestTerminalVectors(t *testing.T) {
	v := load(t)
	for i, e := range append(v.RSA, v.ECDSA...) {
		public, hash := []byte(e.Public), hashOf(t, e.Hash)
		if e.Key != "" {
			var err error
			if public, err = v.key(t, e.Key).PublicKey(); err != nil {
				t.Fatal(err)
			}
		}
		chip := &page{answer: e.Signature}
		result, err := Run(chip, public, hash, bytes.NewReader(e.RNDIFD))
		if err != nil || result.Hash != hash {
			t.Errorf("%s: %v, %v", e.Name, result, err)
		}
		if got, err := chip.asked[0].Bytes(); i == 0 && (err != nil || !bytes.Equal(got, v.AppendixF.Command)) {
			t.Errorf("the terminal sends %x, %v; want %x", got, err, v.AppendixF.Command)
		}
		other := bytes.Clone(e.RNDIFD)
		other[7] ^= 1
		if _, err := Run(chip, public, hash, bytes.NewReader(other)); !errors.Is(err, ErrChip) {
			t.Errorf("%s: the signature answers another challenge: %v", e.Name, err)
		}
	}
}

func TestChipVectors(t *testing.T) {
	v := load(t)
	for _, e := range v.RSA {
		chip := &Chip{Key: v.key(t, e.Key), Hash: hashOf(t, e.Hash), Rand: bytes.NewReader(e.M1)}
		cmd, err := apdu.ParseCommand(append(append([]byte{0, 0x88, 0, 0, 0, 0, 8}, e.RNDIFD...), 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		got := chip.Authenticate(cmd)
		if got.SW != apdu.SWOK || !bytes.Equal(got.Data, e.Signature) {
			t.Errorf("%s: %x, want %x", e.Name, got.Bytes(), e.Signature)
		}
	}
}
