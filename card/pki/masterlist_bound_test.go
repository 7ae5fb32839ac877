package pki

import (
	"runtime"
	"slices"
	"testing"
)

// A list of empty elements, two bytes each, is refused by their number: of each a certificate and an error would be kept.
func TestMasterListOfNothings(t *testing.T) {
	m := newMade(t, Profiles()[1], true)
	der := masterList(t, m.listsKey, slices.Repeat([]Certificate{{Raw: []byte{0x30, 0}}}, 1_000_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ParseMasterList(der)
	runtime.ReadMemStats(&after)
	t.Logf("%d bytes allocated for a list of %d bytes", after.TotalAlloc-before.TotalAlloc, len(der))
	if err == nil {
		t.Error("a list of a million nothings is taken")
	}
}
