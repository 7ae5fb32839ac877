package specimen_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/specimen"
)

func Example() {
	for _, name := range specimen.Names() {
		record, err := specimen.Record(name)
		if err != nil {
			log.Fatal(err)
		}
		var d card.Document
		if err := json.Unmarshal(record, &d); err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Form, d.FullName, "until", d.DateOfExpiry)
	}
	// Output:
	// cancuoc-2024 Đặng Đình Mẫu until 2040-03-15
	// cccd-2021 Đặng Đình Mẫu until 2040-03-15
	// cancuoc-2024 Lê Mẫu Nhi until 2035-07-02
	// cccd-2021 Nguyễn Thị Mẫu until none
	// certificate-2024 Trần Mẫu An until
}
