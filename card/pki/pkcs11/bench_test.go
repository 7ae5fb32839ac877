//go:build cgo

package pkcs11

import (
	"crypto"
	"slices"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"
)

// The token alone, the token under this package, and with the verification on the host: run them together.
//
//	go test -run '^$' -bench Sign ./card/pki/pkcs11
func benchmarkKey(b *testing.B, kind string) (*Key, request) {
	h := newHSM(b)
	h.token("ds-test")
	h.key("ds-test", kind, "k", "01")
	k := h.open("object=k")
	r, err := prepare(k.public, make([]byte, 32), crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	return k, r
}

func signBare(b *testing.B, k *Key, r request) {
	module, s := k.token.module.ctx, k.token.idle[0].handle
	if err := module.SignInit(s, []*p11.Mechanism{r.mechanismOf()}, k.handle); err != nil {
		b.Fatal(err)
	}
	if _, err := module.Sign(s, r.input); err != nil {
		b.Fatal(err)
	}
}

func signLayer(b *testing.B, k *Key, r request) {
	if _, err := k.sign(r); err != nil {
		b.Fatal(err)
	}
}

func signVerified(b *testing.B, k *Key, r request) {
	if _, err := k.Sign(nil, r.digest, crypto.SHA256); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkSignBare(b *testing.B)     { benchmark(b, signBare) }
func BenchmarkSignLayer(b *testing.B)    { benchmark(b, signLayer) }
func BenchmarkSignVerified(b *testing.B) { benchmark(b, signVerified) }

func benchmark(b *testing.B, sign func(*testing.B, *Key, request)) {
	k, r := benchmarkKey(b, "EC:prime256v1")
	for b.Loop() {
		sign(b, k, r)
	}
}

// BenchmarkSignTurnAbout does the three in turn and gives their medians, which holds on a machine that is busy too. What
// the layer costs is the time to hand a call to another goroutine and back, so that it can be given up.
func BenchmarkSignTurnAbout(b *testing.B) {
	for _, kind := range []string{"EC:prime256v1", "EC:brainpoolP384r1", "rsa:2048"} {
		b.Run(kind, func(b *testing.B) { benchmarkTurnAbout(b, kind) })
	}
}

func benchmarkTurnAbout(b *testing.B, kind string) {
	k, r := benchmarkKey(b, kind)
	kinds := []func(*testing.B, *Key, request){signBare, signLayer, signVerified}
	times := make([][]time.Duration, len(kinds))
	for b.Loop() {
		for i, sign := range kinds {
			start := time.Now()
			sign(b, k, r)
			times[i] = append(times[i], time.Since(start))
		}
	}
	median := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/2].Nanoseconds())
	}
	b.ReportMetric(median(0), "bare-ns")
	b.ReportMetric(median(1), "layer-ns")
	b.ReportMetric(median(2), "verified-ns")
	b.ReportMetric(100*median(0)/median(1), "layer-%")
}
