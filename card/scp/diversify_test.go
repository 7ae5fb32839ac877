package scp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

type diversificationVectors struct {
	Number  hexBytes            `json:"number"`
	Masters map[string]hexBytes `json:"masters"` // by their length
	Sets    []struct {
		Method   Diversification `json:"method"`
		Size     int             `json:"size"`
		Protocol Protocol        `json:"protocol"`
		ENC      string          `json:"enc"`
		MAC      string          `json:"mac"`
		DEK      string          `json:"dek"`
	} `json:"sets"`
	Whole struct {
		Number hexBytes `json:"number"`
		Master hexBytes `json:"master"`
		ENC    hexBytes `json:"enc"`
	} `json:"whole"`
}

func loadDiversification(t testing.TB) diversificationVectors {
	t.Helper()
	var v diversificationVectors
	load(t, "diversification.json", &v)
	if len(v.Sets) != 5 || len(v.Masters) != 3 {
		t.Fatal("vectors are missing")
	}
	return v
}

func mustMaster(t testing.TB, key []byte) MasterKey {
	t.Helper()
	master, err := NewMasterKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func TestDiversificationVectors(t *testing.T) {
	v := loadDiversification(t)
	for _, set := range v.Sets {
		keys, err := Diversify(set.Method, mustMaster(t, v.Masters[fmt.Sprint(set.Size)]), [10]byte(v.Number), set.Size)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%v-%s-%s-%s", set.Protocol, set.ENC, set.MAC, set.DEK)
		if got, err := keys.ID(set.Protocol); got != want || err != nil {
			t.Errorf("%s, %d bytes: %s, %v; want %s", set.Method, set.Size, got, err, want)
		}
	}
	keys, err := Diversify(DiversifyKDF3, mustMaster(t, v.Whole.Master), [10]byte(v.Whole.Number), 32)
	if err != nil || !bytes.Equal(keys.ENC, v.Whole.ENC) {
		t.Errorf("kdf3: %x, %v; want %x", keys.ENC, err, v.Whole.ENC)
	}
}

// Other numbers give other keys: every bit that a method takes from the number changes all three.
func TestDiversificationTakesTheNumber(t *testing.T) {
	taken := map[Diversification]string{
		DiversifyEMV: "00000000ffffffffffff", DiversifyVISA2: "ffff0000ffffffff0000", DiversifyKDF3: "ffffffffffffffffffff",
	}
	master := mustMaster(t, bytes.Repeat([]byte{0x5A, 0x17}, 8))
	for method, mask := range taken {
		takes, err := hex.DecodeString(mask)
		if err != nil {
			t.Fatal(err)
		}
		first, err := Diversify(method, master, [10]byte{}, 16)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			number := [10]byte{}
			number[i] = 0x40
			keys, err := Diversify(method, master, number, 16)
			if err != nil {
				t.Fatal(err)
			}
			for n, key := range keys.all() {
				if same := bytes.Equal(key, first.all()[n]); same != (takes[i] == 0) {
					t.Errorf("%s, byte %d, key %d: same %v", method, i, n, same)
				}
			}
		}
	}
}

// inToken is a master key that does not leave its token, as far as Diversify can see; what it gives can be spoilt.
type inToken struct {
	MasterKey
	gives []byte
	err   error
}

func (m inToken) EncryptTripleDES(b []byte) ([]byte, error) { return m.gives, m.err }
func (m inToken) CMAC(b []byte) ([]byte, error)             { return m.gives, m.err }

func TestDiversificationRefusals(t *testing.T) {
	master := mustMaster(t, make([]byte, 32))
	short := mustMaster(t, make([]byte, 16))
	gone := errors.New("gone")
	for name, c := range map[string]struct {
		method Diversification
		master Master
		size   int
	}{
		"no method":               {"", master, 16},
		"another method":          {"visa", master, 16},
		"emv of 24":               {DiversifyEMV, short, 24},
		"visa2 of 32":             {DiversifyVISA2, short, 32},
		"kdf3 of 20":              {DiversifyKDF3, short, 20},
		"kdf3 of none":            {DiversifyKDF3, short, 0},
		"kdf3 of less":            {DiversifyKDF3, short, -16},
		"none of another size":    {DiversifyNone, short, 32},
		"none of a token":         {DiversifyNone, inToken{}, 16},
		"emv under AES-256":       {DiversifyEMV, master, 16},
		"no master key":           {DiversifyKDF3, MasterKey{}, 16},
		"no master key, emv":      {DiversifyEMV, MasterKey{}, 16},
		"a token that is gone":    {DiversifyKDF3, inToken{err: gone}, 16},
		"a token that is gone, 2": {DiversifyEMV, inToken{err: gone}, 16},
		"a token that gives none": {DiversifyKDF3, inToken{}, 16},
		"a token that gives less": {DiversifyEMV, inToken{gives: make([]byte, 8)}, 16},
	} {
		if keys, err := Diversify(c.method, c.master, [10]byte{}, c.size); err == nil || keys.ENC != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Diversify(DiversifyKDF3, inToken{err: gone}, [10]byte{}, 16); !errors.Is(err, gone) {
		t.Errorf("what the token says is lost: %v", err)
	}
	for _, n := range []int{0, 8, 17, 33} {
		if _, err := NewMasterKey(make([]byte, n)); err == nil {
			t.Errorf("a master key of %d bytes: no error", n)
		}
	}
	if _, err := master.EncryptTripleDES(make([]byte, 8)); err == nil {
		t.Error("triple DES with 32 bytes: no error")
	}
	if _, err := short.EncryptTripleDES(make([]byte, 7)); err == nil {
		t.Error("triple DES of 7 bytes: no error")
	}
}

func TestUndiversified(t *testing.T) {
	key := bytes.Repeat([]byte{9}, 16)
	keys, err := Diversify(DiversifyNone, mustMaster(t, key), [10]byte{1}, 16)
	if err != nil || !bytes.Equal(keys.ENC, key) || !bytes.Equal(keys.MAC, key) || !bytes.Equal(keys.DEK, key) {
		t.Errorf("none: %v", err)
	}
	key[0] = 1
	if keys.ENC[0] != 9 {
		t.Error("the master key is shared with its giver")
	}
}

func TestDiversificationText(t *testing.T) {
	var d []Diversification
	if err := json.Unmarshal([]byte(`["none","emv","visa2","kdf3"]`), &d); err != nil || len(d) != 4 {
		t.Error(err)
	}
	for _, text := range []string{`["visa"]`, `["EMV"]`, `[""]`} {
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}
