package card

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/specimen"
)

func TestRecordThatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"surname": "Mẫu"}`:                           `unknown field "surname"`,
		`{"full_name": "A", "full_name": "B"}`:         `key "full_name" stands twice`,
		`{"FULL_NAME": "B"}`:                           `unknown field "FULL_NAME"`,
		`{"sex": "male", "ſex": "female"}`:             `unknown field "ſex"`,
		`{"father": {"full_name":"A","full_name":""}}`: `key "full_name" stands twice`,
		`{"full_name": 7}`:                             "full_name: a JSON number stands where a text is due",
		`{"date_of_birth": "2001-02-29"}`:              "date_of_birth: date: not a day of the calendar",
		"{\"full_name\": \"\xff\"}":                    "not valid UTF-8",
		`[[[[[[[[[1]]]]]]]]]`:                          "nested too deep",
		`{"full_name": `:                               "ends in the middle",
		`[]`:                                           "the record: a JSON array stands where an object is due",
		`{"foo": 1, "bar": 2}`:                         `unknown field "bar", "foo"`,
		`null x`:                                       "",
	} {
		if _, err := ParseRecord([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

func TestErrorsDoNotRepeatTheRecord(t *testing.T) {
	for _, text := range []string{`{"full_name": {"a": "Bí Mật"}}`, `{"full_name": "Bí Mật" x}`, `{"sex": ["Bí Mật"]}`} {
		if _, err := ParseRecord([]byte(text)); err == nil || strings.Contains(err.Error(), "Bí Mật") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTextComesOutInNFC(t *testing.T) {
	doc, err := ParseRecord([]byte(`{"full_name": "Đặng Đình Mẫu", "father": {"full_name": "Mẫu"}}`))
	if err != nil || doc.FullName != "Đặng Đình Mẫu" || doc.Father.FullName != "Mẫu" {
		t.Errorf("%+q, %+q, %v", doc.FullName, doc.Father.FullName, err)
	}
}

func TestRecordsOneAfterAnother(t *testing.T) {
	in := `{"full_name": "A"}` + "\n" + `{"x": 1}` + "\n\n" + `{"full_name": "B"} {"full_name"`
	var got []string
	for doc, err := range Records(strings.NewReader(in)) {
		got = append(got, fmt.Sprint(doc.FullName, err != nil))
	}
	if want := "[Afalse true Bfalse true]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// endless is a record that never ends.
type endless struct{ begun bool }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if !e.begun {
		copy(p, `{"full_name": "`)
		e.begun = true
	}
	return len(p), nil
}

func TestRecordWithoutEnd(t *testing.T) {
	for _, err := range Records(&endless{}) {
		if err == nil || !strings.Contains(err.Error(), "longer than 1048576 bytes") {
			t.Fatalf("a record without end: %v", err)
		}
	}
}

func TestEmptyInput(t *testing.T) {
	for _, err := range Records(strings.NewReader(" \n")) {
		if err == nil {
			t.Error("nothing was taken for a record")
		}
		return
	}
	t.Error("no error for an input without a record")
}

func FuzzParseRecord(f *testing.F) {
	for _, name := range specimen.Names() {
		record, err := specimen.Record(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(record)
	}
	f.Add([]byte(`{"full_name": "a", "father": {}, "fingerprints": [{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		doc, err := ParseRecord(raw)
		if err != nil {
			return
		}
		doc = doc.Complete()
		if _, err := doc.Check(today); err != nil {
			return
		}
		// What passes the check has no excuse at the data groups but its length.
		if lines, err := doc.MRZ(); err == nil && (len(lines[0]) != 30 || len(lines[2]) != 30) {
			t.Fatalf("lines of another length: %q", lines)
		}
		if _, err := doc.DG13().Encode(); err != nil {
			t.Fatalf("DG13: %v", err)
		}
	})
}
