package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A command line stands alone on its line, where its output may go to a file, or in a sentence between backticks.
var (
	guideLine     = regexp.MustCompile(`(?m)^\s+(cancuoc .*)$`)
	guideSentence = regexp.MustCompile("`(cancuoc [^`]*)`")
)

// guideCommands gives the command lines of a page, and those of them that stand alone.
func guideCommands(text string) (all, alone []string) {
	for _, found := range guideLine.FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(found[1], " > ")
		alone = append(alone, line)
	}
	for _, found := range guideSentence.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return append(all, alone...), alone
}

// shellWords parts a line as a shell does: at spaces, and what stands in single quotes is one word.
func shellWords(line string) (words []string) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 0 {
			words = append(words, strings.Fields(part)...)
		} else {
			words = append(words, part)
		}
	}
	return words
}

func guideFile(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(guideFiles, "guide/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parsed parses a command line as the program would, up to running it, and gives the command and the flags that it uses.
func parsed(line string) (string, error) {
	cmd, rest, err := newRoot(&desk{}).Find(shellWords(line)[1:])
	if err != nil {
		return "", err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return "", err
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return "", err
	}
	if cmd.HasSubCommands() && cmd.Flags().NArg() == 0 && cmd.Flags().NFlag() == 0 || !cmd.HasParent() {
		return "", fmt.Errorf("%s alone does nothing", cmd.CommandPath())
	}
	used := cmd.CommandPath()
	for _, word := range rest {
		if strings.HasPrefix(word, "-") {
			used += " " + word
		}
	}
	return used, nil
}

// Every command that the guide names is there, with its flags and as many arguments.
func TestGuideNamesRealCommands(t *testing.T) {
	for _, page := range guidePages() {
		for _, language := range guideLanguages() {
			all, alone := guideCommands(guideFile(t, page.Name+"."+language+".md"))
			if len(alone) < 5 {
				t.Errorf("%s.%s: only %d command lines are found", page.Name, language, len(alone))
			}
			for _, line := range alone {
				t.Run(language+" "+line, func(t *testing.T) {
					if _, err := parsed(line); err != nil {
						t.Error(err)
					}
				})
			}
			for _, line := range all[:len(all)-len(alone)] {
				if cmd, _, err := newRoot(&desk{}).Find(shellWords(line)[1:]); err != nil || !cmd.HasParent() {
					t.Errorf("%s.%s: %s: %v", page.Name, language, line, err)
				}
			}
		}
	}
}

// What a page says in one language it says in the other: the same commands with the same flags, as many steps, the same
// numbers but for the comma, the same blocks of code, and a form of as many lines.
func TestGuideSaysTheSameInBothLanguages(t *testing.T) {
	for _, page := range guidePages() {
		en, vi := guideFile(t, page.Name+".en.md"), guideFile(t, page.Name+".vi.md")
		_, a := guideCommands(en)
		_, b := guideCommands(vi)
		if len(a) != len(b) {
			t.Fatalf("%s: %d and %d command lines", page.Name, len(a), len(b))
		}
		for i := range a {
			ofA, errA := parsed(a[i])
			ofB, errB := parsed(b[i])
			if ofA != ofB {
				t.Errorf("%s: %s (%v) and %s (%v)", page.Name, ofA, errA, ofB, errB)
			}
		}
		for _, pattern := range []string{`(?m)^\d\. `, `(?m)^   - `, `_{5,}`} {
			there := page.Name == "qa" || pattern != `_{5,}` // only that page has a form
			if x, y := len(regexp.MustCompile(pattern).FindAllString(en, -1)), len(regexp.MustCompile(pattern).FindAllString(vi, -1)); x != y || x > 0 != there {
				t.Errorf("%s: %s: %d times in English, %d in Vietnamese", page.Name, pattern, x, y)
			}
		}
		if x, y := guideBlocks(en), guideBlocks(vi); !slices.Equal(x, y) {
			t.Errorf("%s: blocks of code %q and %q", page.Name, x, y)
		}
		number := regexp.MustCompile(`\d+[.,]\d+`)
		dotted := func(text string) (all []string) {
			for _, n := range number.FindAllString(text, -1) {
				all = append(all, strings.Replace(n, ",", ".", 1))
			}
			slices.Sort(all)
			return slices.Compact(all)
		}
		if x, y := dotted(en), dotted(vi); !slices.Equal(x, y) {
			t.Errorf("%s: numbers %v and %v", page.Name, x, y)
		}
	}
}

// A page goes on as many sheets of paper as are given to it, in letters that are composed.
func TestGuidePagesFitOnPaper(t *testing.T) {
	sheets := map[string]int{"qa": 1, "developer": 3}
	names, err := fs.Glob(guideFiles, "guide/*.md")
	if err != nil || len(names) != len(guidePages())*len(guideLanguages()) {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text := guideFile(t, strings.TrimPrefix(name, "guide/"))
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		page, _, _ := strings.Cut(strings.TrimPrefix(name, "guide/"), ".")
		if len(lines) > 66*sheets[page] || !norm.NFC.IsNormalString(text) {
			t.Errorf("%s: %d lines", name, len(lines))
		}
		for i, line := range lines {
			if utf8.RuneCountInString(line) > 102 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s:%d: too long, or ends in a space: %s", name, i+1, line)
			}
		}
	}
}
