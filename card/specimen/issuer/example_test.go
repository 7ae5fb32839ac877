package issuer_test

import (
	"crypto/rand"
	"fmt"
	"log"
	"time"

	"github.com/cancuoc/cancuoc/card/specimen/issuer"
)

// What goes onto the chip of a specimen who has no portrait yet.
func Example() {
	office, err := issuer.New(rand.Reader, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	data, err := office.Issue("le-mau-nhi", "vn-cancuoc-2024")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range data.Files {
		fmt.Print(f.Name(), " ")
	}
	fmt.Println("by", office.Trust().Anchors[0].Subject)
	// Output:
	// EF.CVCA EF.CardAccess EF.COM EF.DG1 EF.DG13 EF.DG14 EF.DG15 EF.SOD by CN=SPECIMEN CSCA,O=SPECIMEN cancuoc,C=VN
}
