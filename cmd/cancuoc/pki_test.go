package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fieldSamples is where the master lists and certificates of the field lie, beside the project.
const fieldSamples = "../../../shared/samples/"

// atDesk runs a command line and gives its exit code and what it prints.
func atDesk(t *testing.T, args ...string) (code int, out, notes string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, streams{strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

func needsField(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(fieldSamples); err != nil {
		t.Skip("the samples are not here: ", err)
	}
}

// Every certificate of the master lists of the field is listed, none is left out, and each list is good below its own root
// and not proven below the other's.
func TestMasterListsOfTheField(t *testing.T) {
	needsField(t)
	const german, dutch = "csca/DE_ROOT_CA_CSCA07.cer", "csca/NL_ROOT_CA.cer"
	for _, c := range []struct {
		list, root, result string
		count, code        int
	}{
		{"masterlists/DE_ML_2026-05-28-08-28-45.ml", german, "good", 588, exitDone},
		{"masterlists/DE_ML_2026-05-28-08-28-45.ml", dutch, "not-proven", 588, exitNotProven},
		{"masterlists/NL_ML_2026-07-22.ml", dutch, "good", 411, exitDone},
		{"masterlists/NL_ML_2026-07-22.ml", german, "not-proven", 411, exitNotProven},
	} {
		code, out, notes := atDesk(t, "pki", "masterlist", "show", fieldSamples+c.list, "--trust", fieldSamples+c.root, "--json")
		var list shownList
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatal(err, notes)
		}
		if code != c.code || list.Verdict.Result != c.result || len(list.Certificates) != c.count {
			t.Errorf("%s below %s: exit code %d, %+v, %d certificates", c.list, c.root, code, list.Verdict, len(list.Certificates))
		}
		for i, row := range list.Certificates {
			if row.Number != i+1 || row.Error != "" || row.Kind == "" || row.Subject == "" || len(row.Country) != 2 || row.NotAfter == nil {
				t.Errorf("certificate %d: %+v", i+1, row)
			}
		}
		code, out, _ = atDesk(t, "pki", "masterlist", "show", fieldSamples+c.list)
		lines := strings.Split(out, "\n")
		if code != exitDone || len(lines) < c.count || !strings.HasPrefix(strings.TrimSpace(lines[c.count-1]), list.number(c.count-1)) {
			t.Errorf("%s: exit code %d, %d lines", c.list, code, len(lines))
		}
	}
}

// number is how a line of the list begins.
func (s shownList) number(i int) string {
	b, _ := json.Marshal(s.Certificates[i].Number)
	return string(b) + "  " + string(s.Certificates[i].Kind)
}

// A folder with the German root and list: what each certificate is taken for, and why 8 are of no use.
func TestFolderOfTheField(t *testing.T) {
	needsField(t)
	dir := t.TempDir()
	for _, name := range []string{"csca/DE_ROOT_CA_CSCA07.cer", "masterlists/DE_ML_2026-05-28-08-28-45.ml"} {
		b, err := os.ReadFile(fieldSamples + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, out, notes := atDesk(t, "pki", "show", dir)
	if code != exitDone {
		t.Fatal(code, notes)
	}
	for _, want := range []string{"\n  581  anchor\n", "\n    1  master list\n", "\n    8  none\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no line %q in\n%s", want, out[max(0, len(out)-200):])
		}
	}
	if strings.Count(out, "\n  ! ") != 8 {
		t.Errorf("%d reasons", strings.Count(out, "\n  ! "))
	}
}

// Every file of the field is shown or has a reason, whatever it is.
func TestShowEverySampleOfTheField(t *testing.T) {
	needsField(t)
	shown, refused := 0, 0
	err := filepath.WalkDir(fieldSamples, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		code, out, notes := atDesk(t, "pki", "show", path)
		good := code == exitDone && !strings.Contains(out, "\n  ! ")
		bad := code == exitInput && strings.Contains(out, "\n  ! ")
		if !good && !bad {
			t.Errorf("%s: exit code %d\n%s%s", path, code, out, notes)
		}
		switch filepath.Ext(path) {
		case ".cer", ".ml", ".cvcert":
			if !good {
				t.Errorf("%s: %s", path, out)
			}
		}
		if good {
			shown++
		} else {
			refused++
		}
		return nil
	})
	if err != nil || shown < 20 || refused < 20 {
		t.Errorf("%d shown, %d refused, %v", shown, refused, err)
	}
}
