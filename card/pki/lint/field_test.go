package lint

import (
	"maps"
	"os"
	"slices"
	"testing"
)

const samples = "../../../../shared/samples/"

func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(samples + name)
	if err != nil {
		t.Skip("the samples are not here: ", err)
	}
	return content
}

func lists() []string {
	return []string{"masterlists/DE_ML_2026-05-28-08-28-45.ml", "masterlists/NL_ML_2026-07-22.ml"}
}

// Every certificate of the master lists of the field is linted. What is found is counted by clause and field, for a person to
// read with -v.
func TestListsOfTheField(t *testing.T) {
	for _, name := range lists() {
		reports := Check(sample(t, name), Deduce)
		counts, roles := map[string]int{}, map[Role]int{}
		for _, r := range reports {
			roles[r.Role]++
			for _, f := range r.Findings {
				counts[string(f.Severity)+": "+f.Clause+": "+f.Field]++
			}
		}
		t.Logf("%s: %d things, roles %v; the list itself: %v", name, len(reports), roles, reports[0].Findings)
		for _, key := range slices.Sorted(maps.Keys(counts)) {
			t.Logf("%5d  %s", counts[key], key)
		}
	}
}
