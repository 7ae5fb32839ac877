package portrait

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"
)

// Pixels of the chip's image at most, and at least how good a JPEG it may become before it is made smaller instead.
const (
	chipWidth   = 320
	chipHeight  = 480
	faceQuality = 92
	bestQuality = 90
	lastQuality = 40
	stepQuality = 5
)

// picture is a decoded photograph and how it has to be turned to stand upright (EXIF orientation, 1 to 8).
type picture struct {
	image.Image
	orientation int
}

// size gives the width and height of the upright picture.
func (p picture) size() (w, h int) {
	b := p.Bounds()
	if p.lying() {
		return b.Dy(), b.Dx()
	}
	return b.Dx(), b.Dy()
}

// lying tells whether upright and stored picture have width and height exchanged.
func (p picture) lying() bool { return p.orientation >= 5 }

func (l Limits) compose(p picture) (Portrait, error) {
	crop := frame(p.size())
	if crop.Dx() < FaceWidth || crop.Dy() < FaceHeight {
		w, h := p.size()
		return Portrait{}, fmt.Errorf("portrait: %d x %d pixels is %w: after cropping to 2:3 at least %d x %d are needed",
			w, h, ErrTooSmall, FaceWidth, FaceHeight)
	}
	printed := p.resize(crop, FaceWidth, FaceHeight)
	face, err := encode(printed, faceQuality)
	if err != nil {
		return Portrait{}, err
	}
	portrait := Portrait{Face: face, Warnings: l.judge(measure(printed, crop.Dx()))}
	err = portrait.fitChip(p, crop)
	return portrait, err
}

// frame gives the largest part of 2:3 of an upright picture: the middle of one that is too wide, and of one that is
// too high the upper part, where the head is, leaving out a quarter of what goes above it.
func frame(w, h int) image.Rectangle {
	if 3*w > 2*h {
		cut := h * 2 / 3
		x := (w - cut) / 2
		return image.Rect(x, 0, x+cut, h)
	}
	cut := w * 3 / 2
	y := (h - cut) / 4
	return image.Rect(0, y, w, y+cut)
}

// fitChip makes the chip's image, at the best quality that the budget allows. Only a picture of noise comes to the
// smaller sizes.
func (portrait *Portrait) fitChip(p picture, crop image.Rectangle) error {
	w, h := chipWidth, chipHeight
	if crop.Dx() < w {
		w, h = FaceWidth, FaceHeight
	}
	for ; w >= 40; w, h = w*3/4, h*3/4 {
		img := p.resize(crop, w, h)
		for quality := bestQuality; quality >= lastQuality; quality -= stepQuality {
			chip, err := encode(img, quality)
			if err != nil {
				return err
			}
			if len(chip) <= ChipBudget {
				portrait.Chip, portrait.Width, portrait.Height = chip, w, h
				return nil
			}
		}
	}
	return fmt.Errorf("portrait: %w: it does not come under %d bytes", ErrTooLarge, ChipBudget)
}

// resize gives the part of the upright picture in crop at w x h pixels, on white where the picture is transparent.
func (p picture) resize(crop image.Rectangle, w, h int) *image.RGBA {
	sw, sh := w, h
	if p.lying() {
		sw, sh = h, w
	}
	small := image.NewRGBA(image.Rect(0, 0, sw, sh))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(small, small.Bounds(), p.Image, p.stored(crop), draw.Over, nil)
	return turn(small, p.orientation)
}

// stored gives where a part of the upright picture lies in the file's own pixels.
func (p picture) stored(r image.Rectangle) image.Rectangle {
	b := p.Bounds()
	w, h := b.Dx(), b.Dy()
	x0, y0 := source(p.orientation, r.Min.X, r.Min.Y, w, h)
	x1, y1 := source(p.orientation, r.Max.X-1, r.Max.Y-1, w, h)
	return image.Rect(min(x0, x1), min(y0, y1), max(x0, x1)+1, max(y0, y1)+1).Add(b.Min)
}

// turn gives an image upright that is stored with the given orientation.
func turn(img *image.RGBA, orientation int) *image.RGBA {
	if orientation == upright {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	up := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		up = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range up.Rect.Dy() {
		for x := range up.Rect.Dx() {
			sx, sy := source(orientation, x, y, w, h)
			up.SetRGBA(x, y, img.RGBAAt(sx, sy))
		}
	}
	return up
}

// source gives the stored pixel that stands at x, y of the upright picture; w and h are the stored size.
func source(orientation, x, y, w, h int) (sx, sy int) {
	right, bottom := w-1, h-1
	switch orientation {
	case 2:
		return right - x, y
	case 3:
		return right - x, bottom - y
	case 4:
		return x, bottom - y
	case 5:
		return y, x
	case 6:
		return y, bottom - x
	case 7:
		return right - y, bottom - x
	case 8:
		return right - y, x
	}
	return x, y
}

func encode(img image.Image, quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("portrait: encode: %w", err)
	}
	return out.Bytes(), nil
}
