package spool

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/layout"
)

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		printer Printer
		want    string
	}{
		{Printer{Queue: "CARD"},
			"lp -d CARD -t cancuoc order 12 -n 1 -o job-sheets=none -o print-scaling=none -- -odd.pdf"},
		{Printer{Queue: "CARD", Server: "print.example:631", Width: 85.6, Height: 53.98, Sides: ShortEdge, Options: []string{"Ribbon=YMCK", "InputSlot=Hopper"}},
			"lp -h print.example:631 -d CARD -t cancuoc order 12 -n 1 -o job-sheets=none -o print-scaling=none -o media=Custom.85.6x53.98mm -o sides=two-sided-short-edge -o Ribbon=YMCK -o InputSlot=Hopper -- -odd.pdf"},
		{Printer{Queue: "CARD", Sides: FrontOnly, LP: "/opt/cups/bin/lp"},
			"/opt/cups/bin/lp -d CARD -t cancuoc order 12 -n 1 -o job-sheets=none -o print-scaling=none -o sides=one-sided -- -odd.pdf"},
	} {
		if err := c.printer.Validate(); err != nil {
			t.Error(err)
		}
		if got := strings.Join(c.printer.Command("-odd.pdf", "cancuoc order 12"), " "); got != c.want {
			t.Errorf("%+v:\n%s\nwant\n%s", c.printer, got, c.want)
		}
	}
	argv := Printer{Queue: "CARD"}.Command("f.pdf", "cancuoc order 12")
	if !slices.Contains(argv, "cancuoc order 12") {
		t.Errorf("the title is not one argument: %q", argv)
	}
	if got := (Printer{LP: "/opt/cups/bin/lp"}).lpstat(); got != "/opt/cups/bin/lpstat" {
		t.Errorf("lpstat is %s", got)
	}
}

func TestValidate(t *testing.T) {
	good := Printer{Name: "back-office", Queue: "CARD_1.a", Server: "/run/cups/cups.sock", Width: 85.6, Height: 53.98, OffsetX: -0.5, Sides: LongEdge, Options: []string{"a=b", "c"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Printer){
		"no queue":          func(p *Printer) { p.Queue = "" },
		"an option":         func(p *Printer) { p.Queue = "-o" },
		"two queues":        func(p *Printer) { p.Queue = "A,B" },
		"an instance":       func(p *Printer) { p.Queue = "A/B" },
		"a space":           func(p *Printer) { p.Queue = "A B" },
		"a long queue":      func(p *Printer) { p.Queue = strings.Repeat("a", 128) },
		"a bell":            func(p *Printer) { p.Name = "a\a" },
		"a server's option": func(p *Printer) { p.Server = "-E" },
		"a server's space":  func(p *Printer) { p.Server = "a b" },
		"one length":        func(p *Printer) { p.Height = 0 },
		"a stamp":           func(p *Printer) { p.Width = 3 },
		"no number":         func(p *Printer) { p.Width = math.NaN() },
		"no end":            func(p *Printer) { p.Height = math.Inf(1) },
		"far off":           func(p *Printer) { p.OffsetY = 51 },
		"offset no number":  func(p *Printer) { p.OffsetX = math.NaN() },
		"three sides":       func(p *Printer) { p.Sides = "three" },
		"an empty option":   func(p *Printer) { p.Options = []string{""} },
		"a flag":            func(p *Printer) { p.Options = []string{"-d"} },
		"two options":       func(p *Printer) { p.Options = []string{"a=b c=d"} },
		"lp with a line":    func(p *Printer) { p.LP = "lp\n" },
	} {
		p := good
		spoil(&p)
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), "spool: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// faces gives two faces with a mark each and, since nobody has proven anything, an overprint.
func faces() layout.Faces {
	face := func(s layout.Side) layout.Face {
		return layout.Face{Side: s, Width: 85.6, Height: 53.98, Marks: []layout.Mark{
			layout.Text{Tag: layout.Tag{Side: s, Field: "mrz", Ink: layout.K}, X: 4, Y: 40, Size: 3, Font: layout.Sans, Words: "IDVNM"},
			layout.Group{Tag: layout.Tag{Side: s, Ink: layout.Preprint}, At: layout.Matrix{1, 0, 0, 1, 2, 3}, Drawing: &layout.Drawing{}},
		}}
	}
	return layout.Faces{Front: face(layout.Front), Back: face(layout.Back)}
}

// where gives the places to which a page takes the point (4, 40) of each mark.
func where(t *testing.T, page layout.Face) (places []layout.Point) {
	t.Helper()
	for m := range page.Painted() {
		g, is := m.(layout.Group)
		if !is {
			t.Fatalf("%v is not placed", m)
		}
		p := g.At.Apply(layout.Point{X: 4, Y: 40})
		places = append(places, layout.Point{X: math.Round(p.X*1000) / 1000, Y: math.Round(p.Y*1000) / 1000})
	}
	return places
}

func TestPlace(t *testing.T) {
	p := Printer{Width: 87.6, Height: 54.98, OffsetX: 0.25, OffsetY: -0.5, RotateBack: true}
	in := faces()
	pages := p.Pages(in)
	if len(pages) != 2 || pages[0].Width != 87.6 || pages[1].Height != 54.98 || pages[1].Side != layout.Back {
		t.Fatalf("pages %v", pages)
	}
	// Centred by 1 and 0.5 mm; the back turned first; the group was moved by 2 and 3 mm before. The last is the overprint.
	front := []layout.Point{{X: 5.25, Y: 40}, {X: 7.25, Y: 43}, {X: 5.25, Y: 40}}
	back := []layout.Point{{X: 82.85, Y: 13.98}, {X: 80.85, Y: 10.98}, {X: 82.85, Y: 13.98}}
	if got := where(t, pages[0]); !slices.Equal(got, front) {
		t.Errorf("front %v, want %v", got, front)
	}
	if got := where(t, pages[1]); !slices.Equal(got, back) {
		t.Errorf("back %v, want %v", got, back)
	}
	for i, m := range pages[1].Marks {
		if m.Of() != in.Back.Marks[i].Of() {
			t.Errorf("a mark of %v has become one of %v", in.Back.Marks[i].Of(), m.Of())
		}
	}
	if kept := pages[1].Marks[1].(layout.Group).Drawing; kept != in.Back.Marks[1].(layout.Group).Drawing {
		t.Error("a shared drawing is shared no more")
	}
	if _, is := in.Front.Marks[0].(layout.Text); !is {
		t.Error("the face itself was changed")
	}
}

// A printer with nothing to correct prints the faces as they are; a printer of fronts prints no back.
func TestPagesAsTheyAre(t *testing.T) {
	in := faces()
	pages := Printer{Queue: "CARD"}.Pages(in)
	if len(pages) != 2 || pages[0].String() != in.Front.String() || pages[1].String() != in.Back.String() {
		t.Errorf("pages %v", pages)
	}
	if pages = (Printer{Sides: FrontOnly}).Pages(in); len(pages) != 1 || pages[0].Side != layout.Front {
		t.Errorf("pages %v", pages)
	}
}

func TestNoProgram(t *testing.T) {
	p := Printer{Queue: "CARD", LP: filepath.Join(t.TempDir(), "lp")}
	if err := p.Ready(t.Context()); !errors.Is(err, ErrNoProgram) || !strings.Contains(err.Error(), "apt-get install cups-client") {
		t.Errorf("Ready: %v", err)
	}
	if _, err := p.Submit(t.Context(), "f.pdf", "title"); !errors.Is(err, ErrNoProgram) {
		t.Errorf("Submit: %v", err)
	}
	if _, err := p.State(t.Context(), "CARD-1"); !errors.Is(err, ErrNoProgram) {
		t.Errorf("State: %v", err)
	}
}

// A program in lp's place that hangs, with a child that keeps its output open, is ended in time, and nobody knows what it
// has done. One that says nothing of a job has not told either.
func TestProgramsThatDoNotAnswer(t *testing.T) {
	for name, script := range map[string]string{
		"hangs":       "#!/bin/sh\nsleep 60 & sleep 60\n",
		"says little": "#!/bin/sh\necho done\n",
		"was killed":  "#!/bin/sh\nkill -9 $$\n",
	} {
		path := filepath.Join(t.TempDir(), "lp")
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(filepath.Dir(path), "lpstat")); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer stop()
		begin := time.Now()
		if _, err := (Printer{Queue: "CARD", LP: path}).Submit(ctx, "f.pdf", "title"); !errors.Is(err, ErrUncertain) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

func TestFindJob(t *testing.T) {
	const list = "CARD-11   root   1 x\n\tStatus: \n\tAlerts: processing-to-stop-point\n\tqueued for CARD\n" +
		"CARD-1    root   1 x\n\tStatus: out of ribbon\n\tAlerts: job-canceled-by-user\n\tqueued for CARD\n" +
		"CARD-2    root   1 x\n\tStatus: another's\n"
	for job, want := range map[Job]string{"CARD-11": "", "CARD-1": "out of ribbon; job-canceled-by-user", "CARD-2": "another's"} {
		if got, found := findJob(list, job); !found || got != want {
			t.Errorf("%s: %q, %v", job, got, found)
		}
	}
	for _, job := range []Job{"CARD", "CARD-111", ""} {
		if _, found := findJob(list, job); found {
			t.Errorf("%q is in the list", job)
		}
	}
}

func FuzzFindJob(f *testing.F) {
	f.Add("CARD-1                  root            300032   Thu Nov 26 14:54:33 2026\n\tStatus: out of ribbon\n\tAlerts: none\n\tqueued for CARD\n")
	f.Add("\tStatus: x\nCARD-1")
	f.Fuzz(func(t *testing.T, list string) {
		if _, found := findJob(list, "CARD-1"); found && !strings.Contains(list, "CARD-1") {
			t.Error("a job that is not in the list")
		}
	})
}
