package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

var (
	guideBlock = regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```$")
	guideCode  = regexp.MustCompile("`([^`]+)`")
	// a name of a package, and a type's method or field
	guideName = regexp.MustCompile(`^(apdu|issuer|perso|pki|reader|simulator|specimen)\.([A-Z]\w*)(?:\.([A-Z]\w*))?$`)
	guidePath = regexp.MustCompile(`^(?:card|cmd|reader|simulator|\.ci)/[\w./-]+$`)
	guideTest = regexp.MustCompile(`^Test\w+$`)
	guideMake = regexp.MustCompile(`^make (\S+)$`)
)

// guideBlocks gives the blocks of code of a page.
func guideBlocks(text string) (blocks []string) {
	for _, found := range guideBlock.FindAllStringSubmatch(text, -1) {
		blocks = append(blocks, found[1])
	}
	return blocks
}

// inSource are the names that the sources of this module declare.
type inSource struct {
	exported map[string]bool // "perso.Session.Write", "perso.Data"
	tests    map[string]bool
}

// declared reads every source file of the module.
func declared(t *testing.T) inSource {
	t.Helper()
	all := inSource{map[string]bool{}, map[string]bool{}}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all.add(file, strings.HasSuffix(path, "_test.go"))
		return nil
	})
	if err != nil || len(all.exported) < 1000 || len(all.tests) < 300 {
		t.Fatalf("%d exported names, %d tests: %v", len(all.exported), len(all.tests), err)
	}
	return all
}

func (all inSource) add(file *ast.File, test bool) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if test && d.Recv == nil {
				all.tests[d.Name.Name] = true
			}
			if !test {
				all.exported[file.Name.Name+"."+receiver(d)+d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok && !test {
					all.addType(file.Name.Name+"."+spec.Name.Name, spec)
				}
			}
		}
	}
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	of := d.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	if name, ok := of.(*ast.Ident); ok {
		return name.Name + "."
	}
	return ""
}

func (all inSource) addType(name string, spec *ast.TypeSpec) {
	all.exported[name] = true
	var fields *ast.FieldList
	switch of := spec.Type.(type) {
	case *ast.StructType:
		fields = of.Fields
	case *ast.InterfaceType:
		fields = of.Methods
	default:
		return
	}
	for _, field := range fields.List {
		for _, n := range field.Names {
			all.exported[name+"."+n.Name] = true
		}
	}
}

// What the developer's page names is there: names of packages, tests, files, targets of make.
func TestGuideNamesWhatIsThere(t *testing.T) {
	source := declared(t)
	targets, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, language := range guideLanguages() {
		text := guideBlock.ReplaceAllString(guideFile(t, "developer."+language+".md"), "")
		for _, found := range guideCode.FindAllStringSubmatch(strings.Join(strings.Fields(text), " "), -1) {
			code, there, kind := found[1], true, "else"
			switch {
			case guideName.MatchString(code):
				kind, there = "name", source.exported[code]
			case guidePath.MatchString(code):
				_, err := os.Stat("../../" + code)
				kind, there = "path", err == nil
			case guideTest.MatchString(code):
				kind, there = "test", source.tests[code]
			case guideMake.MatchString(code):
				kind, there = "make", regexp.MustCompile(`(?m)^`+guideMake.FindStringSubmatch(code)[1]+`:`).Match(targets)
			case !slices.Contains([]string{"go doc", "go run first.go"}, code) && !strings.HasPrefix(code, "cancuoc "):
				there = false // it could rot
			}
			if seen[kind]++; !there {
				t.Errorf("%s: `%s` is not there, or of no kind that is known", language, code)
			}
		}
	}
	for kind, least := range map[string]int{"name": 40, "path": 16, "test": 12, "make": 4} {
		if seen[kind] < least {
			t.Errorf("the pages name only %d of kind %s", seen[kind], kind)
		}
	}
}

// tableWords gives the first words of the lines of a page's table that begins with the given word.
func tableWords(text, first string) (words []string) {
	for _, line := range strings.Split(text, "\n") {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case strings.HasPrefix(line, "       ") && (word == first || words != nil):
			words = append(words, word)
		case words != nil:
			return words
		}
	}
	return words
}

// The steps and the methods that the page tells are those of the plan, and of the interface that a dialect has.
func TestGuideTellsThePlan(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../card/perso/terminal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var methods []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "dialect" {
			return true
		}
		for _, m := range spec.Type.(*ast.InterfaceType).Methods.List {
			methods = append(methods, m.Names[0].Name)
		}
		return false
	})
	var verbs []string
	for _, v := range perso.Verbs() {
		verbs = append(verbs, string(v))
	}
	if len(methods) < 5 || len(verbs) < 5 {
		t.Fatal(methods, verbs)
	}
	for _, language := range guideLanguages() {
		text := guideFile(t, "developer."+language+".md")
		if got := tableWords(text, verbs[0]); !slices.Equal(got, verbs) {
			t.Errorf("%s: the page has the steps %v, the plan %v", language, got, verbs)
		}
		if got := tableWords(text, methods[0]); !slices.Equal(got, methods) {
			t.Errorf("%s: the page has the methods %v, a dialect %v", language, got, methods)
		}
	}
}

// The first program of the page is the Example of this folder, to the last byte but for its name and what it prints, and has
// thirty lines.
func TestFirstProgramIsTheExample(t *testing.T) {
	example, err := os.ReadFile("first_program_test.go")
	if err != nil {
		t.Fatal(err)
	}
	program := guideBlocks(guideFile(t, "developer.en.md"))[0]
	want := strings.Replace(string(example), "func Example() {", "func main() {", 1)
	want = strings.Replace(want, "\t// Output: genuine\n", "", 1)
	if program != want || want == string(example) {
		t.Errorf("the page has\n%s\nand the example is\n%s", program, want)
	}
	if lines := strings.Count(program, "\n"); lines > 30 {
		t.Errorf("the first program has %d lines", lines)
	}
}

// Each command line of the developer's page is in a story, and so is each block that is no Go.
func TestGuideIsToldInStories(t *testing.T) {
	var stories strings.Builder
	for _, name := range []string{"testdata/script/guide.txtar", "testdata/pcsc/guide.txtar"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		stories.Write(text)
	}
	run := map[string]bool{}
	step := regexp.MustCompile(`(?m)^(?:exec|exit \d+) (cancuoc .*?)(?: &\w+&)?$`)
	for _, found := range step.FindAllStringSubmatch(stories.String(), -1) {
		run[found[1]] = true
	}
	text := guideFile(t, "developer.en.md")
	_, alone := guideCommands(text)
	for _, line := range alone {
		if !run[line] {
			t.Errorf("no story runs: %s", line)
		}
	}
	blocks := guideBlocks(text)
	for _, block := range blocks[1:] {
		if !strings.Contains(stories.String(), "--\n"+block) {
			t.Errorf("no story has:\n%s", block)
		}
	}
	if len(blocks) != 3 || len(alone) < 15 {
		t.Errorf("%d blocks, %d commands", len(blocks), len(alone))
	}
}

// Every dialect has a profile of this program, from which a new one can begin.
func TestEveryDialectHasAProfile(t *testing.T) {
	spoken := map[string]bool{}
	for _, name := range station.ChipProfileNames() {
		p, err := station.LoadChipProfile("", name)
		if err != nil {
			t.Fatal(err)
		}
		spoken[p.Dialect] = true
	}
	for _, d := range perso.Dialects() {
		if !spoken[d] {
			t.Errorf("no profile speaks %s", d)
		}
	}
}
