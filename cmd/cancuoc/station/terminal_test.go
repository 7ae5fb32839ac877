package station

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

// put writes a certificate of a CVCA into a folder.
func put(t *testing.T, folder, name, authority, holder string, signer, key *cvc.PrivateKey, on date.Date) *cvc.Certificate {
	t.Helper()
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	c, err := cvc.Issue(cvc.Certificate{Authority: authority, Holder: holder, PublicKey: public, Effective: on, Expiration: on.AddYears(3),
		Authorization: cvc.InspectionAuthorization(cvc.CVCA, cvc.ReadDG3)}, signer, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// New chips trust the present CVCA and the one before, as long as that is good, and no more than what a link ties together.
func TestTrustPoints(t *testing.T) {
	on := date.Of(time.Now().UTC())
	keys := make([]*cvc.PrivateKey, 3)
	for i := range keys {
		var err error
		if keys[i], err = cvc.GenerateEC(cvc.ECDSASHA256, 13, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	put(t, folder, "cvca-VN001.cvcert", "VNCVCAVN001", "VNCVCAVN001", keys[0], keys[0], on.AddYears(-2))
	put(t, folder, "cvca-VN009.cvcert", "VNCVCAVN009", "VNCVCAVN009", keys[2], keys[2], on)
	now := put(t, folder, "cvca-VN002.cvcert", "VNCVCAVN002", "VNCVCAVN002", keys[1], keys[1], on)
	for _, step := range []struct {
		name string
		do   func()
		on   date.Date
		want int
	}{
		{"without a link", func() {}, on, 1},
		{"with it", func() { put(t, folder, "cvca-link-VN002.cvcert", "VNCVCAVN001", "VNCVCAVN002", keys[0], keys[1], on) }, on, 2},
		{"when the one before has expired", func() {}, on.AddYears(2), 1},
	} {
		step.do()
		points, err := trustPoints(now, folder, step.on)
		if err != nil || len(points) != step.want || points[0] != now || step.want == 2 && points[1].Holder != "VNCVCAVN001" {
			t.Errorf("%s: %d, %v", step.name, len(points), err)
		}
	}
}

// A chain begins on the day by GMT (Doc 9303-12, section 7.2.3.1.3): in Viet Nam it is tomorrow already after five in the
// afternoon of that day.
func TestSpecimenBeginsByGMT(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "terminal")
	at := time.Date(2026, 11, 27, 3, 0, 0, 0, time.FixedZone("ICT", 7*3600))
	if err := initTerminal(folder, nil, at); err != nil {
		t.Fatal(err)
	}
	c, err := readCVC(filepath.Join(folder, "cvca.cvcert"))
	if err != nil || c.Effective.String() != "2026-11-26" {
		t.Errorf("it takes effect on %v, %v", c.Effective, err)
	}
}

// The doctor knows until when an inspection system is good whose key is encrypted.
func TestSealedCredentials(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "terminal")
	if err := initTerminal(folder, []byte("a passphrase"), time.Now()); err != nil {
		t.Fatal(err)
	}
	config := Config{Terminal: Terminal{CVCA: "cvca.cvcert", Certificates: ".", Key: "file:inspection-system.key"}}
	if _, err := config.Credentials(folder, authority.Keys{}); !errors.Is(err, pki.ErrPassphrase) {
		t.Fatal(err)
	}
	c, err := config.SealedCredentials(folder)
	if err != nil || c.Holder != "VNSPECIS00001" || c.Key != nil || len(c.Certificates) != 3 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := config.SealedCredentials(t.TempDir()); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without any: %v", err)
	}
}
