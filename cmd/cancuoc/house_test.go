package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cancuoc/cancuoc/"

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 20 {
		t.Fatalf("go list sees only %d packages", len(all))
	}
	return all
}

func room(path string) string {
	top, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	return top
}

// Between the top folders there are seven arrows, tests included; reader and simulator never know each other, and
// card knows none of the others.
func TestWhoMayImportWhom(t *testing.T) {
	may := map[string][]string{
		"cmd": {"card", "reader", "layout", "simulator"}, "reader": {"card"}, "simulator": {"card"}, "layout": {"card"}, "card": nil,
	}
	for _, p := range packages(t) {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			from, to := room(p.ImportPath), room(imported)
			if from != to && !slices.Contains(may[from], to) {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// Each of these modules has one importer. (github.com/makiuchi-d/gozxing has two: layout has each code decoded that it
// makes, and layout/scan reads them from pictures.)
func TestOneImporterEach(t *testing.T) {
	only := map[string]string{
		"github.com/ebfe/scard": "reader/pcsc", "modernc.org/sqlite": "card/register", "database/sql": "card/register",
		"github.com/go-pdf/fpdf": "layout/pdf", "github.com/skip2/go-qrcode": "layout", "github.com/spf13/cobra": "cmd/cancuoc",
		"github.com/BurntSushi/toml": "cmd/cancuoc/station", "github.com/go-fonts/liberation": "layout",
		"filippo.io/nistec": "card/internal/ec", "github.com/miekg/pkcs11": "card/pki/pkcs11",
		"rsc.io/qr": "layout", "filippo.io/age": "cmd/cancuoc",
	}
	seen := map[string]bool{}
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for name, importer := range only {
				if imported != name && !strings.HasPrefix(imported, name+"/") {
					continue
				}
				seen[name] = true
				if p.ImportPath != module+importer {
					t.Errorf("%s imports %s, which only %s may", p.ImportPath, imported, importer)
				}
			}
		}
	}
	if len(seen) != len(only) {
		t.Errorf("of %d modules only %v are imported: is this list true?", len(only), seen)
	}
}

// Only package pkcs11 says that a key is in a token, and only package pki takes its word.
func TestWhoKnowsKeysInTokens(t *testing.T) {
	const intoken = module + "card/pki/internal/intoken"
	for _, p := range packages(t) {
		if slices.Contains(p.Imports, intoken) && p.ImportPath != module+"card/pki" && p.ImportPath != module+"card/pki/pkcs11" {
			t.Errorf("%s imports %s", p.ImportPath, intoken)
		}
	}
}
