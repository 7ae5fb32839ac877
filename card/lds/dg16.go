package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	maxPersons = 15 // templates A1 to AF
	noLimit    = maxBiometric
)

// Person is a person to notify in an emergency. All four details must be there (Doc 9303-10, table 81).
type Person struct {
	Recorded  Date   // when the details were recorded
	Name      string // primary and secondary identifier, '<' as in the machine readable zone
	Telephone string // in international form
	Address   string
}

// elements are the data elements in the order of Doc 9303-10, table 80.
func (p *Person) elements() []element {
	return []element{
		{tag: 0x5F50, limit: dateDigits, field: &p.Recorded},
		{tag: 0x5F51, limit: noLimit, field: &p.Name},
		{tag: 0x5F52, limit: noLimit, field: &p.Telephone},
		{tag: 0x5F53, limit: noLimit, field: &p.Address},
	}
}

// EncodeDG16 gives EF.DG16 with one to fifteen persons to notify, in templates A1, A2 and so on (Doc 9303-10, section
// 4.7.16).
func EncodeDG16(persons []Person) ([]byte, error) {
	if len(persons) < 1 || len(persons) > maxPersons {
		return nil, fmt.Errorf("lds: EF.DG16: %d persons are not 1 to %d", len(persons), maxPersons)
	}
	value := []byte{0x02, 0x01, byte(len(persons))}
	for i, p := range persons {
		elements := p.elements()
		body, present, err := encodeDetails(elements, nil)
		if err == nil && len(present) != len(elements) {
			err = fmt.Errorf("a detail is missing")
		}
		if err != nil {
			return nil, fmt.Errorf("lds: EF.DG16: person %d: %w", i+1, err)
		}
		value = append(value, tlv.Encode(personTag(i), body)...)
	}
	return tlv.Encode(0x70, value), nil
}

func personTag(i int) uint32 { return 0xA1 + uint32(i) }

// ParseDG16 reads EF.DG16.
func ParseDG16(file []byte) ([]Person, error) {
	persons, err := parseDG16(file)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DG16: %w", err)
	}
	return persons, nil
}

func parseDG16(file []byte) ([]Person, error) {
	value, err := tlv.ParseOne(file, 0x70)
	if err != nil {
		return nil, err
	}
	count, rest, err := take(value, 0x02)
	if err != nil {
		return nil, err
	}
	if len(count) != 1 || count[0] < 1 || count[0] > maxPersons {
		return nil, fmt.Errorf("the number of persons is not 1 to %d", maxPersons)
	}
	persons := make([]Person, count[0])
	for i := range persons {
		var body []byte
		if body, rest, err = take(rest, personTag(i)); err != nil {
			return nil, err
		}
		elements := persons[i].elements()
		present, err := parseDetails(body, elements, nil)
		if err == nil && len(present) != len(elements) {
			err = fmt.Errorf("a detail is missing")
		}
		if err != nil {
			return nil, fmt.Errorf("person %d: %w", i+1, err)
		}
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last person", len(rest))
	}
	return persons, nil
}
