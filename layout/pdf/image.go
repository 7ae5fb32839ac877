package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"

	"github.com/go-pdf/fpdf"
)

// image registers a JPEG file, once, and gives its name.
func (d *document) image(file []byte) string {
	hash := sha256.Sum256(file)
	if name, known := d.images[hash]; known {
		return name
	}
	turn := len(d.images)
	name := fmt.Sprintf("image%d", turn)
	d.images[hash] = name
	info := d.pdf.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "jpg"}, bytes.NewReader(file))
	if turn > 0 && d.pdf.Ok() {
		if err := widen(info, float64(turn)/(1<<24)); err != nil {
			d.fail("an image: %w", err)
		}
	}
	return name
}

// widen makes the width that an image has in pixels larger by a part of one, which is cut off where it is written. fpdf
// writes images by their widths, and those of one width in any order: each needs a width of its own for the same faces
// to give the same bytes. Its fields are within reach only as it stores them.
func widen(info *fpdf.ImageInfoType, by float64) error {
	var (
		data, mask, palette       []byte
		object, depth             int
		w, h, scale, dpi          float64
		space, filter, parameters string
		transparent               []int
	)
	fields := []any{&data, &mask, &object, &w, &h, &space, &palette, &depth, &filter, &parameters, &transparent, &scale, &dpi}
	stored, err := info.GobEncode()
	if err != nil {
		return err
	}
	decoder := gob.NewDecoder(bytes.NewReader(stored))
	for _, f := range fields {
		if err := decoder.Decode(f); err != nil {
			return err
		}
	}
	w += by
	var changed bytes.Buffer
	encoder := gob.NewEncoder(&changed)
	for _, f := range fields {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	return info.GobDecode(changed.Bytes())
}
