package cvc

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// requested makes a request on the first key and one that succeeds it, with an outer signature.
func requested(t testing.TB) (first, second *Request) {
	t.Helper()
	all := issued(t)
	first, err := NewRequest("VNCVCA00001", "VNDV00001", all[1].key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if second, err = NewRequest("VNCVCA00001", "VNDV00002", all[2].key, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if err := second.Vouch("VNDV00001", all[1].key, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return first, second
}

func encoded(t testing.TB, r *Request) []byte {
	t.Helper()
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRequests(t *testing.T) {
	first, second := requested(t)
	read, err := ParseRequest(encoded(t, first))
	if err != nil || read.Holder != "VNDV00001" || read.Authority != "VNCVCA00001" || read.Voucher != "" || read.PublicKey.Curve == nil {
		t.Fatalf("%+v, %v", read, err)
	}
	if err := read.VerifyOuter(first.PublicKey); err == nil {
		t.Error("there is no outer signature, and it is right")
	}
	if read, err = ParseRequest(encoded(t, second)); err != nil || read.Voucher != "VNDV00001" {
		t.Fatalf("%+v, %v", read, err)
	}
	if err := read.VerifyOuter(first.PublicKey); err != nil {
		t.Errorf("the outer signature: %v", err)
	}
	if err := read.VerifyOuter(second.PublicKey); !errors.Is(err, ErrSignature) {
		t.Errorf("the outer signature under another key: %v", err)
	}
	made := sign(t, Certificate{Authority: "VNCVCA00001", Holder: read.Holder, PublicKey: read.PublicKey, Effective: day(t, "2025-01-01"), Expiration: day(t, "2025-03-01"),
		Authorization: InspectionAuthorization(DomesticDV, ReadDG3)}, issued(t)[0].key, rand.Reader)
	if made.PublicKey.Curve != nil || !bytes.Equal(made.PublicKey.Point, second.PublicKey.Point) {
		t.Error("what was certified is not what was requested, without its curve")
	}
}

// No bit of a request can change: it is no longer read, or its outer signature is wrong.
func TestEveryBitOfARequestCounts(t *testing.T) {
	first, second := requested(t)
	whole := encoded(t, second)
	for i := range len(whole) * 8 {
		changed := bytes.Clone(whole)
		changed[i/8] ^= 1 << (i % 8)
		r, err := ParseRequest(changed)
		if err == nil && r.VerifyOuter(first.PublicKey) == nil {
			t.Fatalf("bit %d of byte %d may change", i%8, i/8)
		}
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	first, second := requested(t)
	good := encoded(t, first)
	noCurve := *first
	noCurve.PublicKey.Curve = nil
	unnamed := encoded(t, &noCurve)
	replaced := func(old, by string) []byte {
		return unhex(t, string(bytes.ReplaceAll([]byte(hex.EncodeToString(good)), []byte(old), []byte(by))))
	}
	inner, err := second.inner()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing": {}, "no curve": unnamed, "a byte behind": append(bytes.Clone(good), 0), "profile 2": replaced("5f290100", "5f290101"),
		"an authority in small letters": replaced(hex.EncodeToString([]byte("VNCVCA00001")), hex.EncodeToString([]byte("vnCVCA00001"))),
		"a certificate":                 issued(t)[0].bytes, "too long": make([]byte, MaxSize+1),
		"an outer signature of nobody": tlv.Encode(tagAuthentication, inner, tlv.Encode(tagAuthority), tlv.Encode(tagSignature, second.OuterSignature)),
		"an outer signature around":    tlv.Encode(tagAuthentication, inner),
		"twice around":                 tlv.Encode(tagAuthentication, encoded(t, second), tlv.Encode(tagAuthority, []byte("VNDV00001")), tlv.Encode(tagSignature, second.OuterSignature)),
	} {
		if r, err := ParseRequest(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	if _, err := ParseRequest(forged); !errors.Is(err, ErrSignature) {
		t.Errorf("an inner signature that is wrong: %v", err)
	}
}

// Whatever is read as a request is encoded again to the same bytes, and signed by its key.
func FuzzParseRequest(f *testing.F) {
	first, second := requested(f)
	f.Add(encoded(f, first))
	f.Add(encoded(f, second))
	f.Add([]byte{0x67, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err != nil {
			return
		}
		if again, err := r.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("read and written again: %x, %v", again, err)
		}
		if err := r.Verify(); err != nil {
			t.Error(err)
		}
		if r.Voucher != "" {
			_ = r.VerifyOuter(r.PublicKey)
		}
	})
}
