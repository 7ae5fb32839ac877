package pdf_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/layout"
	"github.com/cancuoc/cancuoc/layout/pdf"
)

func ExampleWrite() {
	faces, err := layout.Compose(layout.Card{
		Document: card.Document{
			Form: "cancuoc-2024",
			Citizen: card.Citizen{
				PersonalNumber: "000321000009",
				FullName:       "Lê Mẫu Nhi",
				DateOfBirth:    date.Date{Year: 2021, Month: 7, Day: 2},
				Sex:            card.Female,
				Residence:      "Tổ 1, Mẫu, Hà Nội",
			},
			DateOfIssue:  date.Date{Year: 2024, Month: 8, Day: 1},
			DateOfExpiry: date.Date{Year: 2035, Month: 7, Day: 2},
		},
		MRZ: [3]string{"IDVNM3210000097000321000009<<7", "2107028F3507027VNM<<<<<<<<<<<0", "LE<<MAU<NHI<<<<<<<<<<<<<<<<<<<"},
		QR:  "000321000009||Lê Mẫu Nhi|02072021|Nữ|Tổ 1, Mẫu, Hà Nội|01082024||||",
	})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer // or an *os.File
	if err := pdf.Write(&file, faces.Front, faces.Back); err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Count(file.Bytes(), []byte("/Type /Page\n")), "pages")
	// Output:
	// 2 pages
}
