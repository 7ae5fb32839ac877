package reader

import (
	"bytes"
	"crypto/x509/pkix"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// What an agency needs that has stored what it read: 10,000 readings, each with a portrait of 13 KB and an EF.SOD of its
// own, judged by two goroutines and one trust of 588 anchors, as many as the German master list has certificates. It
// reports what one reading costs among 1,000 and among 10,000, and the memory that is in use at most and afterwards.
func BenchmarkVerifyStored(b *testing.B) {
	const most = 10_000
	a := newAuthority(b)
	folders := store(b, a, most)
	policy := Policy{Trust: pki.Trust{Anchors: append(strangers(b, 587), a.CSCA)}}
	for _, n := range []int{1_000, most} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			before := heap()
			resetPeak()
			for b.Loop() {
				if genuine := judgeAll(b, policy, folders[:n]); genuine != int64(n) {
					b.Fatalf("%d of %d are genuine", genuine, n)
				}
			}
			one := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(n)
			b.ReportMetric(one, "ns/reading")
			b.ReportMetric(1e9/one, "readings/s")
			b.ReportMetric(float64(heap()-before)/1024, "KiB-left")
			b.ReportMetric(peak()/1024, "MiB-peak")
		})
	}
}

// store keeps n readings of a specimen, each signed at another second.
func store(b *testing.B, a *pki.Authority, n int) []string {
	b.Helper()
	r, dir := issued(b, "dang-dinh-mau", a, at), b.TempDir()
	var folders []string
	for i := range n {
		resign(b, &r, signerOf(a), at.Add(time.Duration(i)*time.Second))
		folders = append(folders, filepath.Join(dir, fmt.Sprintf("%05d", i)))
		if err := r.Save(folders[i]); err != nil {
			b.Fatal(err)
		}
	}
	return folders
}

// strangers are CSCAs of other names.
func strangers(b *testing.B, n int) []pki.Certificate {
	b.Helper()
	var all []pki.Certificate
	for i := range n {
		template, key := authorityTemplate(b, byte(i)), newKey(b)
		template.Subject = pkix.Name{Country: []string{"UT"}, CommonName: fmt.Sprintf("SPECIMEN CSCA %d", i)}
		all = append(all, issueUnder(b, template, template, key, key))
	}
	return all
}

func judgeAll(b *testing.B, policy Policy, folders []string) int64 {
	var genuine atomic.Int64
	var both sync.WaitGroup
	next := make(chan string)
	for range 2 {
		both.Go(func() {
			for folder := range next {
				r, err := Load(folder)
				if err != nil {
					b.Error(err)
				}
				if policy.Verify(r, at).Verdict == Genuine {
					genuine.Add(1)
				}
			}
		})
	}
	for _, folder := range folders {
		next <- folder
	}
	close(next)
	both.Wait()
	return genuine.Load()
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// resetPeak makes Linux forget the most memory that this process has had.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak gives the most memory that this process has had, in KiB, 0 where /proc does not tell.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	n, _ := strconv.ParseFloat(string(bytes.Fields(append(rest, '0'))[0]), 64)
	return n
}

// What is judged many times over at once is judged as it is alone.
func TestVerifyAtOnce(t *testing.T) {
	a := newAuthority(t)
	r := issued(t, "le-mau-nhi", a, at)
	bad := r.copy()
	bad.Files["EF.DG13"] = append(bytes.Clone(r.Files["EF.DG13"]), 0)
	policy := Policy{Trust: trustIn(a)}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			want, one := Genuine, r
			if i%2 == 1 {
				want, one = NotGenuine, bad
			}
			if v := policy.Verify(one, at); v.Verdict != want {
				t.Errorf("%d: %+v", i, v)
			}
		})
	}
	all.Wait()
}
