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
	deflate *zlib.Writer
	data    bytes.Buffer
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
	row := make([]byte, 1+3*wide+2) // rows are worked on eight bytes at a time
	row[0] = 2                      // Up
	above := make([]byte, 4*wide)   // the first row
	for y := range page.Rect.Dy() {
		pixels := page.Pix[y*page.Stride : y*page.Stride+4*wide]
		if bytes.Equal(pixels, above) {
			clear(row[1:])
		} else {
			differences(row[1:], pixels, above)
		}
		if _, err := e.deflate.Write(row[:1+3*wide]); err != nil {
			return err
		}
		above = pixels
	}
	return e.deflate.Close()
}

// differences gives by how much red, green and blue of each pixel differ from those of the pixel above.
func differences(to, pixels, above []byte) {
	for len(pixels) >= 8 && len(above) >= 8 && len(to) >= 8 {
		two := subtract(binary.LittleEndian.Uint64(pixels), binary.LittleEndian.Uint64(above))
		binary.LittleEndian.PutUint64(to, two&0xffffff|two>>8&0xffffff000000)
		to, pixels, above = to[6:], pixels[8:], above[8:]
	}
	for i := range min(3, len(pixels)) {
		to[i] = pixels[i] - above[i]
	}
}

// subtract gives x - y for each of eight bytes; the highest bit of each stops a borrow.
func subtract(x, y uint64) uint64 {
	const high = 0x8080808080808080
	return ((x | high) - (y &^ high)) ^ ((x ^ ^y) & high)
}
