package card

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

// Files of the field and of the specimen data set of TR-03105-5 are parsed, and come out again byte for byte. Those with
// images stand in package lds.
func TestSamplesComeOutAgain(t *testing.T) {
	for name, again := range map[string]func([]byte) ([]byte, error){
		"lds-bsi2008/Datagroup1.bin": func(b []byte) ([]byte, error) {
			zone, err := lds.ParseZone(b)
			return then(err, func() ([]byte, error) { return lds.EncodeZone(zone) })
		},
		"lds-bsi2008/EF_COM.bin": func(b []byte) ([]byte, error) {
			com, err := lds.ParseCOM(b)
			return then(err, com.Encode)
		},
		"lds-bsi2008/Datagroup14.bin":           dg14,
		"lds-misc/spec_sample_encoded_dg14.bin": dg14,
	} {
		sample := fieldSample(t, name)
		if got, err := again(sample); err != nil || !bytes.Equal(got, sample) {
			t.Errorf("%s: %v\n got %x\nwant %x", name, err, got, sample)
		}
	}
}

func then(err error, encode func() ([]byte, error)) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return encode()
}

// dg14 encodes EF.DG14 again. The samples are not in the order that DER has for a SET OF, so a file that holds the same
// SecurityInfos, and no others, counts as the same one.
func dg14(b []byte) ([]byte, error) {
	infos, err := secinfo.ParseDG14(b)
	if err != nil {
		return nil, err
	}
	encoded, err := infos.EncodeDG14()
	if err != nil {
		return nil, err
	}
	again, err := secinfo.ParseDG14(encoded)
	if err != nil {
		return nil, err
	}
	lost, err1 := infos.Missing(again)
	added, err2 := again.Missing(infos)
	if err := errors.Join(err1, err2); err != nil || len(lost)+len(added) > 0 || len(encoded) != len(b) {
		return encoded, err
	}
	return b, nil
}

func fieldSample(t *testing.T, name string) []byte {
	t.Helper()
	sample, err := os.ReadFile(filepath.Join("../../shared/samples", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the samples are not at hand: " + name)
	}
	return sample
}

// What the samples have that is refused or read with a reason.
func TestSamplesOfTheirOwn(t *testing.T) {
	if _, err := activeauth.ParseDG15(fieldSample(t, "lds-bsi2008/Datagroup15.bin")); err == nil || !strings.Contains(err.Error(), "no positive number") {
		t.Errorf("a negative modulus: %v", err)
	}
	// RFC 5652, section 5.3, has signed attributes wherever the content is not plain data.
	if _, err := lds.ParseCardSecurity(fieldSample(t, "lds-misc/efcardsecurity.dump")); err == nil || !strings.Contains(err.Error(), "no signed attributes") {
		t.Errorf("EF.CardSecurity without signed attributes: %v", err)
	}
}
