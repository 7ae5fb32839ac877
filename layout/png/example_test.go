package png_test

import (
	"bytes"
	"fmt"
	stdpng "image/png"
	"log"

	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/png"
)

func ExampleWrite() {
	face := layout.Face{Side: layout.Front, Width: 85.60, Height: 53.98, Marks: []layout.Mark{
		layout.Text{X: 5, Y: 10, Size: 3, Font: layout.Sans, Words: "Lê Mẫu Nhi"},
	}}
	var file bytes.Buffer // or an *os.File
	if err := png.Write(&file, face, 300); err != nil {
		log.Fatal(err)
	}
	size, err := stdpng.DecodeConfig(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(size.Width, "x", size.Height, "pixels")
	// Output:
	// 1011 x 638 pixels
}
