package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
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

// A certificate of a list that cannot be read has its number and its reason, and one that signs documents signs no lists.
func TestMasterListWithABrokenCertificate(t *testing.T) {
	a, err := pki.NewSpecimenAuthority(rand.Reader, time.Now(), "UT")
	if err != nil {
		t.Fatal(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
			b.AddBytes([]byte{0x30, 3, 2, 1, 0})
			b.AddBytes(a.CSCA.Raw)
		})
	})
	signer := cms.Signer{Certificate: a.DocumentSigner.Raw, Key: a.DocumentSignerKey}
	der, err := cms.Sign(b.BytesOrPanic(), []int{2, 23, 136, 1, 1, 2}, signer, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	list, root := filepath.Join(t.TempDir(), "list.ml"), filepath.Join(t.TempDir(), "root.cer")
	if err := errors.Join(os.WriteFile(list, der, 0o600), pki.WriteCertificate(root, a.CSCA)); err != nil {
		t.Fatal(err)
	}
	code, out, _ := atDesk(t, "pki", "masterlist", "show", list, "--trust", root)
	for _, want := range []string{"    1  ! certificate of 5 bytes cannot be read", "    2  root  UT", "\n2 certificates", "not-proven: the certificate is not one for signing this kind of list"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != exitNotProven {
		t.Errorf("exit code %d", code)
	}
	if code, out, _ = atDesk(t, "pki", "show", list, "--json"); code != exitDone || !strings.Contains(out, `"unread": 1`) {
		t.Errorf("exit code %d: %s", code, out)
	}
}
