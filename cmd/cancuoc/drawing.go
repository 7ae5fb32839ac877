package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
	"github.com/cancuoc/cancuoc/layout/png"
	"github.com/cancuoc/cancuoc/layout/svg"
)

// drawing says what is drawn of a card, and into which files.
type drawing struct {
	out    string // a file, or a folder for many
	side   string
	format string
	dpi    int
}

// formats are the kinds of files that faces are drawn into.
func formats() []string { return []string{"pdf", "png", "svg"} }

func sides() []string { return []string{string(layout.Front), string(layout.Back), "both"} }

func (o *drawing) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&o.out, "output", "o", "", "the `FILE` to write, ending in .pdf, .png or .svg, or a folder")
	flags.StringVar(&o.side, "side", "both", "front, back or both")
	flags.StringVar(&o.format, "format", "", "pdf, png or svg, for the files in a folder (default pdf)")
	flags.IntVar(&o.dpi, "dpi", 300, "resolution of PNG, in dots per inch")
	completeFlag(cmd, "side", func(string) []string { return sides() })
	completeFlag(cmd, "format", func(string) []string { return formats() })
}

// complete checks the options and finds out the format.
func (o *drawing) complete() error {
	extension := strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out)), ".")
	switch {
	case o.out == "":
		return errors.New("name what to write: -o FILE.pdf, -o FILE.png, -o FILE.svg or -o DIR/")
	case !slices.Contains(sides(), o.side):
		return fmt.Errorf("--side: %q is not one of %s", o.side, strings.Join(sides(), ", "))
	case o.dpi < 72 || o.dpi > 2400:
		return fmt.Errorf("--dpi: %d; from 72 to 2400 can be drawn", o.dpi)
	case o.folder() && o.format == "":
		o.format = "pdf"
	case !o.folder() && !slices.Contains(formats(), extension):
		return fmt.Errorf("%s: the name of a file ends in .pdf, .png or .svg, that of a folder in /", o.out)
	case !o.folder() && o.format != "" && o.format != extension:
		return fmt.Errorf("--format %s, and the file is to be named %s", o.format, o.out)
	case !o.folder():
		o.format = extension
	}
	if !slices.Contains(formats(), o.format) {
		return fmt.Errorf("--format: %q is not one of %s", o.format, strings.Join(formats(), ", "))
	}
	return nil
}

// folder tells whether each card is to get a file of its own name.
func (o *drawing) folder() bool {
	info, err := os.Stat(o.out)
	return strings.HasSuffix(o.out, "/") || err == nil && info.IsDir()
}

// write draws one card and gives the files' names. name is the file's in a folder, without its ending.
func (o *drawing) write(name string, faces layout.Faces) ([]string, error) {
	path := o.out
	if o.folder() {
		if err := os.MkdirAll(o.out, 0o700); err != nil {
			return nil, err
		}
		path = filepath.Join(o.out, name+"."+o.format)
	}
	drawn := o.faces(faces)
	if o.format == "pdf" {
		return []string{path}, regular.WriteFile(path, func(w io.Writer) error { return pdf.Write(w, drawn...) })
	}
	var files []string
	for _, face := range drawn {
		file := path
		if len(drawn) > 1 {
			ending := filepath.Ext(path)
			file = strings.TrimSuffix(path, ending) + "-" + string(face.Side) + ending
		}
		if err := regular.WriteFile(file, func(w io.Writer) error { return o.paint(w, face) }); err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}

// faces gives those that are asked for.
func (o *drawing) faces(all layout.Faces) []layout.Face {
	switch o.side {
	case string(layout.Front):
		return []layout.Face{all.Front}
	case string(layout.Back):
		return []layout.Face{all.Back}
	}
	return []layout.Face{all.Front, all.Back}
}

func (o *drawing) paint(w io.Writer, face layout.Face) error {
	if o.format == "svg" {
		return svg.Write(w, face)
	}
	return png.Write(w, face, o.dpi)
}
