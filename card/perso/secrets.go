package perso

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// Secret is a key or a password. It prints as [secret]; encoded for the register it is what it is.
type Secret []byte

// String hides the key from every way of printing that asks for text.
func (Secret) String() string { return "[secret]" }

// GoString hides the key from %#v.
func (Secret) GoString() string { return "[secret]" }

// LogValue hides the key from log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Secrets are the passwords and keys of the eMRTD application, and what it knows of the world. What is empty the chip
// does not have: without BACSeed it does not open with Basic Access Control, and so on.
type Secrets struct {
	BACSeed              Secret     `json:"bac_seed,omitempty"`     // K_seed of BAC (Doc 9303-11, section 9.7.2), 16 bytes
	MRZ                  Secret     `json:"pace_mrz,omitempty"`     // password MRZ of PACE, encoded (section 9.7.3), 20 bytes
	CAN                  Secret     `json:"pace_can,omitempty"`     // password CAN of PACE, digits
	Mapping              []Secret   `json:"pace_mapping,omitempty"` // keys of PACE's chip authentication mapping, as eac encodes them
	ChipAuthentication   []ChipKey  `json:"chip_authentication,omitempty"`
	ActiveAuthentication SigningKey `json:"active_authentication,omitzero"`
	TrustPoints          [][]byte   `json:"trust_points,omitempty"` // CVCA keys, as package cvc encodes them, the most recent first
	CurrentDate          string     `json:"current_date,omitempty"` // YYYY-MM-DD: what the chip believes the date to be at least
	Deviations           []string   `json:"deviations,omitempty"`   // from the standard that the chip shows, by their names
}

// String hides everything.
func (Secrets) String() string { return "[secret]" }

// GoString hides everything from %#v.
func (Secrets) GoString() string { return "[secret]" }

// LogValue hides everything from log/slog.
func (Secrets) LogValue() slog.Value { return slog.StringValue("[secret]") }

// SelectMF6D00 is the deviation of a chip that answers SELECT of the master file with 6D00, as was reported of cards of
// Viet Nam (AndyQ/NFCPassportReader, issue 219), against Doc 9303-10, section 3.6.1.
const SelectMF6D00 = "select-mf-6d00"

// Deviations lists the deviations from the standard that a chip can be told to show.
func Deviations() []string { return []string{SelectMF6D00} }

// ChipKey is a static key of Chip Authentication.
type ChipKey struct {
	ID     *int       `json:"id,omitempty"` // its identifier in EF.DG14; none where it is the only one
	Suites []sm.Suite `json:"suites"`       // what sessions it agrees on
	Key    Secret     `json:"key"`          // as package eac encodes it
}

// LogValue hides the key from log/slog, which would encode it.
func (ChipKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// SigningKey is the key of Active Authentication.
type SigningKey struct {
	Hash int    `json:"hash"` // length of the hash value in bytes: 20, 28, 32, 48 or 64
	Key  Secret `json:"key"`  // as package activeauth encodes it
}

// LogValue hides the key from log/slog, which would encode it.
func (SigningKey) LogValue() slog.Value { return slog.StringValue("[secret]") }

// The identifiers of the data groupings that are not files. A row of keys begins at its first identifier and ends
// before the next row.
const (
	dgiDeviation   = 0x8008
	dgiBACSeed     = 0x8010
	dgiMRZ         = 0x8011
	dgiCAN         = 0x8012
	dgiCurrentDate = 0x8018
	dgiActive      = 0x8019
	dgiMapping     = 0x8020
	dgiChip        = 0x8030
	dgiTrustPoint  = 0x8040
	dgiEndOfKeys   = 0x8050
)

// isSecret tells whether a grouping is one of the table's that is no file.
func isSecret(dgi uint16) bool {
	switch dgi {
	case dgiDeviation, dgiBACSeed, dgiMRZ, dgiCAN, dgiCurrentDate, dgiActive:
		return true
	}
	return dgi >= dgiMapping && dgi < dgiEndOfKeys
}

// The data objects in the value of a grouping with a key.
const (
	tagSuites = 0x80 // one byte each; of a signing key the length of its hash value
	tagKey    = 0x81
	tagKeyID  = 0x84
)

// secretGrouping is one grouping before encryption.
type secretGrouping struct {
	dgi   uint16
	value []byte
}

// groupings gives the groupings of all secrets that are there.
func (s Secrets) groupings() ([]secretGrouping, error) {
	var all []secretGrouping
	add := func(dgi uint16, value []byte) {
		if len(value) > 0 {
			all = append(all, secretGrouping{dgi, value})
		}
	}
	for _, name := range s.Deviations {
		add(dgiDeviation, []byte(name))
	}
	add(dgiBACSeed, s.BACSeed)
	add(dgiMRZ, s.MRZ)
	add(dgiCAN, s.CAN)
	add(dgiCurrentDate, []byte(s.CurrentDate))
	if len(s.ActiveAuthentication.Key) > 0 {
		add(dgiActive, append(tlv.Encode(tagSuites, []byte{byte(s.ActiveAuthentication.Hash)}), tlv.Encode(tagKey, s.ActiveAuthentication.Key)...))
	}
	if len(s.Mapping) > dgiChip-dgiMapping || len(s.ChipAuthentication) > dgiTrustPoint-dgiChip || len(s.TrustPoints) > dgiEndOfKeys-dgiTrustPoint {
		return nil, errors.New("perso: more keys of one kind than a chip holds")
	}
	for i, key := range s.Mapping {
		add(dgiMapping+uint16(i), key)
	}
	for i, key := range s.ChipAuthentication {
		add(dgiChip+uint16(i), key.encode())
	}
	for i, point := range s.TrustPoints {
		add(dgiTrustPoint+uint16(i), point)
	}
	return all, nil
}

func (k ChipKey) encode() []byte {
	var suites []byte
	for _, s := range k.Suites {
		suites = append(suites, byte(s))
	}
	b := append(tlv.Encode(tagSuites, suites), tlv.Encode(tagKey, k.Key)...)
	if k.ID != nil {
		b = append(b, tlv.Encode(tagKeyID, []byte{byte(*k.ID)})...)
	}
	return b
}

// Put takes the value of a grouping that has been decrypted into the chip's memory. Keys of a row come in their order.
func (s *Secrets) Put(dgi uint16, value []byte) error {
	value = append([]byte(nil), value...)
	switch {
	case dgi == dgiDeviation && slices.Contains(Deviations(), string(value)) && !slices.Contains(s.Deviations, string(value)):
		s.Deviations = append(s.Deviations, string(value))
	case dgi == dgiBACSeed && len(value) == 16:
		s.BACSeed = value
	case dgi == dgiMRZ && len(value) == 20:
		s.MRZ = value
	case dgi == dgiCAN && len(value) <= 16:
		s.CAN = value
	case dgi == dgiCurrentDate && len(value) == len("2026-01-02"):
		s.CurrentDate = string(value)
	case dgi == dgiActive:
		return s.putActive(value)
	case dgi >= dgiMapping && dgi < dgiChip && len(s.Mapping) < dgiChip-dgiMapping:
		s.Mapping = append(s.Mapping, value)
	case dgi >= dgiChip && dgi < dgiTrustPoint && len(s.ChipAuthentication) < dgiTrustPoint-dgiChip:
		return s.putChip(value)
	case dgi >= dgiTrustPoint && dgi < dgiEndOfKeys && len(s.TrustPoints) < dgiEndOfKeys-dgiTrustPoint:
		s.TrustPoints = append(s.TrustPoints, value)
	default:
		return fmt.Errorf("perso: grouping %04X does not hold %d bytes", dgi, len(value))
	}
	return nil
}

func (s *Secrets) putActive(value []byte) error {
	objects, err := tlv.Parse(value)
	hash, ok1 := tlv.Find(objects, tagSuites)
	key, ok2 := tlv.Find(objects, tagKey)
	if err != nil || !ok1 || !ok2 || len(hash.Value) != 1 {
		return errors.New("perso: this is no key of Active Authentication")
	}
	s.ActiveAuthentication = SigningKey{Hash: int(hash.Value[0]), Key: key.Value}
	return nil
}

func (s *Secrets) putChip(value []byte) error {
	objects, err := tlv.Parse(value)
	suites, ok1 := tlv.Find(objects, tagSuites)
	key, ok2 := tlv.Find(objects, tagKey)
	if err != nil || !ok1 || !ok2 {
		return errors.New("perso: this is no key of Chip Authentication")
	}
	put := ChipKey{Key: key.Value}
	for _, suite := range suites.Value {
		if suite > byte(sm.AES256) {
			return errors.New("perso: there is no such cipher suite")
		}
		put.Suites = append(put.Suites, sm.Suite(suite))
	}
	if id, there := tlv.Find(objects, tagKeyID); there && len(id.Value) == 1 {
		n := int(id.Value[0])
		put.ID = &n
	}
	s.ChipAuthentication = append(s.ChipAuthentication, put)
	return nil
}
