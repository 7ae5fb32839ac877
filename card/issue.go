package card

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// MRZ gives the three lines of the machine readable zone, for chip and face alike (Doc 9303-5, section 4.2); [ErrNoMRZ]
// for a certificate on paper.
func (d Document) MRZ() ([3]string, error) {
	if d.OnPaper() {
		return [3]string{}, ErrNoMRZ
	}
	return vnm.Zone(d.PersonalNumber, d.FullName, d.DateOfBirth, string(d.Sex), d.DateOfExpiry)
}

// QR gives the text of the QR code of the document's form. What a certificate's holds was not published: it is that of the
// card of 2024, by our own choice.
func (d Document) QR() (string, error) {
	q := vnm.QR{
		PersonalNumber: d.PersonalNumber, OldNumber: d.OldNumber, FullName: d.FullName, DateOfBirth: d.DateOfBirth,
		Sex: d.Sex.Vietnamese(), Residence: d.Residence, DateOfIssue: d.DateOfIssue,
		CancelledNumber: d.CancelledNumber,
	}
	if d.Form == "cccd-2021" {
		return q.Text2021()
	}
	if d.DateOfIssue.Before(d.DateOfBirth.AddYears(14)) {
		q.Father, q.Mother, q.Guardian = d.Father.FullName, d.Mother.FullName, d.Guardian.FullName
	}
	return q.Text2024(vnm.DefaultTail())
}

// Vietnamese gives the word that card and chip carry.
func (s Sex) Vietnamese() string {
	if s == Female {
		return "Nữ"
	}
	return "Nam"
}

// DG13 gives the Vietnamese data of the chip.
func (d Document) DG13() vnm.DG13 {
	return vnm.DG13{
		PersonalNumber: d.PersonalNumber, FullName: d.FullName, DateOfBirth: d.DateOfBirth, Sex: d.Sex.Vietnamese(),
		Nationality: d.nationality(), Ethnicity: d.Ethnicity, Religion: d.Religion, PlaceOfOrigin: d.PlaceOfOrigin,
		Residence: d.Residence, IdentifyingFeatures: d.IdentifyingFeatures, DateOfIssue: d.DateOfIssue,
		DateOfExpiry: d.DateOfExpiry, Father: d.Father.FullName, Mother: d.Mother.FullName, Spouse: d.Spouse.FullName,
		OldNumber: d.OldNumber, ChipSerial: d.ChipSerial,
	}
}

// DrawSerial gives the document a chip serial drawn from rand where it has none: field 16 of DG13.
func (d Document) DrawSerial(rand io.Reader) (Document, error) {
	if d.ChipSerial != "" {
		return d, nil
	}
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return Document{}, fmt.Errorf("card: draw a chip serial: %w", err)
	}
	d.ChipSerial = strings.ToUpper(hex.EncodeToString(b[:]))
	return d, nil
}

// Issuance is what the chip of one card is made of.
type Issuance struct {
	Document     Document // complete and checked
	Profile      Profile  // the document's own where it has no name
	Portrait     []byte   // the JPEG for EF.DG2; nil for none
	Fingerprints []byte   // EF.DG3, whole; nil for none
	Signer       cms.Signer
	Hash         crypto.Hash        // of the data groups in EF.SOD; 0: SHA-256
	CVCA         []*cvc.Certificate // whose terminals may read fingerprints: one or two, the most recent first
	At           time.Time          // when it is signed
	Rand         io.Reader          // the chip's keys are drawn from it
}

// ErrNoCVCA is answered when a card is to carry fingerprints and nobody could be let into them.
var ErrNoCVCA = errors.New("card: there are fingerprints, and no CVCA whose terminals could read them")

// Issue makes all that goes onto the chip: the data groups of its profile, the chip's keys and passwords, EF.CardAccess,
// EF.CVCA, EF.COM and EF.SOD.
func Issue(i Issuance) (perso.Data, error) {
	if i.Document.OnPaper() {
		return perso.Data{}, errNoChip
	}
	if i.Profile.Name == "" {
		profile, err := ProfileNamed(i.Document.Profile)
		if err != nil {
			return perso.Data{}, err
		}
		i.Profile = profile
	}
	groups, err := i.dataGroups()
	if err != nil {
		return perso.Data{}, err
	}
	chip, err := i.makeKeys()
	if err != nil {
		return perso.Data{}, err
	}
	for _, name := range perso.Deviations() {
		if i.Profile.Names(name) {
			chip.secrets.Deviations = append(chip.secrets.Deviations, name)
		}
	}
	groups = append(groups, chip.groups...)
	com, sod, err := seal(groups, i)
	if err != nil {
		return perso.Data{}, err
	}
	return perso.Data{Files: slices.Concat(chip.files, []perso.File{com}, groups, []perso.File{sod}), Secrets: chip.secrets}, nil
}

func (i Issuance) dataGroups() ([]perso.File, error) {
	if i.Document.NeedsPortrait() && i.Portrait == nil {
		return nil, fmt.Errorf("card: portrait: missing")
	}
	if i.Fingerprints != nil && !i.letsTerminalsIn() {
		return nil, ErrNoCVCA
	}
	var files []perso.File
	for _, n := range i.Profile.DataGroups {
		if n == 2 && i.Portrait == nil || n == 3 && i.Fingerprints == nil {
			continue
		}
		content, err := i.dataGroup(n)
		if err != nil {
			return nil, err
		}
		file, _ := lds.DataGroup(n)
		files = append(files, perso.File{FID: file.FID, Content: content})
	}
	return files, nil
}

// Made tells whether data that was signed is of this very document, portrait and fingerprints: the data groups that are
// made of them are there, as [Issue] and [SignRecord] make them. Only EF.DG11 of a certificate is not looked at: that is
// for [IsOfRecord].
func (i Issuance) Made(data perso.Data) bool {
	there := func(n int) (content []byte, found bool) {
		file, _ := lds.DataGroup(n)
		return data.File(file)
	}
	if personal, found := there(13); found { // the chip's serial was drawn for it
		parsed, err := vnm.ParseDG13(personal)
		if err != nil {
			return false
		}
		i.Document.ChipSerial = parsed.ChipSerial
	}
	needed := map[int]bool{1: !i.Document.OnPaper(), 2: i.Portrait != nil, 3: i.Fingerprints != nil, 11: false, 13: i.Document.OnPaper()}
	for n, needed := range needed {
		content, found := there(n)
		if n == 11 && i.Document.OnPaper() || !found && !needed {
			continue
		}
		if want, err := i.dataGroup(n); err != nil || !bytes.Equal(content, want) {
			return false
		}
	}
	return true
}

func (i Issuance) dataGroup(n int) ([]byte, error) {
	switch n {
	case 1:
		lines, err := i.Document.MRZ()
		if err != nil {
			return nil, err
		}
		return lds.EncodeDG1(lines)
	case 2:
		return encodeDG2(i.Portrait)
	case 3:
		return i.Fingerprints, nil
	case 11:
		return i.Document.dg11()
	case 12:
		return lds.EncodeDG12(lds.DG12{IssuingAuthority: i.Profile.IssuingAuthority, DateOfIssue: lds.Date{Digits: i.Document.DateOfIssue.YYYYMMDD()}})
	case 13:
		return i.Document.DG13().Encode()
	}
	return nil, fmt.Errorf("card: the profile names data group %d, which is not made yet", n)
}

// dg11 gives EF.DG11 of the record: what the machine readable zone has no room for (Doc 9303-10, section 4.7.11).
func (d Document) dg11() ([]byte, error) {
	details := lds.DG11{Name: d.FullName, PersonalNumber: d.PersonalNumber, DateOfBirth: lds.Date{Digits: d.DateOfBirth.YYYYMMDD()},
		PlaceOfBirth: d.PlaceOfBirth, Address: d.Residence}
	if d.OtherNames != "" {
		details.OtherNames = []string{d.OtherNames}
	}
	return lds.EncodeDG11(details)
}

func encodeDG2(portrait []byte) ([]byte, error) {
	size, err := jpeg.DecodeConfig(bytes.NewReader(portrait))
	if err != nil {
		return nil, fmt.Errorf("card: the chip's portrait is not a JPEG: %w", err)
	}
	return lds.EncodeDG2(lds.Face{Image: portrait, Type: lds.FullFrontal, Width: size.Width, Height: size.Height})
}

// seal makes EF.COM and EF.SOD over the data groups.
func seal(groups []perso.File, i Issuance) (com, sod perso.File, err error) {
	contents := map[int][]byte{}
	list := lds.COM{LDSVersion: "0107", UnicodeVersion: "040000"}
	for _, g := range groups {
		file, _ := lds.ByFID(g.FID)
		contents[file.DataGroup] = g.Content
		list.Tags = append(list.Tags, file.Tag)
	}
	hash := i.Hash
	if hash == 0 {
		hash = crypto.SHA256
	}
	if com, err = fileNamed("EF.COM")(list.Encode()); err != nil {
		return com, sod, err
	}
	sod, err = fileNamed("EF.SOD")(lds.SignSOD(lds.Digest(hash, contents), i.Signer, i.At))
	return com, sod, err
}

// fileNamed puts a content that was made, or the error in its making, under the name of its file.
func fileNamed(name string) func(content []byte, err error) (perso.File, error) {
	return func(content []byte, err error) (perso.File, error) {
		file, _ := lds.ByName(name)
		return perso.File{FID: file.FID, Content: content}, err
	}
}
