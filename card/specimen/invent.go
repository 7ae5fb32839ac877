package specimen

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// Inventor invents specimen citizens, one after another and by the thousand, for tests of a whole desk. What it gives
// hangs on seed and form alone: the same seed gives the same bytes. Make one with [NewInventor].
type Inventor struct {
	// Fingerprints has the records of holders from six years on name two fingers. The citizens are the same without.
	Fingerprints bool

	seed  uint64
	kind  kind
	n     uint64            // how many there are
	given map[yearOfSex]int // how many numbers
}

// yearOfSex is what a personal number tells of its holder: a digit of century and sex, and two of the year.
type yearOfSex struct{ digit, year int }

// kind is what the inventor has to know of a form.
type kind struct {
	form        string
	stream      uint64    // of random numbers: citizens of two forms are not the same people
	from        date.Date // the first date of issue, and how many follow: fixed, so that records do not change with the calendar
	days        int
	youngest    int  // years of age at issue
	certificate bool // the paper for people whose nationality is undetermined (Law 26/2023/QH15, article 30)
}

func kinds() []kind {
	return []kind{
		{form: "cancuoc-2024", from: date.Date{Year: 2024, Month: 7, Day: 1}, days: 730},
		{form: "cccd-2021", stream: 1, from: date.Date{Year: 2021, Month: 1, Day: 23}, days: 1255, youngest: 14},
		{form: "certificate-2024", stream: 2, from: date.Date{Year: 2024, Month: 7, Day: 1}, days: 730, youngest: biometricsFrom, certificate: true},
	}
}

const (
	biometricsFrom = 6       // years of age from which a portrait and fingerprints are taken (Law 26/2023/QH15, article 23)
	oldest         = 101     // years of age
	tails          = 1000000 // of a number: its last six digits
	tailStep       = 618033  // from one tail to the next; it has no divisor in common with their count, so that all come
)

// NewInventor gives an inventor of holders of a form: "cancuoc-2024", "cccd-2021" or "certificate-2024". Citizens of
// two seeds may share a number; those of one never do.
func NewInventor(seed uint64, form string) (*Inventor, error) {
	var known []string
	for _, k := range kinds() {
		if k.form == form {
			return &Inventor{seed: seed, kind: k, given: map[yearOfSex]int{}}, nil
		}
		known = append(known, k.form)
	}
	return nil, fmt.Errorf("specimen: form: %q is not one of %q", form, known)
}

// Invented is a citizen who does not exist.
type Invented struct {
	Number string // personal number, under the prefix 000
	Record []byte // one line of JSON, as card.ParseRecord takes it

	portrait, right, left string // names of the images, where the record has them
	look                  uint64 // the seed of the drawings
	female                bool
	years                 int
}

// Files draws the images that the record names, by their names: none for a child under six. It costs some milliseconds
// an image; several goroutines may draw at once.
func (i Invented) Files() map[string][]byte {
	files := map[string][]byte{}
	if i.portrait != "" {
		files[i.portrait] = Portrait(i.look, i.female, i.years)
	}
	for n, print := range i.Prints() {
		files[[]string{i.right, i.left}[n]] = print
	}
	return files
}

// faceScale makes a drawing 236 x 354 pixels: 20 x 30 mm at 300 dots per inch, and nothing has to be scaled for print.
const faceScale = 0.4917

// Face draws the portrait straight at the size at which faces of cards print it, as a JPEG of 236 x 354 pixels: the
// picture of [Invented.Files] in half its time. It gives nil for a child under six.
func (i Invented) Face() []byte {
	if i.portrait == "" {
		return nil
	}
	return portrait(i.look, i.female, i.years, faceScale)
}

// Prints draws the fingers in the order of the record, as [Invented.Files] has them; nil where it names none.
func (i Invented) Prints() [][]byte {
	if i.right == "" {
		return nil
	}
	return [][]byte{Fingerprint(i.look), Fingerprint(^i.look)}
}

// Next invents the next citizen. It fails when a year and sex has no number left, which takes a million of them.
func (v *Inventor) Next() (Invented, error) {
	if v.given == nil {
		return Invented{}, errors.New("specimen: the inventor has no form: make it with NewInventor")
	}
	r := rand.New(rand.NewPCG(v.seed, (citizenStream+v.kind.stream)<<48+v.n))
	v.n++
	h := v.kind.holder(r)
	invented := Invented{look: r.Uint64(), female: h.female, years: h.years}
	var err error
	if invented.Number, err = v.number(h.female, h.birth.Year); err != nil {
		return Invented{}, err
	}
	c := h.record(invented.Number)
	if c.CancelledNumber, err = v.cancelled(h); err != nil {
		return Invented{}, err
	}
	h.settle(&c)
	if h.years >= biometricsFrom {
		invented.portrait = invented.Number + ".jpg"
		c.Portrait = invented.portrait
		if v.Fingerprints {
			invented.right, invented.left = invented.Number+"-right-index.png", invented.Number+"-left-index.png"
			c.Fingerprints = []fingerprint{{"right-index", invented.right}, {"left-index", invented.left}}
		}
	}
	invented.Record, err = json.Marshal(c)
	return invented, err
}

// number gives a personal number that agrees with sex and year of birth (Circular 07/2016/TT-BCA, article 7) and that
// no other citizen of this inventor has.
func (v *Inventor) number(female bool, year int) (string, error) {
	k := yearOfSex{digit: 2 * ((year - 1900) / 100), year: year % 100}
	if female {
		k.digit++
	}
	serial := v.given[k]
	if serial == tails {
		return "", fmt.Errorf("specimen: all %d numbers of the year %d and one sex are taken: begin with another seed", tails, year)
	}
	v.given[k]++
	start := rand.New(rand.NewPCG(v.seed, (numberStream+v.kind.stream)<<48+uint64(100*k.digit+k.year))).IntN(tails)
	return fmt.Sprintf("%s%d%02d%06d", vnm.SpecimenPrefix, k.digit, k.year, (start+serial*tailStep)%tails), nil
}

// cancelled gives some the number that theirs replaced: the sex was determined anew, or the year of birth corrected
// (Decree 70/2024/NĐ-CP, article 11).
func (v *Inventor) cancelled(h holder) (string, error) {
	switch h.r.IntN(24) {
	case 0:
		return v.number(!h.female, h.birth.Year)
	case 1:
		return v.number(h.female, h.birth.Year-1)
	}
	return "", nil
}
