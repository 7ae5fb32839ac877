package main

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed guide/*.md
var guideFiles embed.FS

// guidePage is a page of the guide. Its text in a language is guide/NAME.LANGUAGE.md.
type guidePage struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

func guidePages() []guidePage {
	return []guidePage{
		{"qa", "from a sample to a signed-off sheet: print, measure, read back, sign / từ bản in mẫu đến tờ nghiệm thu có chữ ký"},
		{"developer", "a reader or a dialect, written and tested on the simulator / viết và thử chương trình đọc thẻ hoặc phương ngữ"},
	}
}

// guideLanguages are the languages of every page, in the order in which they are printed.
func guideLanguages() []string { return []string{"en", "vi"} }

func newGuideCommand(d *desk) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use: "guide [PAGE]", Short: "Print a page of the guide, for the people at the desk and for developers; without one, list the pages", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, p := range guidePages() {
				names = append(names, p.Name+"\t"+p.About)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		Long: `Print a page of the guide, in English and Vietnamese or in one of them: what to do step by step, with the commands; for who
prints a form to be filled in, for who writes a reader or a dialect a first program.`,
		Example: `  cancuoc guide
  cancuoc guide qa --lang vi > qa.txt
  cancuoc guide developer --lang en`,
		RunE: func(_ *cobra.Command, args []string) error {
			languages := guideLanguages()
			if language != "" {
				if !slices.Contains(languages, language) {
					return withCode(exitUsage, fmt.Errorf("--lang: %q is not one of %s", language, strings.Join(languages, ", ")))
				}
				languages = []string{language}
			}
			if len(args) == 0 {
				return listGuide(d)
			}
			return runGuide(d, args[0], languages)
		},
	}
	cmd.Flags().StringVar(&language, "lang", "", "en or vi (else both)")
	completeFlag(cmd, "lang", func(string) []string { return guideLanguages() })
	return cmd
}

func listGuide(d *desk) error {
	pages := guidePages()
	return d.print(pages, func(w io.Writer) {
		for _, p := range pages {
			fmt.Fprintf(w, "%-10s %s\n", p.Name, p.About)
		}
	})
}

// guideText is a page in one language.
type guideText struct {
	Page     string `json:"page"`
	Language string `json:"language"`
	Text     string `json:"text"`
}

func runGuide(d *desk, name string, languages []string) error {
	if !slices.ContainsFunc(guidePages(), func(p guidePage) bool { return p.Name == name }) {
		return withCode(exitUsage, fmt.Errorf("the guide has no page %q (`cancuoc guide` lists them)", name))
	}
	var texts []guideText
	for _, language := range languages {
		text, err := guideFiles.ReadFile("guide/" + name + "." + language + ".md")
		if err != nil {
			return err
		}
		texts = append(texts, guideText{name, language, string(text)})
	}
	return d.print(texts, func(w io.Writer) {
		for i, t := range texts {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprint(w, t.Text)
		}
	})
}
