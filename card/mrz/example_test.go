package mrz_test

import (
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/mrz"
)

func ExampleTD1_Lines() {
	zone := mrz.TD1{
		DocumentCode: "I", Issuer: "UTO", DocumentNumber: "D23145890734",
		DateOfBirth: "340712", Sex: "M", DateOfExpiry: "950712", Nationality: "UTO",
		Primary: "Stevenson", Secondary: "Peter John",
	}
	lines, err := zone.Lines()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(lines[:], "\n"))
	// Output:
	// I<UTOD23145890<7349<<<<<<<<<<<
	// 3407127M9507122UTO<<<<<<<<<<<2
	// STEVENSON<<PETER<JOHN<<<<<<<<<
}

func ExampleParse() {
	zone, err := mrz.Parse(`
I<UTOL898902C<3<<<<<<<<<<<<<<<
6908061F9406236UTO<<<<<<<<<<<2
ERIKSSON<<ANNA<MARIA<<<<<<<<<<`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(zone.Primary, "/", zone.Secondary)
	fmt.Println(zone.Information())
	// Output:
	// ERIKSSON / ANNA MARIA
	// L898902C<369080619406236
}

func ExampleTransliterate() {
	name, _ := mrz.Transliterate("Đặng Đình Mẫu")
	fmt.Println(name)
	// Output: DANG<DINH<MAU
}
