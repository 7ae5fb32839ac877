package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/image/draw"
)

// storyCommands are what the stories can do beside running cancuoc.
func storyCommands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"card":    storyCard,
		"exit":    storyExit,
		"field":   storyField,
		"edit":    storyEdit,
		"grow":    storyGrow,
		"await":   storyAwait,
		"flip":    storyFlip,
		"hugepng": storyHugePNG,
		"setting": storySetting,
		"shrink":  storyShrink,
		"tmpfs":   storyTmpfs,
		"remount": storyRemount,
		"fill":    storyFill,
		"pcscd":   storyPCSCD,
		"plug":    storyPlug,
		"unplug":  storyUnplug,
	}
}

// storyExit runs a command that must end with the given exit code: exit 3 cancuoc ...
func storyExit(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// storyField compares one field of the JSON on the last standard output: field verdict genuine, field checks.0.result pass.
func storyField(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &value))
	for _, key := range strings.Split(args[0], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			fmt.Sscan(key, &i)
			if i >= len(v) {
				ts.Fatalf("%s: only %d there", args[0], len(v))
			}
			value = v[i]
		default:
			ts.Fatalf("%s: nothing below %v", args[0], value)
		}
	}
	want := strings.Join(args[1:], " ")
	if got := fmt.Sprint(value); (got == want) == neg {
		ts.Fatalf("%s is %q; want %q (negated: %v)", args[0], got, want, neg)
	}
}

// storyEdit writes a copy of a JSON record with one field changed: edit in.json out.json key value. The value - removes,
// and a value that begins with [ is JSON itself.
func storyEdit(ts *testscript.TestScript, _ bool, args []string) {
	var record map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &record))
	for i := 2; i+1 < len(args); i += 2 {
		switch {
		case args[i+1] == "-":
			delete(record, args[i])
		case strings.HasPrefix(args[i+1], "["):
			record[args[i]] = json.RawMessage(args[i+1])
		default:
			record[args[i]] = args[i+1]
		}
	}
	b, err := json.Marshal(record)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}

// storySetting gives a key of a TOML file another text: setting station/station.toml own_keys file:own.keys.
func storySetting(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(set(ts.MkAbs(args[0]), args[1], args[2]))
}

// set gives a key of a TOML file another text.
func set(path, key, value string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, key+" = ") })
	if i < 0 {
		return fmt.Errorf("%s has no %s", path, key)
	}
	lines[i] = fmt.Sprintf("%s = %q", key, value)
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600)
}

// storyGrow writes a copy of a file cut to a number of bytes: grow in out 100.
func storyGrow(ts *testscript.TestScript, _ bool, args []string) {
	var n int
	fmt.Sscan(args[2], &n)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(args[0])[:n]), 0o600))
}

// storyFlip flips the lowest bit of one byte of a file, counted from its end when negative: flip FILE -1.
func storyFlip(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	var n int
	fmt.Sscan(args[1], &n)
	if n < 0 {
		n += len(b)
	}
	b[n] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// storyHugePNG writes a PNG that announces 30,000 x 30,000 pixels and holds none.
func storyHugePNG(ts *testscript.TestScript, _ bool, args []string) {
	header := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00")
	header = binary.BigEndian.AppendUint32(header, crc32.ChecksumIEEE(header[12:]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), header, 0o600))
}

// storyShrink writes the picture of a JPEG file at so many pixels of width: shrink FROM TO WIDTH.
func storyShrink(ts *testscript.TestScript, _ bool, args []string) {
	from, err := jpeg.Decode(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	width, err := strconv.Atoi(args[2])
	ts.Check(err)
	to := image.NewRGBA(image.Rect(0, 0, width, width*from.Bounds().Dy()/from.Bounds().Dx()))
	draw.CatmullRom.Scale(to, to.Rect, from, from.Bounds(), draw.Src, nil)
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(errors.Join(jpeg.Encode(out, to, &jpeg.Options{Quality: 95}), out.Close()))
}
