package lds

import (
	"bytes"
	"crypto"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"
)

// The small files come out of their encoding as they went in, for any value that they can have.
func TestSmallFilesRoundTrip(t *testing.T) {
	r := rand.New(rand.NewSource(9303))
	for n := range 500 {
		for name, check := range map[string]func(*rand.Rand) error{"EF.COM": roundCOM, "EF.DG1": roundZone, "security object": roundSecurityObject, "EF.ATR/INFO": roundATRInfo} {
			if err := check(r); err != nil {
				t.Fatalf("%s, case %d: %v", name, n, err)
			}
		}
	}
}

func roundCOM(r *rand.Rand) error {
	want := COM{LDSVersion: fmt.Sprintf("%04d", r.Intn(10000)), UnicodeVersion: fmt.Sprintf("%06d", r.Intn(1000000))}
	for _, n := range r.Perm(16)[:r.Intn(17)] {
		file, _ := DataGroup(n + 1)
		want.Tags = append(want.Tags, file.Tag)
	}
	file, err := want.Encode()
	if err != nil {
		return err
	}
	got, err := ParseCOM(file)
	if err != nil || got.LDSVersion != want.LDSVersion || got.UnicodeVersion != want.UnicodeVersion || !bytes.Equal(got.Tags, want.Tags) {
		return fmt.Errorf("%+v became %+v, %v", want, got, err)
	}
	return nil
}

func roundZone(r *rand.Rand) error {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
	zone := make([]byte, []int{90, 72, 88}[r.Intn(3)])
	for i := range zone {
		zone[i] = letters[r.Intn(len(letters))]
	}
	file, err := EncodeZone(string(zone))
	if err != nil {
		return err
	}
	if got, err := ParseZone(file); err != nil || got != string(zone) {
		return fmt.Errorf("%s became %s, %v", zone, got, err)
	}
	return nil
}

func roundSecurityObject(r *rand.Rand) error {
	want := SecurityObject{Hash: []crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}[r.Intn(4)], Hashes: map[int][]byte{}}
	for _, n := range r.Perm(16)[:2+r.Intn(15)] {
		hash := make([]byte, want.Hash.Size())
		r.Read(hash)
		want.Hashes[n+1] = hash
	}
	if r.Intn(2) == 1 {
		want.Version, want.LDSVersion, want.UnicodeVersion = 1, "0108", "040000"
	}
	der, err := want.Encode()
	if err != nil {
		return err
	}
	got, err := ParseSecurityObject(der)
	if err != nil || got.Hash != want.Hash || got.Version != want.Version || got.LDSVersion != want.LDSVersion || !maps.EqualFunc(got.Hashes, want.Hashes, bytes.Equal) {
		return fmt.Errorf("%+v became %+v, %v", want, got, err)
	}
	return nil
}

func roundATRInfo(r *rand.Rand) error {
	short := ShortBuffers()
	want := Buffers{Command: short.Command + r.Intn(60000), Response: short.Response + r.Intn(60000)}
	got, err := ParseATRInfo(EncodeATRInfo(want))
	if err != nil || got != want {
		return fmt.Errorf("%+v became %+v, %v", want, got, err)
	}
	return nil
}

// A security object whose groups stand twice, and a list of EF.COM that does, are refused.
func TestDuplicatedDataGroups(t *testing.T) {
	object := SecurityObject{Hash: crypto.SHA256, Hashes: map[int][]byte{1: make([]byte, 32), 2: make([]byte, 32)}}
	der, err := object.Encode()
	if err != nil {
		t.Fatal(err)
	}
	twice := slices.Clone(der)
	at := bytes.LastIndex(twice, []byte{0x02, 0x01, 0x02, 0x04, 0x20})
	twice[at+2] = 1
	if _, err := ParseSecurityObject(twice); err == nil {
		t.Error("data group 1 twice in a security object")
	}
	if _, err := ParseCOM(unhex(t, "6016 5F01 04 30313037 5F36 06 303430303030 5C 02 6161")); err == nil {
		t.Error("data group 1 twice in EF.COM")
	}
}
