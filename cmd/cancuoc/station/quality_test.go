package station

import (
	"errors"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/layout"
)

// darkZone is the template of the card of 2024 with a stock on which no machine reads the zone.
func darkZone(t *testing.T) Templates {
	t.Helper()
	text, err := layout.TemplateFile("cancuoc-2024")
	if err != nil {
		t.Fatal(err)
	}
	back := string(text)
	back = strings.Replace(back, `"radius": 1.6}`, `"radius": 1.6}, {"colour": "night", "rectangle": [0, 31, 85.6, 22.98]}`, 1)
	back = strings.Replace(back, `"colours": {`, `"colours": {"night": "#000000", `, 1)
	template, err := layout.ParseTemplate([]byte(back))
	if err != nil {
		t.Fatal(err)
	}
	return Templates{template.Name: template}
}

// A face that machines cannot read is found before it is printed, where its order is a quality sample; the order waits.
func TestAFaceThatCannotBeReadIsNotPrinted(t *testing.T) {
	b := newBench(t)
	d := b.desk()
	defer d.Register.Close()
	ids := b.orders(d.Register, 2)
	d.Templates, d.QualitySample = darkZone(t), 2
	if o, err := d.Issue(t.Context(), ids[0], b.fresh); err != nil || o.State != register.Issued {
		t.Errorf("order %d is no sample: %s, %v", ids[0], o.State, err)
	}
	o, err := d.Issue(t.Context(), ids[1], b.fresh)
	if !errors.Is(err, ErrFaceDiffers) || o.State != register.Verified || !strings.Contains(err.Error(), "mrz unread") {
		t.Errorf("order %d: %s, %v", ids[1], o.State, err)
	}
	d.Templates = nil
	if o, err := d.Issue(t.Context(), ids[1], b.fresh); err != nil || o.State != register.Issued {
		t.Errorf("by the program's template: %s, %v", o.State, err)
	}
}
