package vnm_test

import (
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

var (
	birth = date.Date{Year: 2000, Month: 3, Day: 15}
	issue = date.Date{Year: 2024, Month: 7, Day: 1}
)

func ExampleZone() {
	lines, err := vnm.Zone("000200000013", "Đặng Đình Mẫu", birth, "male", vnm.Expiry(birth, issue))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(lines[:], "\n"))
	// Output:
	// IDVNM2000000130000200000013<<0
	// 0003159M4003157VNM<<<<<<<<<<<6
	// DANG<<DINH<MAU<<<<<<<<<<<<<<<<
}

func ExampleParseNumber() {
	number, warnings, err := vnm.ParseNumber("000155000017")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(number.Sex, number.BirthYear)
	for _, w := range warnings {
		fmt.Println(w.Code)
	}
	// Output:
	// female 1955
	// specimen-prefix
}

func ExampleParseQR() {
	q, err := vnm.ParseQR("000155000017||Nguyễn Thị Mẫu|20081955|Nữ|Tổ 1, Mẫu, Hà Nội|02012022")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(q.FullName, q.DateOfBirth)
	// Output: Nguyễn Thị Mẫu 1955-08-20
}

func ExampleDG13_Encode() {
	file, err := vnm.DG13{
		PersonalNumber: "000200000013", FullName: "Đặng Đình Mẫu", DateOfBirth: birth, Sex: "Nam",
		DateOfIssue: issue, DateOfExpiry: vnm.Expiry(birth, issue),
	}.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	read, err := vnm.ParseDG13(file)
	fmt.Println(read.FullName, read.DateOfExpiry.Slashed(), err)
	// Output: Đặng Đình Mẫu 15/03/2040 <nil>
}
