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

func ExampleInventor() {
	inventor, err := specimen.NewInventor(2026, "cancuoc-2024")
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		citizen, err := inventor.Next()
		if err != nil {
			log.Fatal(err)
		}
		d, err := card.ParseRecord(citizen.Record)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.FullName, "born", d.DateOfBirth, "of", d.Residence, "with", len(citizen.Files()), "image")
	}
	// Output:
	// Phan Công Mẫu Hưng born 1972-06-09 of Số 128/36/41 Đường Mẫu Đông, Phường Mẫu Khuyến, Thị xã Mẫu Đông, Bình Định with 1 image
	// Phạm Quang Mẫu born 2012-02-16 of Số 280/8/35 Đường Mẫu Nhì, Tổ dân phố 24, Phường Mẫu Hạ, Quận Mẫu Nhì, Vĩnh Long with 1 image
	// Cao Nữ Mẫu born 2005-12-05 of Số 24 Phố Mẫu Ẩm, Phường Mẫu Phượng, Thị xã Mẫu Nam, Đồng Tháp with 1 image
}
