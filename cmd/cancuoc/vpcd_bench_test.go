package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// besideBench runs a benchmark of this program in a namespace with a pcscd of its own, and reports what it measured.
func besideBench(b *testing.B) {
	b.Helper()
	needs(b, "pcscd", "unshare")
	if err := exec.Command("unshare", "-m", "-n", "true").Run(); err != nil {
		missing(b, "this machine allows no namespaces: no pcscd of our own")
	}
	cmd := exec.Command(absolute(b, "../../.ci/with-pcscd"), os.Args[0], "-test.run=^$", "-test.bench=^"+b.Name()+"$", "-test.timeout=20m")
	cmd.Env = append(os.Environ(), insideNamespace+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	b.ReportMetric(0, "ns/op")
	for line := range strings.Lines(string(out)) {
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
