package iso9797

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/hex"
	"errors"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const message64 = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

// RFC 4493, section 4, and the examples of SP 800-38B for the other key lengths and for three-key triple DES.
func TestCMACVectors(t *testing.T) {
	aes128 := "2b7e151628aed2a6abf7158809cf4f3c"
	aes192 := "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
	aes256 := "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
	tdes := "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5"
	for _, v := range []struct {
		key    string
		length int
		mac    string
	}{
		{aes128, 0, "bb1d6929e95937287fa37d129b756746"},
		{aes128, 16, "070a16b46b4d4144f79bdd9dd04a287c"},
		{aes128, 40, "dfa66747de9ae63030ca32611497c827"},
		{aes128, 64, "51f0bebf7e3b9d92fc49741779363cfe"},
		{aes192, 0, "d17ddf46adaacde531cac483de7a9367"},
		{aes192, 64, "a1d5df0eed790f794d77589659f39a11"},
		{aes256, 0, "028962f61b7bf89efc6b551f4667d983"},
		{aes256, 64, "e1992190549f6ed5696a2c056c315410"},
		{tdes, 0, "b7a688e122ffaf95"},
		{tdes, 8, "8e8f293136283797"},
		{tdes, 20, "743ddbe0ce2dc2ed"},
		{tdes, 32, "33e6b1092400eae5"},
	} {
		block := newBlock(t, unhex(t, v.key), v.key == tdes)
		if got := CMAC(block, unhex(t, message64)[:v.length]); hex.EncodeToString(got) != v.mac {
			t.Errorf("CMAC of %d bytes under %s = %x, want %s", v.length, v.key, got, v.mac)
		}
	}
}

func newBlock(t *testing.T, key []byte, tdes bool) cipher.Block {
	block, err := aes.NewCipher(key)
	if tdes {
		block, err = des.NewTripleDESCipher(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return block
}

// Doc 9303-11, appendix D.3: the checksum of the cryptogram; D.4: the first protected command.
func TestRetailMACVectors(t *testing.T) {
	for _, v := range []struct{ key, message, mac string }{
		{"7962D9ECE03D1ACD4C76089DCE131543", "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2", "5f1448eea8ad90a7"},
		{"F1CB1F1FB5ADF208806B89DC579DC1F8", "887022120C06C2270CA4020C800000008709016375432908C044F6", "bf8b92d635ff24f8"},
	} {
		got, err := RetailMAC(unhex(t, v.key), Pad(unhex(t, v.message), 8))
		if err != nil || hex.EncodeToString(got) != v.mac {
			t.Errorf("RetailMAC = %x, %v; want %s", got, err, v.mac)
		}
	}
}

func TestRetailMACRefusesWrongLengths(t *testing.T) {
	for _, c := range []struct{ key, message int }{{8, 8}, {24, 8}, {0, 8}, {16, 0}, {16, 7}, {16, 9}} {
		if mac, err := RetailMAC(make([]byte, c.key), make([]byte, c.message)); err == nil {
			t.Errorf("key of %d bytes, message of %d: %x, want an error", c.key, c.message, mac)
		}
	}
}

func TestPadding(t *testing.T) {
	for _, v := range []struct{ plain, padded string }{
		{"", "8000000000000000"},
		{"011e", "011e800000000000"},
		{"01020304050607", "0102030405060780"},
		{"0102030405060708", "01020304050607088000000000000000"},
		{"80", "8080000000000000"},
	} {
		if got := Pad(unhex(t, v.plain), 8); hex.EncodeToString(got) != v.padded {
			t.Errorf("Pad(%s) = %x, want %s", v.plain, got, v.padded)
		}
		if got, err := Unpad(unhex(t, v.padded), 8); err != nil || !bytes.Equal(got, unhex(t, v.plain)) {
			t.Errorf("Unpad(%s) = %x, %v; want %s", v.padded, got, err, v.plain)
		}
	}
}

func TestWrongPadding(t *testing.T) {
	for _, padded := range []string{"", "80", "0000000000000000", "80000000000000000000000000000000", "0102030405060708",
		"8000000000000001", "01020304050607ff", "010203040506078000"} {
		if got, err := Unpad(unhex(t, padded), 8); !errors.Is(err, ErrPadding) {
			t.Errorf("Unpad(%s) = %x, %v; want ErrPadding", padded, got, err)
		}
	}
}
