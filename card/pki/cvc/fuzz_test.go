package cvc

import (
	"bytes"
	"testing"
)

// Whatever is read as a certificate is encoded again to the same bytes.
func FuzzParse(f *testing.F) {
	for _, v := range loadChains(f) {
		for _, text := range []string{v.CVCA, v.DV, v.Terminal} {
			f.Add(unhex(f, text))
		}
	}
	for _, i := range issued(f) {
		f.Add(i.bytes)
	}
	f.Add([]byte{0x7F, 0x21, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("read and written again: %x, %v", again, err)
		}
		_ = c.Verify(c.PublicKey)
		_ = c.PublicKey.Strong()
		if point, err := Root(c); err == nil {
			if _, err := point.Encode(); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzParseFile(f *testing.F) {
	file, err := EncodeFile([]string{"VNCVCA00002", "VNCVCA00001"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(make([]byte, FileSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		authorities, err := ParseFile(b)
		if err != nil {
			return
		}
		if file, err := EncodeFile(authorities); err != nil || !bytes.HasPrefix(file, bytes.TrimRight(b, "\x00")) {
			t.Errorf("%q written again: %x, %v", authorities, file, err)
		}
	})
}

func FuzzParsePrivateKey(f *testing.F) {
	for _, v := range loadChains(f) {
		f.Add(unhex(f, v.Key))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, a := range []Algorithm{ECDSASHA256, RSAPSSSHA256} {
			if key, err := ParsePrivateKey(b, a); err == nil {
				if _, err := key.Public(); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func FuzzParseTrustPoint(f *testing.F) {
	root, err := Root(issued(f)[0].certificate)
	if err != nil {
		f.Fatal(err)
	}
	b, err := root.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if point, err := ParseTrustPoint(b); err == nil && point.PublicKey.Curve == nil && point.PublicKey.RSA == nil {
			t.Error("a trust point without a key")
		}
	})
}
