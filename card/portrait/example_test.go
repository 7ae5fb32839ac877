package portrait_test

import (
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card/portrait"
	"github.com/cancuoc/cancuoc/card/specimen"
)

func ExampleFit() {
	photograph, err := specimen.Files().Open("dang-dinh-mau.jpg")
	if err != nil {
		log.Fatal(err)
	}
	defer photograph.Close()

	p, err := portrait.Fit(photograph)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("chip:", p.Width, "x", p.Height, "pixels, within the budget:", len(p.Chip) <= portrait.ChipBudget)
	fmt.Println("face:", portrait.FaceWidth, "x", portrait.FaceHeight, "pixels")
	fmt.Println("warnings:", len(p.Warnings))
	// Output:
	// chip: 320 x 480 pixels, within the budget: true
	// face: 236 x 354 pixels
	// warnings: 0
}

func ExampleLimits() {
	photograph, err := specimen.Files().Open("dang-dinh-mau.jpg")
	if err != nil {
		log.Fatal(err)
	}
	defer photograph.Close()

	p, err := portrait.Limits{Width: 600}.Fit(photograph)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range p.Warnings {
		fmt.Println(w.Code, w.Value, "of", w.Asked)
		fmt.Println(w.Text)
		fmt.Println(w.TextVi)
	}
	// Output:
	// portrait-small 480 of 600
	// portrait: 480 pixels wide after cropping, at least 600 are asked for
	// ảnh nhỏ: sau khi cắt rộng 480 điểm ảnh, cần ít nhất 600
}
