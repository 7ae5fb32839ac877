package card

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cancuoc/cancuoc/card/date"
)

// maxRecord is the longest record that is read, in bytes: many times the longest that a card could carry.
const maxRecord = 1 << 20

// Records reads documents from JSON: one object, or many one after another (JSON lines). Text comes out in
// normalisation form C. A record that is no JSON ends the reading; one that is JSON and no record is an error in its
// place, and the next is read.
func Records(r io.Reader) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		budget := &budgetReader{r: r, left: maxRecord}
		text := bufio.NewReader(budget)
		if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
			text.Discard(3) // some editors put a byte order mark before UTF-8
		} else if len(mark) >= 2 && (mark[0] == 0xFF && mark[1] == 0xFE || mark[0] == 0xFE && mark[1] == 0xFF) {
			yield(Document{}, fmt.Errorf("card: the file is UTF-16: save it as UTF-8"))
			return
		}
		dec := json.NewDecoder(text)
		for n := 1; ; n++ {
			budget.left = maxRecord
			var raw json.RawMessage
			err := dec.Decode(&raw)
			if errors.Is(err, io.EOF) {
				if n == 1 {
					yield(Document{}, fmt.Errorf("card: no record in the input"))
				}
				return
			}
			if err != nil {
				yield(Document{}, fmt.Errorf("card: record %d: %w; what follows it was not looked at", n, explainJSON(err)))
				return
			}
			doc, err := ParseRecord(raw)
			if err != nil {
				err = fmt.Errorf("record %d: %w", n, err)
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// budgetReader ends with an error when more than left bytes are taken before left is renewed.
type budgetReader struct {
	r    io.Reader
	left int
}

var errLongRecord = fmt.Errorf("the record is longer than %d bytes", maxRecord)

func (b *budgetReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRecord
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// explainJSON says where and what is wrong without repeating the text: it may be somebody's.
func explainJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("not valid JSON near byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: a JSON %s stands where %s is due", fieldName(kind.Field), firstWord(kind.Value), jsonKind(kind.Type))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON text ends in the middle")
	}
	return err
}

// fieldName gives a field as records name it: encoding/json puts the names of embedded structs before it.
func fieldName(path string) string {
	if path == "" {
		return "the record"
	}
	return strings.TrimPrefix(path, "Citizen.")
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "an array"
	}
	return "a text"
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// ParseRecord reads one document from one JSON object. Keys that no record has, and keys that stand twice, are refused
// by name; so is text that is not UTF-8. What the record says is not judged here: see [Document.Check].
func ParseRecord(raw []byte) (Document, error) {
	if !utf8.Valid(raw) {
		return Document{}, fmt.Errorf("card: the record is not valid UTF-8 (save the file as UTF-8)")
	}
	if err := checkKeys(raw); err != nil {
		return Document{}, fmt.Errorf("card: %w", err)
	}
	if unknown := unknownKeys(raw); len(unknown) > 0 {
		return Document{}, fmt.Errorf("card: unknown field %s", strings.Join(unknown, ", "))
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var doc Document
	if err := dec.Decode(&doc); err != nil {
		return Document{}, fmt.Errorf("card: %w", nameDate(raw, explainJSON(err)))
	}
	for _, t := range doc.texts() {
		*t.value = norm.NFC.String(*t.value)
	}
	return doc, nil
}

// unknownKeys lists the keys that no record has, quoted.
func unknownKeys(raw []byte) []string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	var unknown []string
	known := recordKeys(reflect.TypeFor[Document]())
	for key := range fields {
		if !slices.Contains(known, key) {
			unknown = append(unknown, fmt.Sprintf("%q", key))
		}
	}
	slices.Sort(unknown)
	return unknown
}

// recordKeys lists the keys of a struct's JSON form, embedded structs included.
func recordKeys(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			keys = append(keys, recordKeys(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, name)
	}
	return keys
}

// nameDate says which date is wrong, where it is one: encoding/json does not tell.
func nameDate(raw []byte, err error) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return err
	}
	for _, name := range []string{"date_of_birth", "date_of_issue", "date_of_expiry"} {
		var d date.Date
		if value, there := fields[name]; there && json.Unmarshal(value, &d) != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return err
}

// checkKeys finds a key that one object has twice, where encoding/json would take the last, and keys in other letters
// than records have, which encoding/json would take for those that they fold to.
func checkKeys(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	var open []map[string]bool // the keys of each object that is open; nil for an array
	wantKey := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return explainJSON(err)
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				open = append(open, map[string]bool{})
			case '[':
				open = append(open, nil)
			default:
				open = open[:len(open)-1]
			}
			if len(open) > 8 {
				return errors.New("objects are nested too deep")
			}
			wantKey = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if wantKey {
				keys := open[len(open)-1]
				if strings.Trim(t, "abcdefghijklmnopqrstuvwxyz_") != "" {
					return fmt.Errorf("unknown field %q", t)
				}
				if keys[t] {
					return fmt.Errorf("key %q stands twice", t)
				}
				keys[t], wantKey = true, false
				continue
			}
		}
		wantKey = len(open) > 0 && open[len(open)-1] != nil
	}
}

// text is one text field of a record by its name.
type text struct {
	name  string
	value *string
}

// texts lists the fields of a document that a person writes in words.
func (d *Document) texts() []text {
	return []text{
		{"full_name", &d.FullName}, {"other_names", &d.OtherNames}, {"ethnicity", &d.Ethnicity}, {"religion", &d.Religion},
		{"place_of_origin", &d.PlaceOfOrigin}, {"place_of_birth", &d.PlaceOfBirth}, {"residence", &d.Residence},
		{"identifying_features", &d.IdentifyingFeatures}, {"father.full_name", &d.Father.FullName},
		{"mother.full_name", &d.Mother.FullName}, {"spouse.full_name", &d.Spouse.FullName},
		{"guardian.full_name", &d.Guardian.FullName}, {"legal_representative.full_name", &d.LegalRepresentative.FullName},
		{"ward.full_name", &d.Ward.FullName}, {"household_head", &d.HouseholdHead},
	}
}
