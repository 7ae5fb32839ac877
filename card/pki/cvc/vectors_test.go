package cvc

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// chain is a chain of the worked examples, in hexadecimal.
type chain struct{ Name, CVCA, DV, Terminal, Key string }

func loadChains(t testing.TB) []chain {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Chains []chain }
	if err := json.Unmarshal(b, &v); err != nil || len(v.Chains) != 2 {
		t.Fatalf("vectors: %v", err)
	}
	return v.Chains
}

// The worked examples of TR-03110: each certificate verifies under the one above, the private key is the terminal's.
func TestChainVectors(t *testing.T) {
	for _, v := range loadChains(t) {
		cvca, dv, terminal := parse(t, unhex(t, v.CVCA)), parse(t, unhex(t, v.DV)), parse(t, unhex(t, v.Terminal))
		if again, err := terminal.Encode(); err != nil || !bytes.Equal(again, unhex(t, v.Terminal)) {
			t.Errorf("%s: the terminal's certificate is encoded %x, %v", v.Name, again, err)
		}
		root, err := dv.PublicKey.Inherit(cvca.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		key, err := terminal.PublicKey.Inherit(cvca.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		if err := dv.Verify(cvca.PublicKey); err != nil {
			t.Errorf("%s: document verifier: %v", v.Name, err)
		}
		if err := terminal.Verify(root); err != nil {
			t.Errorf("%s: terminal: %v", v.Name, err)
		}
		if err := terminal.Verify(cvca.PublicKey); err == nil {
			t.Errorf("%s: the terminal verifies under the CVCA", v.Name)
		}
		private, err := ParsePrivateKey(unhex(t, v.Key), terminal.PublicKey.Algorithm)
		if err != nil {
			t.Fatal(err)
		}
		if public, err := private.Public(); err != nil || !sameKey(public, key) {
			t.Errorf("%s: the private key is not the terminal's, %v", v.Name, err)
		}
	}
}

// The ECDSA chain leads from the CVCA of inspection systems to an authentication terminal. A chip that lets such a one
// in takes it, from a trust point of that type.
func TestTrustVectors(t *testing.T) {
	v := loadChains(t)[0]
	cvca := parse(t, unhex(t, v.CVCA))
	if _, err := Root(cvca); err != nil {
		t.Fatal(err)
	}
	root := cvca.imported(cvca.PublicKey, Authorization{AuthenticationTerminal, []byte{0xC0, 0, 0, 0, 0x30}})
	trust := &Trust{Points: []TrustPoint{root}, Date: day(t, "2010-09-03"), Type: AuthenticationTerminal}
	dv, err := trust.Import(parse(t, unhex(t, v.DV)), root)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := trust.Import(parse(t, unhex(t, v.Terminal)), dv)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(terminal.Authorization.Bits); got != "0000000010" || terminal.Authorization.Role() != Terminal {
		t.Errorf("effective authorization %s of a %v", got, terminal.Authorization.Role())
	}
	if _, err := (&Trust{Points: []TrustPoint{root}}).Import(parse(t, unhex(t, v.DV)), root); !errors.Is(err, ErrIssuer) {
		t.Errorf("a chip for inspection systems: %v", err)
	}
	root.Expiration = day(t, "2099-12-31")
	late := &Trust{Points: []TrustPoint{root}, Date: day(t, "2050-01-01"), Type: AuthenticationTerminal}
	if _, err := late.Import(parse(t, unhex(t, v.DV)), root); !errors.Is(err, ErrExpired) {
		t.Errorf("a chip in 2050: %v", err)
	}
}
