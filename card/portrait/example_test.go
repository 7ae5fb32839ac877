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
	// Output:
	// chip: 320 x 480 pixels, within the budget: true
	// face: 236 x 354 pixels
}
