package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/layout"
)

// soaked gives so many where there is time, and few otherwise.
func soaked(many, few int) int {
	if os.Getenv("CANCUOC_SOAK") != "" {
		return many
	}
	return few
}

// looks are portraits of invented people, made fit once: citizens of these tests share them.
var looks = sync.OnceValues(func() (all [][]byte, err error) {
	for i := range uint64(2) {
		p, err := portrait.Fit(bytes.NewReader(specimen.Portrait(i, i%2 == 0, 20+5*int(i))))
		if err != nil {
			return nil, err
		}
		all = append(all, p.Face)
	}
	return all, nil
})

// inventor gives documents of invented citizens, and a face to each that needs one.
type inventor struct {
	*specimen.Inventor
	looks     [][]byte
	templates station.Templates
	n         int
}

func newInventor(t testing.TB, seed uint64, form string) *inventor {
	t.Helper()
	v, err := specimen.NewInventor(seed, form)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := looks()
	if err != nil {
		t.Fatal(err)
	}
	return &inventor{Inventor: v, looks: drawn}
}

// next invents a citizen; the portrait is nil for a child under six.
func (v *inventor) next(t testing.TB) (card.Document, []byte) {
	t.Helper()
	invented, err := v.Next()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := card.ParseRecord(invented.Record)
	if err != nil {
		t.Fatal(err)
	}
	v.n++
	if doc.Portrait == "" {
		return doc.Complete(), nil
	}
	return doc.Complete(), v.looks[v.n%len(v.looks)]
}

// faces composes a card as the station does, without a proof.
func (v *inventor) faces(t testing.TB, doc card.Document, face []byte) layout.Faces {
	t.Helper()
	faces, err := v.templates.Faces(doc, face, nil, pki.Production{})
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

// marked gives the template of a form, its codes marked as UTF-8 or not.
func marked(t testing.TB, form string, eci bool) station.Templates {
	t.Helper()
	text, err := layout.TemplateFile(form)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	file["eci"] = eci
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	template, err := layout.ParseTemplate(text)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", form, err))
	}
	return station.Templates{form: template}
}
