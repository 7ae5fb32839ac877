package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/reader"
)

type filesOptions struct {
	paths []string
	as    string
	only  []string
	inspectOptions
}

func newFilesCommand(d *desk) *cobra.Command {
	var opts filesOptions
	cmd := &cobra.Command{
		Use: "files FILE... | DIR | --card REF ACCESS", Short: "Show the files of a chip, object by object",
		Long: `Show any file of a chip as a tree: each data object with tag, length, name and value, and where it breaks. A FILE is
known by its name, as "cancuoc read -o DIR" stores it, else by its content, or is told with --as; DIR is a folder of such
a reading. From a card the files are read first; ACCESS is that of "cancuoc read". No image is shown, but its format, size
and hash. Nothing is verified: see "cancuoc verify". A file that cannot be read to its end is shown as far as it goes, with
exit code 3.`,
		Example: `  cancuoc files reading
  cancuoc files reading --only DG14 --only SOD
  cancuoc files dump.bin --as DG13 --json
  cancuoc files --card sim:card.sim --mrz mrz.txt --only CardAccess`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.paths = args
			return runFiles(cmd.Context(), d, opts)
		},
	}
	opts.addReadingTo(cmd)
	cmd.Flags().StringVar(&opts.as, "as", "", "what the file is: `NAME` of the standard, EF.DG13 or DG13")
	cmd.Flags().StringArrayVar(&opts.only, "only", nil, "show the file with this `NAME` alone; may be repeated")
	for _, flag := range []string{"as", "only"} {
		completeFlag(cmd, flag, func(string) []string { return fileNames() })
	}
	return cmd
}

// fileNames are the names of the catalogue.
func fileNames() []string {
	var names []string
	for _, f := range lds.Catalogue() {
		names = append(names, f.Name)
	}
	return names
}

// fileNamed gives the standard's name of a file, which may be typed without its EF. and in any case.
func fileNamed(flag, typed string) (string, error) {
	for _, name := range fileNames() {
		if strings.EqualFold(typed, name) || strings.EqualFold(typed, strings.TrimPrefix(name, "EF.")) {
			return name, nil
		}
	}
	return "", withCode(exitUsage, fmt.Errorf("--%s %s: the catalogue has no such file; it has %s", flag, typed, strings.Join(fileNames(), ", ")))
}

func runFiles(ctx context.Context, d *desk, opts filesOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	trees, err := d.trees(ctx, opts)
	if err != nil {
		return err
	}
	if trees, err = chosen(trees, opts.only); err != nil {
		return err
	}
	if err := d.print(trees, func(w io.Writer) { writeTrees(w, trees) }); err != nil {
		return err
	}
	if slices.ContainsFunc(trees, reader.Node.Broken) {
		return silent(exitInput)
	}
	return nil
}

// check settles the names and that there is one source of files.
func (o *filesOptions) check() (err error) {
	ofCard := o.card != "" || o.access.given()
	switch {
	case len(o.paths) == 0 && !ofCard:
		return withCode(exitUsage, errors.New("which files? name a FILE, the folder of a reading, or a card with --card"))
	case len(o.paths) > 0 && ofCard:
		return withCode(exitUsage, errors.New("name files, or a card with --card, not both"))
	case o.as != "" && ofCard:
		return withCode(exitUsage, errors.New("--as is for a FILE: the files of a card have names"))
	}
	if o.as != "" {
		if o.as, err = fileNamed("as", o.as); err != nil {
			return err
		}
	}
	for i := range o.only {
		if o.only[i], err = fileNamed("only", o.only[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) trees(ctx context.Context, opts filesOptions) ([]reader.Node, error) {
	if len(opts.paths) == 0 {
		ref, inspection, err := d.inspection(opts.inspectOptions)
		if err != nil {
			return nil, err
		}
		reading, err := d.readCard(ctx, ref, inspection)
		return treesOf(reading), cardError(ctx, err)
	}
	var trees []reader.Node
	for _, path := range opts.paths {
		some, err := d.treesAt(path, opts.as)
		if err != nil {
			return nil, err
		}
		trees = append(trees, some...)
	}
	return trees, nil
}

// treesOf shows the files of a reading, in the order of the catalogue.
func treesOf(r reader.Reading) []reader.Node {
	var trees []reader.Node
	for _, name := range fileNames() {
		if content, there := r.Files[name]; there {
			trees = append(trees, reader.Tree(name, content))
		}
	}
	return trees
}

// treesAt shows a file, or those of a stored reading.
func (d *desk) treesAt(path, as string) ([]reader.Node, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if as != "" {
			return nil, withCode(exitUsage, fmt.Errorf("--as is for a FILE, and %s is a folder", path))
		}
		reading, err := reader.Load(path)
		return treesOf(reading), withCode(exitInput, err)
	}
	content, err := d.chipFile(path)
	if err != nil {
		return nil, err
	}
	if _, known := lds.ByName(filepath.Base(path)); known && as == "" {
		as = filepath.Base(path)
	}
	return []reader.Node{reader.Tree(as, content)}, nil
}

// chipFile reads a file that a chip might hold, or "-" for standard input.
func (d *desk) chipFile(path string) ([]byte, error) {
	const most = 1 << 20
	in := d.stdin
	if path != "-" {
		f, err := regular.Open(path)
		if err != nil {
			return nil, withCode(exitInput, err)
		}
		defer f.Close()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, most+1))
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err == nil && len(content) > most {
		err = fmt.Errorf("%s: longer than %d bytes, and than any file of a chip", path, most)
	}
	return content, withCode(exitInput, err)
}

// chosen keeps the files that were asked for, and is an error where one of them is not there.
func chosen(trees []reader.Node, only []string) ([]reader.Node, error) {
	for _, name := range only {
		if !slices.ContainsFunc(trees, func(n reader.Node) bool { return n.Name == name }) {
			return nil, withCode(exitInput, fmt.Errorf("there is no %s among these files", name))
		}
	}
	if len(only) == 0 {
		return trees, nil
	}
	return slices.DeleteFunc(trees, func(n reader.Node) bool { return !slices.Contains(only, n.Name) }), nil
}

func writeTrees(w io.Writer, trees []reader.Node) {
	for i, n := range trees {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s  %s%s\n", printable(n.Name), bytesOf(n.Length), remark(n))
		writeWrong(w, n, "  ")
		writeNodes(w, n.Children, "  ")
	}
}

// writeNodes writes the objects of one level, names in one column.
func writeNodes(w io.Writer, nodes []reader.Node, indent string) {
	width := 0
	for _, n := range nodes {
		if n.Value != "" {
			width = max(width, min(utf8.RuneCountInString(printable(n.Name)), 40))
		}
	}
	for _, n := range nodes {
		head := fmt.Sprintf("%s%-4s %5d  %s", indent, n.Tag, n.Length, printable(n.Name))
		if n.Tag == "" {
			head = indent + printable(n.Name)
		}
		pad := max(0, width-utf8.RuneCountInString(printable(n.Name)))
		if n.Value != "" {
			head += strings.Repeat(" ", pad) + "  " + printable(n.Value)
		}
		fmt.Fprintln(w, strings.TrimRight(head+remark(n), " "))
		writeWrong(w, n, indent+"  ")
		writeNodes(w, n.Children, indent+"  ")
	}
}

func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

func remark(n reader.Node) string {
	if n.Note == "" {
		return ""
	}
	return "  (" + printable(plain(n.Note)) + ")"
}

func writeWrong(w io.Writer, n reader.Node, indent string) {
	if n.Error != "" {
		fmt.Fprintf(w, "%s! %s\n", indent, printable(plain(n.Error)))
	}
}
