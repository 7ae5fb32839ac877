package layout_test

import (
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/layout"
)

func ExampleCompose() {
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
	for _, mark := range faces.Front.Marks {
		if text, is := mark.(layout.Text); is && text.Field != "" {
			fmt.Printf("%s at %.1f mm: %s\n", text.Field, text.Size, text.Words)
		}
	}
	// Output:
	// personal_number at 3.8 mm: 000321000009
	// full_name at 3.2 mm: Lê Mẫu Nhi
	// date_of_birth at 2.5 mm: 02/07/2021
	// sex at 2.5 mm: Nữ
	// nationality at 2.5 mm: Việt Nam
}
