package vnm

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cancuoc/cancuoc/card/date"
)

// QR is what the QR code on the card says. Seven fields are on both forms; the card of 2024 has four more, of which
// the law names the content and not the order.
type QR struct {
	PersonalNumber string // twelve digits
	OldNumber      string // nine digits, or empty
	FullName       string
	DateOfBirth    date.Date
	Sex            string // "Nam" or "Nữ"
	Residence      string
	DateOfIssue    date.Date

	// What [QR.Text2024] may put into the last four fields. [ParseQR] leaves these empty.
	CancelledNumber string // personal number that this one replaced
	Father          string
	Mother          string
	Guardian        string

	// Rest is the fields after the seventh as ParseQR found them; it is not written.
	Rest []string
}

// Item is one of the things that a field after the seventh may say; the empty Item says nothing.
type Item string

// The items, named as in records.
const (
	ItemCancelledNumber Item = "cancelled_number"
	ItemFather          Item = "father"
	ItemMother          Item = "mother"
	ItemGuardian        Item = "guardian"
)

// Tail says which item goes into each of the four last fields of the card of 2024. Its zero value leaves them empty.
type Tail [4]Item

// DefaultTail is an order of our own: none has been found published.
func DefaultTail() Tail { return Tail{ItemCancelledNumber, ItemFather, ItemMother, ItemGuardian} }

const (
	separator   = "|"
	fixedFields = 7

	// longestQR is the most bytes that a QR code holds (ISO/IEC 18004, version 40-L).
	longestQR = 2953
)

// qrNames are for errors.
var qrNames = [fixedFields]string{
	"personal number", "old number", "full name", "date of birth", "sex", "residence", "date of issue",
}

func qrError(i int, err error) error {
	if i < fixedFields {
		return fmt.Errorf("vnm: QR code: field %d (%s): %w", i+1, qrNames[i], err)
	}
	return fmt.Errorf("vnm: QR code: field %d: %w", i+1, err)
}

// Text2021 gives the text of the QR code on the card of 2021: seven fields.
func (q QR) Text2021() (string, error) { return write(q.fields()) }

// Text2024 gives the text of the QR code on the card of 2024: eleven fields, the last four by tail.
func (q QR) Text2024(tail Tail) (string, error) {
	fields := q.fields()
	for i, item := range tail {
		value, err := q.item(item)
		if err != nil {
			return "", qrError(len(fields), err)
		}
		for _, before := range tail[:i] {
			if item != "" && item == before {
				return "", qrError(len(fields), fmt.Errorf("item %q stands in two fields", string(item)))
			}
		}
		fields = append(fields, value)
	}
	return write(fields)
}

func (q QR) fields() []string {
	return []string{
		q.PersonalNumber, q.OldNumber, q.FullName, digits(q.DateOfBirth), q.Sex, q.Residence, digits(q.DateOfIssue),
	}
}

func digits(d date.Date) string {
	if d.IsZero() || d == date.Never {
		return ""
	}
	return d.Digits()
}

func (q QR) item(item Item) (string, error) {
	switch item {
	case "":
		return "", nil
	case ItemCancelledNumber:
		if q.CancelledNumber != "" {
			return q.CancelledNumber, checkNumber(q.CancelledNumber)
		}
		return "", nil
	case ItemFather:
		return q.Father, nil
	case ItemMother:
		return q.Mother, nil
	case ItemGuardian:
		return q.Guardian, nil
	}
	return "", fmt.Errorf("the setting names %q, which is not one of %s, %s, %s, %s", string(item),
		ItemCancelledNumber, ItemFather, ItemMother, ItemGuardian)
}

func write(fields []string) (string, error) {
	for i, f := range fields {
		if err := checkField(i, f); err != nil {
			return "", qrError(i, err)
		}
	}
	text := strings.Join(fields, separator)
	if len(text) > longestQR {
		return "", fmt.Errorf("vnm: QR code: the text has %d bytes; a QR code holds %d", len(text), longestQR)
	}
	return text, nil
}

// checkField holds one field, written or read, against the rules of its place.
func checkField(i int, f string) error {
	if strings.Contains(f, separator) {
		return errors.New("holds the character | that parts the fields")
	}
	if err := checkText(f); err != nil {
		return err
	}
	switch i {
	case 0:
		return checkNumber(f)
	case 1:
		return checkOldNumber(f)
	case 2:
		return checkGiven(f)
	case 3, 6:
		_, err := ofDigits(f)
		return err
	case 4:
		return checkSexWord(f)
	}
	return nil
}

func ofDigits(s string) (date.Date, error) {
	d, err := date.ParseDigits(s)
	if err != nil || d == date.Never {
		return date.Date{}, errors.New("not a day of the calendar written ddmmyyyy")
	}
	return d, nil
}

// ParseQR reads the text of a QR code of either form. Line ends after it, which scanners add, do not matter, and text
// comes out in normalisation form C. An error names the field that is wrong, counted from 1, and not what it says.
func ParseQR(text string) (QR, error) {
	if len(text) > longestQR {
		return QR{}, fmt.Errorf("vnm: QR code: %d bytes; a QR code holds %d", len(text), longestQR)
	}
	if !utf8.ValidString(text) {
		return QR{}, errors.New("vnm: QR code: not valid UTF-8")
	}
	fields := strings.Split(norm.NFC.String(strings.TrimRight(text, "\r\n")), separator)
	if len(fields) < fixedFields {
		return QR{}, fmt.Errorf("vnm: QR code: %d fields, where a card has %d or more", len(fields), fixedFields)
	}
	for i, f := range fields {
		if err := checkField(i, f); err != nil {
			return QR{}, qrError(i, err)
		}
	}
	q := QR{PersonalNumber: fields[0], OldNumber: fields[1], FullName: fields[2], Sex: fields[4], Residence: fields[5]}
	q.DateOfBirth, _ = ofDigits(fields[3])
	q.DateOfIssue, _ = ofDigits(fields[6])
	if len(fields) > fixedFields {
		q.Rest = fields[fixedFields:]
	}
	return q, nil
}
