// Package specimen holds citizens who do not exist, as records with portraits and fingerprints drawn by a program: for
// demonstrations, examples and tests. Their personal numbers stand under the prefix 000, which belongs to no province
// and no country.
//
// A record is the JSON that card.ParseRecord and `cancuoc order add` take; its images, if it has any, lie beside it.
//
// A few have names and are embedded ([Names], [Record], [Files]); any number more are invented:
//
//	seed, form --> NewInventor --> Next --> Invented{Record} --> Files: portrait and fingerprints, drawn
package specimen

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed files
var files embed.FS

// Files gives the records (*.json), portraits (*.jpg) and fingerprints (*.png) in one flat folder, so that an image's
// path in a record can be opened as it stands. [os.CopyFS] writes them out.
func Files() fs.FS {
	sub, err := fs.Sub(files, "files")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Names gives the names of the records, in alphabetical order: what [Record] takes.
func Names() []string {
	var names []string
	entries, _ := fs.ReadDir(Files(), ".") // an embedded folder lists without fail
	for _, e := range entries {
		if name, found := strings.CutSuffix(e.Name(), ".json"); found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Record gives the JSON of one specimen, by its name: "dang-dinh-mau", say.
func Record(name string) ([]byte, error) {
	record, err := fs.ReadFile(Files(), path.Clean(name)+".json")
	if err != nil {
		return nil, fmt.Errorf("specimen: there is no %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return record, nil
}
