package scan_test

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"log"
	"math"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/scan"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

const pixels = 300 / 25.4 // a millimetre

// print draws a character with a round pen: dots, close to each other.
func print(img draw.Image, middle layout.Point, char byte) {
	for _, line := range layout.Flatten(layout.OCRB(char)) {
		for i := range line[1:] {
			a, b := line[i], line[i+1]
			steps := 1 + math.Floor(math.Hypot(b.X-a.X, b.Y-a.Y)/0.05)
			for t := 0.0; t <= 1; t += 1 / steps {
				dot(img, middle.X+a.X+t*(b.X-a.X), middle.Y+a.Y+t*(b.Y-a.Y))
			}
		}
	}
}

func dot(img draw.Image, x, y float64) {
	const r = layout.OCRBStroke / 2 * pixels
	x, y = x*pixels, y*pixels
	for row := int(y - r); row <= int(y+r); row++ {
		for col := int(x - r); col <= int(x+r); col++ {
			if math.Hypot(float64(col)+0.5-x, float64(row)+0.5-y) <= r {
				img.Set(col, row, color.Black)
			}
		}
	}
}

func ExampleMRZ() {
	back := image.NewGray(image.Rect(0, 0, 1011, 638)) // 85.60 x 53.98 mm at 300 dpi
	draw.Draw(back, back.Rect, image.White, image.Point{}, draw.Src)
	for line, text := range []string{
		"IDVNM3210000097000321000009<<7", "2107028F3507027VNM<<<<<<<<<<<0", "LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<",
	} {
		for column := range text {
			print(back, layout.MRZCell(line, column), text[column])
		}
	}
	draw.Draw(back, image.Rect(272, 490, 296, 515), image.Black, image.Point{}, draw.Src) // a blot

	zone, err := scan.MRZ(back, 0)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range zone.Lines {
		fmt.Println(line)
	}
	// Output:
	// IDVNM3210000097000321000009<<7
	// 2107028?3507027VNM<<<<<<<<<<<0
	// LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<
}

func ExampleQR() {
	printed, err := qrcode.NewQRCodeWriter().Encode("000321000009||Lê Mẫu Nhi|02072021|Nữ|Tổ 1, Mẫu, Hà Nội|01082024||||",
		gozxing.BarcodeFormat_QR_CODE, 200, 200, nil)
	if err != nil {
		log.Fatal(err)
	}
	text, err := scan.QR(printed) // or any other image.Image
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(text)
	// Output:
	// 000321000009||Lê Mẫu Nhi|02072021|Nữ|Tổ 1, Mẫu, Hà Nội|01082024||||
}
