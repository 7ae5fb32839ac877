package pdf

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/layout"
)

// perFile is how many cards a file has.
const perFile = 100

// prepared are portraits of a file's citizens, made fit beforehand, once.
var prepared = sync.OnceValues(func() (all [][]byte, err error) {
	for i := range uint64(perFile) {
		p, err := portrait.Fit(bytes.NewReader(specimen.Portrait(i, i%2 == 0, 20+int(i)/2)))
		if err != nil {
			return nil, err
		}
		all = append(all, p.Face)
	}
	return all, nil
})

// order is a card that waits to be prepared: its record is parsed, its portrait made fit.
type order struct {
	doc      card.Document
	portrait []byte
}

// orders invents citizens.
func orders(n int) (all []order, err error) {
	v, err := specimen.NewInventor(1, "cancuoc-2024")
	if err != nil {
		return nil, err
	}
	portraits, err := prepared()
	if err != nil {
		return nil, err
	}
	for i := range n {
		invented, err := v.Next()
		if err != nil {
			return nil, err
		}
		doc, err := card.ParseRecord(invented.Record)
		if err != nil {
			return nil, err
		}
		o := order{doc: doc.Complete()}
		if doc.Portrait != "" {
			o.portrait = portraits[i%perFile]
		}
		all = append(all, o)
	}
	return all, nil
}

// compose puts an order onto its faces, the code decoded again on the way.
func (o order) compose(t *layout.Template) (layout.Faces, error) {
	in := layout.Card{Document: o.doc, Portrait: o.portrait}
	var err error
	if in.MRZ, err = o.doc.MRZ(); err != nil {
		return layout.Faces{}, err
	}
	if in.QR, err = o.doc.QR(); err != nil {
		return layout.Faces{}, err
	}
	return t.Compose(in)
}

// draw makes the file of some orders.
func draw(t *layout.Template, some []order) error {
	var faces []layout.Face
	for _, o := range some {
		made, err := o.compose(t)
		if err != nil {
			return err
		}
		faces = append(faces, made.Front, made.Back)
	}
	return Write(io.Discard, faces...)
}

// template gives that of the card of 2024, its codes marked as UTF-8 or not.
func template(b *testing.B, eci bool) *layout.Template {
	text, err := layout.TemplateFile("cancuoc-2024")
	if err != nil {
		b.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		b.Fatal(err)
	}
	file["eci"] = eci
	if text, err = json.Marshal(file); err != nil {
		b.Fatal(err)
	}
	t, err := layout.ParseTemplate(text)
	if err != nil {
		b.Fatal(err)
	}
	return t
}

// patient tells whether there is time for ten thousand cards: with CANCUOC_SOAK, or with -benchtime 1x.
func patient() bool {
	return os.Getenv("CANCUOC_SOAK") != "" || flag.Lookup("test.benchtime").Value.String() == "1x"
}

// Cards a second in files of a hundred: composed, their codes by go-qrcode or marked as UTF-8 and decoded
// again, prepared, written.
func BenchmarkCards(b *testing.B) {
	for _, eci := range []bool{false, true} {
		for _, n := range []int{100, 1000, 10_000} {
			b.Run(fmt.Sprintf("eci=%v/%d", eci, n), func(b *testing.B) {
				if n > 1000 && !patient() {
					b.Skip("takes a minute: with CANCUOC_SOAK=1, or -benchtime 1x")
				}
				all, err := orders(n)
				if err != nil {
					b.Fatal(err)
				}
				t := template(b, eci)
				for b.Loop() {
					for at := 0; at < n; at += perFile {
						if err := draw(t, all[at:at+perFile]); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "cards/s")
				b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(n*b.N), "ms/card")
			})
		}
	}
}

// One card in a file of its own, as `issue` writes it.
func BenchmarkCardAlone(b *testing.B) {
	all, err := orders(20)
	if err != nil {
		b.Fatal(err)
	}
	t := template(b, false)
	for i := 0; b.Loop(); i++ {
		if err := draw(t, all[i%20:i%20+1]); err != nil {
			b.Fatal(err)
		}
	}
}

// peakCards has this program draw so many cards, tell the most memory that it has taken, and end.
const peakCards = "CANCUOC_PEAK_CARDS"

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv(peakCards)); err == nil {
		if err := drawAndTell(n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func drawAndTell(n int) error {
	all, err := orders(n)
	if err != nil {
		return err
	}
	t, err := layout.TemplateFor("cancuoc-2024")
	if err != nil {
		return err
	}
	for at := 0; at < n; at += perFile {
		if err := draw(t, all[at:at+perFile]); err != nil {
			return err
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			fmt.Print(line)
		}
	}
	return nil
}

// The most memory that a process has resident which draws many cards in files of a hundred: below 150 MB. All records and
// the portraits of one file are in it from the beginning.
func BenchmarkPeakMemory(b *testing.B) {
	n := 1000
	if patient() {
		n = 10_000
	}
	peak := 0
	for b.Loop() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", peakCards, n))
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := fmt.Sscanf(string(out), "VmHWM: %d kB", &peak); err != nil {
			b.Skip("this system does not tell: ", err)
		}
	}
	b.ReportMetric(float64(peak)/1000, "MB-peak")
	b.ReportMetric(float64(n), "cards")
	if peak > 150_000 {
		b.Errorf("%d kB for %d cards", peak, n)
	}
}
