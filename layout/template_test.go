package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card"
)

// changed gives the template of the card of 2024 with one piece of its text replaced.
func changed(t testing.TB, old, new string) []byte {
	t.Helper()
	text, err := TemplateFile("cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("the template has no %s", old)
	}
	return bytes.Replace(text, []byte(old), []byte(new), 1)
}

// Every form has a template of its own name, and no template is for a form that there is not.
func TestEveryFormHasATemplate(t *testing.T) {
	var forms []string
	for _, f := range card.Forms() {
		forms = append(forms, f.Name)
	}
	slices.Sort(forms)
	if got := slices.Sorted(maps.Keys(embedded())); !slices.Equal(got, forms) {
		t.Errorf("templates for %v, forms %v", got, forms)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ name, old, new, says string }{
		{"no JSON", `"format": 1,`, `"format": 1`, "layout: template: "},
		{"another format", `"format": 1`, `"format": 2`, "format 2, this program knows format 1"},
		{"unknown key", `"eci": false`, `"ecu": false`, `unknown field "ecu"`},
		{"two templates", `"name": "cancuoc-2024"`, `"name": ""`, "name is missing"},
		{"a field that there is not", `"field": "sex"`, `"field": "height"`, `front field "height": there is no such field; there are date_of_birth`},
		{"marks outside the card", `"x": 4.5, "y": 19.4, "w": 20, "h": 30`, `"x": 4.5, "y": 29.4, "w": 20, "h": 30`, "front portrait: at 4.50, 29.40 with 20.00 x 30.00 mm it is not inside the card"},
		{"words outside the card", `"text": "CĂN CƯỚC", "x": 42.8`, `"text": "CĂN CƯỚC", "x": 2.8`, "front words 5: at "},
		{"a path outside the card", `"path": "M 0 53.98`, `"path": "M 0 63.98`, "front area 2: at "},
		{"a code whose quiet zone leaves the card", `"qr": {"x": 62.7`, `"qr": {"x": 67.0`, "back qr with its quiet zone"},
		{"an unknown ink", `"field": "full_name", "label"`, `"ink": "gold", "field": "full_name", "label"`, `ink "gold": a value is printed in "k" or "colour"`},
		{"colour in k", `"field": "full_name", "label"`, `"ink": "k", "colour": "red", "field": "full_name", "label"`, "what is printed in k is black"},
		{"an unknown colour", `"colour": "red"`, `"colour": "blue"`, `there is no colour "blue"`},
		{"a colour that is none", `"red": "#b31e2a"`, `"red": "#b31e2"`, `colour "red": "#b31e2" is not #rrggbb`},
		{"an unknown font", `"font": "sans-bold", "colour": "red"`, `"font": "gothic", "colour": "red"`, `there is no font "gothic"`},
		{"a font without the letter", `"text": "IDENTITY CARD"`, `"text": "身分證"`, "front words 6: the font has no such letter: U+8EAB"},
		{"letters beyond the plane", `"text": "IDENTITY CARD"`, `"text": "\ud83d\ude00"`, "U+1F600"},
		{"letters that are not composed", `"text": "IDENTITY CARD"`, `"text": "CA\u0306N"`, "normalisation form C"},
		{"no size", `"size": 4.4`, `"size": 0`, "front words 5: it has no text or no size"},
		{"a size that is huge", `"size": 4.4`, `"size": 1e300`, "front words 5: at"},
		{"smallest above largest", `"largest": 3.8, "smallest": 3.0`, `"largest": 3.8, "smallest": 4.0`, "sizes are to be 0.5 <= smallest <= largest"},
		{"neither rectangle nor path", `"rectangle": [0, 0, 85.6, 53.98]`, `"radius": 1`, "it is either a rectangle or a path"},
		{"corners rounder than wide", `"radius": 1.6`, `"radius": 7`, "its corners are rounder than it is wide"},
		{"a path that begins with a line", `"path": "M 0 53.98 L`, `"path": "L 0 53.98 L`, `"L" is not one of M, L, C, Z`},
		{"a path without its points", `53.98 Z"`, `53.98 C 1 2 Z"`, "path: "},
		{"a card of no size", `"width": 85.6,`, `"width": 0,`, "a card of 0 x 53.98 mm"},
		{"a card as large as a house", `"width": 85.6,`, `"width": 8560000,`, "a card of 8.56e+06 x 53.98 mm"},
		{"no overprint", `"overprint": {"x": 31, "y": 16.5, "length": 58, "rise": 20}`, `"overprint": {}`, "back overprint: its length is to be"},
		{"an overprint that nobody sees", `"length": 58`, `"length": 0.5`, "back overprint: its length"},
		{"an overprint off the card", `{"x": 31, "y": 16.5, "length": 58`, `{"x": 310, "y": 16.5, "length": 58`, "back overprint's middle"},
		{"an overprint that runs off the card's corner", `{"x": 31, "y": 16.5, "length": 58, "rise": 20}`, `{"x": 0, "y": 0, "length": 58, "rise": 45}`, "back overprint"},
		{"an overprint along the edge", `{"x": 31, "y": 16.5, "length": 58, "rise": 20}`, `{"x": 42, "y": 53.9, "length": 58, "rise": 0}`, "back overprint"},
		{"an overprint that stands on end", `{"x": 31, "y": 16.5, "length": 58, "rise": 20}`, `{"x": 31, "y": 16.5, "length": 58, "rise": 90}`, "back overprint"},
		{"an overprint beside the card", `"width": 85.6,`, `"width": 170,`, "cancuoc-2024 is 85.6 x 53.98 mm"},
		{"stock as red as the overprint", `"tint": "#eaf0f5"`, `"tint": "#d02030"`, "front area 2: its colour hides the overprint"},
		{"for a form that there is not", `"name": "cancuoc-2024"`, `"name": "cancuoc-2024 "`, `"cancuoc-2024 " is not one of`},
		{"a zone below the card", `"height": 53.98,`, `"height": 40,`, "back mrz: "},
		{"letters that nobody can read", `"largest": 3.8, "smallest": 3.0`, `"largest": 3.8, "smallest": 1e-9`, "sizes are to be 0.5 <= smallest"},
		{"letters without width", `"largest": 3.8, "smallest": 3.0`, `"largest": 3.8, "smallest": 3.0, "narrowest": 1e-9`, "narrowest between 0.5 and 1"},
		{"a portrait of no size", `"x": 4.5, "y": 19.4, "w": 20, "h": 30`, `"x": 4.5, "y": 19.4, "w": 0, "h": 0`, "front portrait: it has no size"},
		{"a finger of no size", `"mrz": true`, `"fingerprints": [{"finger": "left-index", "x": 1, "y": 1, "w": 0, "h": 0}], "mrz": true`, "back fingerprint left-index: it has no size"},
		{"a code smaller than any", `"size": 18`, `"size": 6`, "back qr: "},
		{"words longer than any painter draws", `"text": "IDENTITY CARD", "x": 42.8, "y": 21.5, "align": "middle", "size": 2.35`, `"text": "` + strings.Repeat("I", 5000) + `", "x": 42.8, "y": 21.5, "align": "middle", "size": 0.01`, "front words 6: it has more than 4096 bytes"},
		{"for whom", `"for": "with-portrait"`, `"for": "adults"`, `for "adults" is neither`},
		{"an overflow that there is not", `"largest": 3.8`, `"overflow": "wrap", "largest": 3.8`, `overflow "wrap"`},
		{"an alignment that there is not", `"align": "middle"`, `"align": "justified"`, `align "justified"`},
		{"a finger that there is not", `"mrz": true`, `"fingerprints": [{"finger": "thumb", "x": 1, "y": 1, "w": 1, "h": 1}], "mrz": true`, `"thumb" is not one of left-index, right-index`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseTemplate(changed(t, c.old, c.new))
			if !errors.Is(err, ErrTemplate) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("got %v; want %s", err, c.says)
			}
		})
	}
}

func TestEveryFaultOfATemplateIsNamedAtOnce(t *testing.T) {
	text := bytes.Replace(changed(t, `"font": "sans-bold", "colour": "red"`, `"font": "gothic", "colour": "blue"`), []byte(`"field": "sex"`), []byte(`"field": "height"`), 1)
	_, err := ParseTemplate(text)
	for _, want := range []string{`"gothic"`, `"blue"`, `"height"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named: %v", want, err)
		}
	}
}

// own composes an adult's card by a changed template, and gives the lines of a field.
func own(t *testing.T, old, new, field string, change func(*Card)) ([]Text, error) {
	t.Helper()
	template, err := ParseTemplate(changed(t, old, new))
	if err != nil {
		t.Fatal(err)
	}
	in := adult(t)
	change(&in)
	faces, err := template.Compose(in)
	return texts(faces, field), err
}

// The steps by which a value is made to fit: smaller, then narrower, then an error, or shortened where the template says so.
func TestFitting(t *testing.T) {
	const place = `"full_name", "label": "Họ, chữ đệm và tên khai sinh/Full name", "x": 28.5, "y": 33.8, "w": 53.1, "h": 6.2, "font": "sans-bold", "largest": 3.2, "smallest": 1.7, "lines": 2, "narrowest": 0.85`
	fit := func(rules, name string) ([]Text, error) {
		rule := strings.Split(place, `"largest"`)[0] + rules
		return own(t, place, rule, "full_name", func(in *Card) { in.Document.FullName = name })
	}
	name80 := strings.TrimSpace(strings.Repeat("Nguyễn Trường ", 5))
	for len([]rune(name80)) < 80 {
		name80 += "n"
	}
	if lines, err := fit(`"largest": 3.2, "smallest": 1.7, "lines": 1`, "Đặng Đình Mẫu"); err != nil || len(lines) != 1 || lines[0].Size != 3.2 || lines[0].Narrow != 1 {
		t.Errorf("a short name: %v, %v", lines, err)
	}
	if lines, err := fit(`"largest": 3.2, "smallest": 1.7, "lines": 2`, name80); err != nil || len(lines) != 2 || lines[0].Size >= 3.2 || lines[0].Narrow != 1 {
		t.Errorf("80 letters on two lines: %v, %v", lines, err)
	}
	if lines, err := fit(`"largest": 3.2, "smallest": 2.3, "lines": 2, "narrowest": 0.7`, name80); err != nil || lines[0].Size > 2.3001 || lines[0].Narrow >= 1 || lines[0].Narrow < 0.7 {
		t.Errorf("80 letters narrowed: %v, %v", lines, err)
	}
	_, err := fit(`"largest": 3.2, "smallest": 2.3, "lines": 1`, name80)
	var field *FieldError
	if !errors.As(err, &field) || field.Field != "full_name" || !errors.Is(err, ErrDoesNotFit) || strings.Contains(err.Error(), "Nguyễn") {
		t.Errorf("80 letters on one line: %v", err)
	}
	lines, err := fit(`"largest": 3.2, "smallest": 2.3, "lines": 1, "overflow": "shorten"`, name80)
	if err != nil || len(lines) != 1 || !strings.HasSuffix(lines[0].Words, ellipsis) || !strings.HasPrefix(name80, strings.TrimSuffix(lines[0].Words, ellipsis)) {
		t.Errorf("80 letters shortened: %v, %v", lines, err)
	}
	if lines[0].X+lines[0].Width() > 28.5+53.1 {
		t.Errorf("shortened, and still too wide: %v", lines)
	}
	if _, err := fit(`"largest": 3.2, "smallest": 2.3, "lines": 1, "overflow": "shorten"`, strings.Repeat("Ẫ", 80)); !errors.Is(err, ErrDoesNotFit) {
		t.Errorf("one word that cannot be shortened: %v", err)
	}
}

func TestAnEmptyOptionalFieldLeavesItsLabel(t *testing.T) {
	in := adult(t)
	in.Document.PlaceOfBirth = ""
	faces := compose(t, in)
	if lines := texts(faces, "place_of_birth"); len(lines) != 0 {
		t.Errorf("%v", lines)
	}
	if !strings.Contains(faces.Back.String(), "Nơi đăng ký khai sinh/Place of birth") {
		t.Error("its label is gone")
	}
}

func TestAValueInColour(t *testing.T) {
	lines, err := own(t, `"field": "full_name", "label"`, `"ink": "colour", "colour": "red", "field": "full_name", "label"`, "full_name", func(*Card) {})
	if err != nil || len(lines) != 1 || lines[0].Ink != InColour || lines[0].Colour != (Colour{R: 0xb3, G: 0x1e, B: 0x2a}) {
		t.Errorf("%v, %v", lines, err)
	}
}

// A template that asks for it has codes whose text is marked as UTF-8, and they say the same.
func TestATemplateAsksForMarkedCodes(t *testing.T) {
	template, err := ParseTemplate(changed(t, `"eci": false`, `"eci": true`))
	if err != nil {
		t.Fatal(err)
	}
	marked, err := template.Compose(adult(t))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(marked.Back) == fmt.Sprint(compose(t, adult(t)).Back) {
		t.Error("the code is not another one")
	}
}

// Whatever a template says, it is refused, or a card is composed by it or refused.
func FuzzTemplate(f *testing.F) {
	for form := range embedded() {
		text, err := TemplateFile(form)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"format":1,"name":"cancuoc-2024","width":50,"height":50,"front":{"overprint":{"x":25,"y":25,"length":40}},"back":{"overprint":{"x":25,"y":25,"length":40}}}`))
	in := adult(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		template, err := ParseTemplate(text)
		if err != nil {
			return
		}
		faces, err := template.Compose(in)
		if err == nil && (overprints(faces.Front) == 0 || overprints(faces.Back) == 0) {
			t.Error("a face without overprint")
		}
		if err == nil {
			if err := errors.Join(faces.Front.Check(), faces.Back.Check()); err != nil {
				t.Errorf("composed, and cannot be drawn: %v", err)
			}
		}
	})
}

func TestTemplateFilesAreNamedByForms(t *testing.T) {
	for _, form := range []string{"", "x", "../template/cancuoc-2024", "cancuoc-2024.json"} {
		if _, err := TemplateFile(form); !errors.Is(err, ErrNoTemplate) {
			t.Errorf("%q: %v", form, err)
		}
	}
	text, err := TemplateFile("cccd-2021")
	var file map[string]any
	if err != nil || json.Unmarshal(text, &file) != nil || file["name"] != "cccd-2021" {
		t.Errorf("%v, %v", file["name"], err)
	}
}

// A value that fits nowhere, in as many fields as a template may have and tried at as many sizes, is refused at once.
func TestWhatFitsNowhereIsRefusedAtOnce(t *testing.T) {
	field := `{"field": "residence", "label": "", "x": 1, "y": 1, "w": 10, "h": 50, "font": "sans", "largest": 15, "smallest": 0.5, "narrowest": 0.5, "lines": 3, "overflow": "shorten"}`
	side := `{"fields": [` + strings.Repeat(field+",", mostFields-1) + field + `], "overprint": {"x": 42, "y": 27, "length": 60}}`
	template, err := ParseTemplate([]byte(`{"format": 1, "name": "cancuoc-2024", "width": 85.6, "height": 53.98, "front": ` + side + `, "back": ` + side + `}`))
	if err != nil {
		t.Fatal(err)
	}
	in := adult(t)
	in.Document.Residence = strings.Repeat("a ", 180) + strings.Repeat("m", 40)
	begin := time.Now()
	_, err = template.Compose(in)
	if took := time.Since(begin); err != nil || took > 20*time.Second { // it took minutes for each field
		t.Errorf("%v, after %v", err, took)
	}
}
