package lds

import (
	"bytes"
	"crypto"
	"crypto/rand"
	mathrand "math/rand"
	"reflect"
	"testing"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// codecSecurityObject reads and writes what is canonical: data groups ascending, hash without parameters, not SHA-1.
func codecSecurityObject(der []byte) ([]byte, error) {
	object, err := ParseSecurityObject(der)
	if err != nil {
		return nil, err
	}
	return object.Encode()
}

func TestSecurityObjectRoundTrip(t *testing.T) {
	everySeed(t, func(r *mathrand.Rand) bool {
		object := someSecurityObject(r)
		der, err := object.Encode()
		if err != nil {
			t.Log(err)
			return false
		}
		parsed, err := ParseSecurityObject(der)
		again, err2 := codecSecurityObject(der)
		return err == nil && err2 == nil && reflect.DeepEqual(parsed, object) && bytes.Equal(again, der)
	})
}

func someSecurityObject(r *mathrand.Rand) SecurityObject {
	hash := []crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}[r.Intn(4)]
	object := SecurityObject{Hash: hash, Hashes: map[int][]byte{1: someBytes(r, hash.Size(), hash.Size())}}
	for len(object.Hashes) < 2+r.Intn(15) {
		object.Hashes[1+r.Intn(16)] = someBytes(r, hash.Size(), hash.Size())
	}
	if r.Intn(2) == 0 {
		object.Version, object.LDSVersion, object.UnicodeVersion = 1, "0108", "040000"
	}
	return object
}

// Both versions, from the data groups to the judgement of a verifier.
func TestSODOfBothVersions(t *testing.T) {
	a, err := pki.NewSpecimenAuthority(rand.Reader, signingTime, "VN")
	if err != nil {
		t.Fatal(err)
	}
	files := map[int][]byte{1: []byte("one"), 2: []byte("two"), 16: []byte("sixteen")}
	for version := range 2 {
		object := Digest(crypto.SHA384, files)
		if version == 1 {
			object.Version, object.LDSVersion, object.UnicodeVersion = 1, "0108", "040000"
		}
		file, err := SignSOD(object, cms.Signer{Certificate: a.DocumentSigner.Raw, Key: a.DocumentSignerKey}, signingTime)
		if err != nil {
			t.Fatal(err)
		}
		if err := judge(pki.Trust{Anchors: []pki.Certificate{a.CSCA}}, file); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		sod, err := ParseSOD(file)
		if err != nil || !reflect.DeepEqual(sod.SecurityObject, object) || !sod.SecurityObject.Matches(16, files[16]) {
			t.Errorf("version %d: %+v, %v", version, sod.SecurityObject, err)
		}
		for _, bad := range [][]byte{file[:len(file)-1], append(bytes.Clone(file), 0), bytes.Replace(file, []byte{0x77, 0x82}, []byte{0x6E, 0x82}, 1)} {
			if _, err := ParseSOD(bad); err == nil {
				t.Errorf("version %d: a file that lies was taken", version)
			}
		}
	}
}
