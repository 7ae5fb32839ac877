package png

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"math"
)

// encoder writes PNG files of one kind: 8 bits each of red, green and blue, no row interlaced. image/png tries all five
// filters on each row, which takes longer than all the painting; on faces, where most of a row is as the row above,
// one of them is nearly always the right one.
type encoder struct {
	deflate              *zlib.Writer
	data                 bytes.Buffer
	row, above, filtered []byte
}

// encode writes a page and its resolution in dots per inch.
func (e *encoder) encode(w io.Writer, page *image.RGBA, dpi int) error {
	if err := e.compress(page); err != nil {
		return fmt.Errorf("png: %w", err)
	}
	size := page.Rect.Size()
	file := []byte("\x89PNG\r\n\x1a\n") // PNG, third edition, section 5.2
	header := binary.BigEndian.AppendUint32(nil, uint32(size.X))
	header = binary.BigEndian.AppendUint32(header, uint32(size.Y))
	file = chunk(file, "IHDR", append(header, 8, 2, 0, 0, 0)) // section 11.2.1; 2 is truecolour
	file = chunk(file, "pHYs", resolution(dpi))
	file = chunk(file, "IDAT", e.data.Bytes())
	file = chunk(file, "IEND", nil)
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("png: %w", err)
	}
	return nil
}

// chunk appends a chunk (section 5.3).
func chunk(file []byte, name string, data []byte) []byte {
	file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
	from := len(file)
	file = append(append(file, name...), data...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[from:]))
}

// resolution gives what pHYs says (section 11.3.4.3): pixels in a metre, both ways.
func resolution(dpi int) []byte {
	perMetre := uint32(math.Round(float64(dpi) * 1000 / perInch))
	data := binary.BigEndian.AppendUint32(nil, perMetre)
	return append(binary.BigEndian.AppendUint32(data, perMetre), 1) // the unit is the metre
}

// compress fills e.data with the pixels, each row as what it differs by from the row above (section 9.2, filter Up).
func (e *encoder) compress(page *image.RGBA) error {
	e.data.Reset()
	if e.deflate == nil {
		deflate, err := zlib.NewWriterLevel(&e.data, zlib.BestSpeed)
		if err != nil {
			return err
		}
		e.deflate = deflate
	}
	e.deflate.Reset(&e.data)
	wide := page.Rect.Dx()
	e.row, e.above, e.filtered = room(e.row, wide), room(e.above, wide), room(e.filtered, wide)
	var before []byte
	for y := range page.Rect.Dy() {
		pixels := page.Pix[y*page.Stride : y*page.Stride+4*wide]
		if bytes.Equal(pixels, before) {
			clear(e.filtered)
		} else {
			pack(e.row, pixels)
			subtract(e.filtered[1:], e.row, e.above)
			e.row, e.above = e.above, e.row
		}
		e.filtered[0] = 2 // Up
		if _, err := e.deflate.Write(e.filtered[:1+3*wide]); err != nil {
			return err
		}
		before = pixels
	}
	return e.deflate.Close()
}

// room gives zeros for a row of pixels, a byte before it, and seven after it, since rows are worked on eight bytes at a
// time.
func room(row []byte, wide int) []byte {
	if size := 1 + 3*wide + 7; cap(row) < size {
		return make([]byte, size)
	}
	row = row[:1+3*wide+7]
	clear(row)
	return row
}

// pack leaves out the opacity of pixels.
func pack(to, pixels []byte) {
	for len(pixels) >= 8 && len(to) >= 8 {
		two := binary.LittleEndian.Uint64(pixels)
		binary.LittleEndian.PutUint64(to, two&0xffffff|two>>8&0xffffff000000)
		to, pixels = to[6:], pixels[8:]
	}
	if len(pixels) >= 4 {
		to[0], to[1], to[2] = pixels[0], pixels[1], pixels[2]
	}
}

// subtract gives a - b for each byte, eight at once: the highest bit of each byte stops a borrow.
func subtract(to, a, b []byte) {
	const high = 0x8080808080808080
	for len(a) >= 8 && len(b) >= 8 && len(to) >= 8 {
		x, y := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
		binary.LittleEndian.PutUint64(to, ((x|high)-(y&^high))^((x^^y)&high))
		to, a, b = to[8:], a[8:], b[8:]
	}
}
