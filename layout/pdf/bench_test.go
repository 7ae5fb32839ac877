package pdf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"github.com/cancuoc/cancuoc/layout"
)

// benchmarkCards composes and draws cards in files of 100, each with another name, number and code.
func benchmarkCards(b *testing.B, t *layout.Template, cards int) {
	in := sample(b, adult, "dang-dinh-mau")
	for b.Loop() {
		var faces []layout.Face
		for i := range cards {
			in.Document.FullName = fmt.Sprintf("Đặng Đình Mẫu %c", 'A'+i%26)
			in.QR = fmt.Sprintf("0002000%05d|012345678|%s|15032000|Nam|1 Đường Mẫu, Mẫu, TP Hồ Chí Minh|01072024||||", i, in.Document.FullName)
			in.Portrait = append(bytes.Clone(in.Portrait), 0)
			made, err := t.Compose(in)
			if err != nil {
				b.Fatal(err)
			}
			if faces = append(faces, made.Front, made.Back); len(faces) == 200 || i == cards-1 {
				if err := Write(io.Discard, faces...); err != nil {
					b.Fatal(err)
				}
				faces = faces[:0]
			}
		}
	}
	b.ReportMetric(float64(cards*b.N)/b.Elapsed().Seconds(), "cards/s")
}

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

// Cards a second on one core, their codes by go-qrcode or marked as UTF-8, in files of 100.
func BenchmarkCards(b *testing.B) {
	for _, eci := range []bool{false, true} {
		for _, n := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("eci=%v/%d", eci, n), func(b *testing.B) { benchmarkCards(b, template(b, eci), n) })
		}
	}
}
