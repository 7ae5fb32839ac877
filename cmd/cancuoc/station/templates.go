package station

import (
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/layout"
)

// Templates are the templates of faces by the forms that they are for, in place of those that come with this program.
type Templates map[string]*layout.Template

// of gives the template for a form.
func (t Templates) of(form string) (*layout.Template, error) {
	if own := t[form]; own != nil {
		return own, nil
	}
	return layout.TemplateFor(form)
}

// Fingerprints tells whether the faces of a form have prints of fingers.
func (t Templates) Fingerprints(form string) bool {
	template, err := t.of(form)
	return err == nil && template.Fingerprints()
}

// mostTemplate bounds a template's file, in bytes.
const mostTemplate = 1 << 20

// LoadTemplates reads files of templates. Two for one form are an error.
func LoadTemplates(paths ...string) (Templates, error) {
	all := Templates{}
	for _, path := range paths {
		t, err := loadTemplate(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if all[t.Name] != nil {
			return nil, fmt.Errorf("%s: %w: the second for the form %q", path, layout.ErrTemplate, t.Name)
		}
		all[t.Name] = t
	}
	return all, nil
}

func loadTemplate(path string) (*layout.Template, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostTemplate+1))
	if err != nil {
		return nil, err
	}
	if len(text) > mostTemplate {
		return nil, fmt.Errorf("%w: more than %d bytes", layout.ErrTemplate, mostTemplate)
	}
	return layout.ParseTemplate(text)
}

// LoadTemplates loads the templates that station.toml names.
func (c Config) LoadTemplates(folder string) (Templates, error) {
	var paths []string
	for _, path := range c.Templates {
		paths = append(paths, Path(folder, path))
	}
	return LoadTemplates(paths...)
}
