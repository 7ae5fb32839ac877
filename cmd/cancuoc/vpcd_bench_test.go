package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/reader/pcsc"
)

// besideBench runs a benchmark of this program in a namespace with a pcscd of its own, and reports what it measured.
func besideBench(b *testing.B, env ...string) {
	b.Helper()
	out, err := beside(b, env, "-test.run=^$", "-test.bench=^"+b.Name()+"$", "-test.timeout=20m")
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	b.ReportMetric(0, "ns/op")
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); strings.HasPrefix(line, b.Name()) && len(fields) > 3 {
			reportMetrics(b, fields[2:])
			return
		}
	}
	b.Fatalf("no figures\n%s", out)
}

// reportMetrics repeats the figures on a line of a benchmark, each with its unit behind it.
func reportMetrics(b *testing.B, fields []string) {
	b.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		value, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(value, fields[i+1])
	}
}

// BenchmarkVirtualReader measures one command through pcscd, the virtual reader's driver, vpcd.Serve and a simulated card
// in a card file: SELECT and READ BINARY by turns on a card that is personalised, as reading one does.
func BenchmarkVirtualReader(b *testing.B) {
	if os.Getenv(insideNamespace) == "" {
		besideBench(b)
		return
	}
	card := filepath.Join(b.TempDir(), "card.sim")
	if err := copyFile("testdata/transcripts/vn-cancuoc-2024.sim", card); err != nil {
		b.Fatal(err)
	}
	out, err := fileInSlot(b.Context(), 1, card)
	if err != nil {
		b.Fatal(err)
	}
	defer out()
	c, err := pcsc.Connect(b.Context(), slotName(1))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	commands := [][]byte{
		{0x00, 0xA4, 0x02, 0x0C, 0x02, 0x01, 0x1C}, // EF.CardAccess
		{0x00, 0xB0, 0x00, 0x00, 0x00},
	}
	n := 0
	for b.Loop() {
		answer, err := c.Transmit(commands[n%len(commands)])
		if err != nil || len(answer) < 2 || answer[len(answer)-2] != 0x90 && answer[len(answer)-2] != 0x62 {
			b.Fatalf("%X, %v", answer, err)
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(n), "ms/command")
}
