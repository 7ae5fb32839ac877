package cvc

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"
)

func TestPrivateKeys(t *testing.T) {
	for id := 10; id <= 18; id++ {
		key, err := GenerateEC(ECDSASHA512, id, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := key.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePrivateKey(der, ECDSASHA512)
		if err != nil || !bytes.Equal(again.D, key.D) || again.Curve != key.Curve {
			t.Errorf("curve %d: the key is not read back, %v", id, err)
		}
		public, err := key.Public()
		if err != nil {
			t.Fatal(err)
		}
		signature, err := key.Sign(rand.Reader, []byte("message"))
		if err != nil || public.Verify([]byte("message"), signature) != nil {
			t.Errorf("curve %d: %v", id, err)
		}
		if !errors.Is(public.Verify([]byte("massage"), signature), ErrSignature) {
			t.Errorf("curve %d: a signature of another message is good", id)
		}
	}
	if _, err := GenerateEC(RSAPSSSHA256, 13, rand.Reader); err == nil {
		t.Error("RSA on a curve")
	}
	if _, err := GenerateEC(ECDSASHA256, 8, rand.Reader); err == nil {
		t.Error("a curve of 192 bits")
	}
	if _, err := GenerateRSA(RSAPSSSHA256, 1024, rand.Reader); err == nil {
		t.Error("RSA with 1,024 bits")
	}
	if text := (&PrivateKey{D: []byte{1}}).String() + (PrivateKey{D: []byte{1}}).GoString(); text != "[secret][secret]" {
		t.Errorf("a key prints as %s", text)
	}
}

func TestRSAChain(t *testing.T) {
	for _, a := range []Algorithm{RSAPSSSHA256, RSAPSSSHA512, RSAv15SHA256, RSAv15SHA512} {
		key, err := GenerateRSA(a, 2048, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public, err := key.Public()
		if err != nil {
			t.Fatal(err)
		}
		c := Certificate{Authority: "VNCVCA00001", Holder: "VNCVCA00001", PublicKey: public, Effective: day(t, "2025-01-01"),
			Expiration: day(t, "2026-01-01"), Authorization: InspectionAuthorization(CVCA, ReadDG3)}
		made := sign(t, c, key, rand.Reader)
		b, err := made.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Root(parse(t, b)); err != nil {
			t.Errorf("%v: %v", a, err)
		}
		made.Signature[0] ^= 1
		if _, err := Root(made); !errors.Is(err, ErrSignature) {
			t.Errorf("%v: a changed signature: %v", a, err)
		}
	}
}
