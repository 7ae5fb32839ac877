package issuer

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/specimen"
)

func newOffice(t *testing.T) *Office {
	t.Helper()
	o, err := New(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Every specimen with a chip is issued by its own profile, and the adult by every profile; what is made is of that
// document, with the images that it names, under a signature that the office's trust leads to.
func TestEverySpecimenAndProfile(t *testing.T) {
	o := newOffice(t)
	type specimenCard struct{ name, profile string }
	var cards []specimenCard
	for _, name := range specimen.Names() {
		if name != "tran-mau-an" {
			cards = append(cards, specimenCard{name, ""})
		}
	}
	for _, p := range card.Profiles() {
		cards = append(cards, specimenCard{"dang-dinh-mau", p.Name})
	}
	for _, c := range cards {
		i, err := Issuance(c.name, c.profile)
		if err != nil {
			t.Errorf("%s, %s: %v", c.name, c.profile, err)
			continue
		}
		if c.profile != "" && i.Profile.Name != c.profile {
			t.Errorf("%s is of profile %s, not %s", c.name, i.Profile.Name, c.profile)
		}
		if (i.Portrait == nil) != (i.Document.Portrait == "") || i.Document.NeedsPortrait() && i.Portrait == nil {
			t.Errorf("%s, %s: %d bytes of portrait", c.name, c.profile, len(i.Portrait))
		}
		hasFingers := slices.Contains(i.Profile.DataGroups, 3) && len(i.Document.Fingerprints) > 0
		if (i.Fingerprints != nil) != hasFingers {
			t.Errorf("%s, %s: %d bytes of fingerprints", c.name, c.profile, len(i.Fingerprints))
		}
		data, err := o.Sign(i)
		if err != nil || !i.Made(data) {
			t.Errorf("%s, %s: %v", c.name, c.profile, err)
			continue
		}
		mustBeSigned(t, o, data.Files[len(data.Files)-1].Content)
	}
}

// mustBeSigned checks that the content is an EF.SOD under a signature to which the office's trust leads.
func mustBeSigned(t *testing.T, o *Office, content []byte) {
	t.Helper()
	sod, err := lds.ParseSOD(content)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := sod.SignedData.SignerCertificate()
	signer, err := pki.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := sod.SignedData.Verify(signer.Raw); err != nil {
		t.Error(err)
	}
	if _, err := o.Trust().Chain(signer); err != nil {
		t.Error(err)
	}
}

// What cannot be issued is told by its name.
func TestWhatCannotBeIssued(t *testing.T) {
	o := newOffice(t)
	for want, c := range map[string][2]string{
		`there is no "nobody"`: {"nobody", ""}, `"gold" is not one of`: {"dang-dinh-mau", "gold"}, "on paper": {"tran-mau-an", ""},
	} {
		if _, err := o.Issue(c[0], c[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", c, err, want)
		}
	}
	if _, err := New(strings.NewReader("too little"), time.Now()); err == nil {
		t.Error("an office without randomness")
	}
}

// An office does not print its keys.
func TestOfficeIsSecret(t *testing.T) {
	o := newOffice(t)
	if got := fmt.Sprintf("%v %+v %#v %v", o, *o, *o, o.LogValue()); got != strings.TrimSpace(strings.Repeat("[secret] ", 4)) {
		t.Error(got)
	}
}
