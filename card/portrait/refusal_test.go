package portrait

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// headerOnly is a PNG that ends after the header, which says so many pixels.
func headerOnly(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 2, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(head))
}

func bomb() []byte { return headerOnly(30_000, 30_000) }

func TestRefusals(t *testing.T) {
	whole := jpegOf(t, noise(400, 600))
	wholePNG := pngOf(t, quarters(400, 600))
	scans := append(bytes.Clone(whole), bytes.Repeat([]byte("\xff\xda"), maxScans)...)
	for _, c := range []struct {
		name string
		file []byte
		kind error
		says string
	}{
		{"nothing", nil, ErrNotImage, "portrait: file is not a JPEG or PNG image"},
		{"text", []byte("a portrait"), ErrNotImage, "portrait: file is not a JPEG or PNG image"},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), ErrNotImage, "not a JPEG or PNG"},
		{"JPEG cut in half", whole[:len(whole)/2], ErrTruncated, "portrait: image is truncated: it ends before its last line of pixels"},
		{"JPEG without its end", whole[:len(whole)-2], ErrTruncated, "truncated"},
		{"JPEG cut in its header", whole[:30], ErrTruncated, "truncated"},
		{"PNG cut in half", wholePNG[:len(wholePNG)/2], ErrTruncated, "truncated"},
		{"PNG without its end", wholePNG[:len(wholePNG)-12], ErrTruncated, "truncated"},
		{"PNG with a wrong checksum", flipped(wholePNG, len(wholePNG)-14), ErrDamaged, "damaged"},
		{"a pixel column too many", headerOnly(8001, 5000), ErrTooLarge, "portrait: 8001 x 5000 pixels is too large: the limit is 40 million pixels"},
		{"as many pixels as are taken", headerOnly(8000, 5000), ErrTruncated, "truncated"},
		{"bomb", bomb(), ErrTooLarge, "portrait: 30000 x 30000 pixels is too large: the limit is 40 million pixels"},
		{"too many scans", scans, ErrTooLarge, "portrait: JPEG of 101 scans is too large: the limit is 100"},
		{"small", jpegOf(t, quarters(235, 354)), ErrTooSmall,
			"portrait: 235 x 354 pixels is too small: after cropping to 2:3 at least 236 x 354 are needed"},
		{"a strip", jpegOf(t, quarters(5000, 50)), ErrTooSmall, "too small"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Fit(bytes.NewReader(c.file))
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func flipped(file []byte, at int) []byte {
	file = bytes.Clone(file)
	file[at] ^= 1
	return file
}

func TestBombCostsNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Fit(bytes.NewReader(bomb()))
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; err == nil || spent > 1<<20 {
		t.Errorf("%d bytes were allocated, err %v", spent, err)
	}
}

// endless is a reader that does not end and does not know its size.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestFileThatIsTooLarge(t *testing.T) {
	e := &endless{}
	if _, err := Fit(e); !errors.Is(err, ErrTooLarge) || e.read > 2*MaxFile {
		t.Errorf("%d bytes read, %v", e.read, err)
	}
	path := filepath.Join(t.TempDir(), "large.jpg")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 11<<20); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const want = "portrait: file of 11534336 bytes is too large: the limit is 10485760"
	if _, err := Fit(file); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// To the last byte that is taken, and one more.
func TestFileOfTheLargestSize(t *testing.T) {
	file := jpegOf(t, quarters(300, 450))
	file = append(file, make([]byte, MaxFile-len(file))...)
	if _, err := Fit(bytes.NewReader(file)); err != nil {
		t.Error(err)
	}
	if _, err := Fit(bytes.NewReader(append(file, 0))); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, fs.ErrPermission }

func TestFileThatCannotBeRead(t *testing.T) {
	if _, err := Fit(broken{}); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	if _, err := Fit(io.LimitReader(broken{}, 1)); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}
