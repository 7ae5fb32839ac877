package specimen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// longestResidence is in letters.
const longestResidence = 90

// place is a commune that does not exist, in a province that does: its parts, the narrowest first.
type place struct {
	urban bool
	parts []string
}

func (p place) String() string { return strings.Join(p.parts, ", ") }

// commune invents a commune as it would be called on a day: since 1 July 2025 there are 34 provinces and no districts.
func commune(r *rand.Rand, on date.Date) place {
	table, p := vnm.AdministrativeCodes(), place{urban: r.IntN(2) == 0}
	before := on.Before(table.Effective)
	if before {
		table = vnm.NumberPrefixes()
	}
	kinds, districts := []string{"Xã", "Xã", "Xã", "Thị trấn"}, []string{"Huyện"}
	if p.urban {
		kinds, districts = []string{"Phường"}, []string{"Quận", "Thị xã", "Thành phố"}
	}
	if !before {
		kinds = kinds[:1]
	}
	p.parts = []string{oneOf(r, kinds) + " " + placeName(r)}
	if before {
		p.parts = append(p.parts, oneOf(r, districts)+" "+placeName(r))
	}
	p.parts = append(p.parts, oneOf(r, table.Provinces).Name)
	return p
}

// placeName gives a name that says itself that it is a specimen's.
func placeName(r *rand.Rand) string {
	return mark + " " + oneOf(r, []string{
		"Tây", "Đông", "Nam", "Bắc", "Thượng", "Hạ", "Trung", "Nội", "Ngoại", "Ẩm", "Ngữ", "Trường", "Phượng", "Khuyến", "Nguyễn", "Ước", "Nhất", "Nhì",
	})
}

// residence invents an address on a day, of at most so many bytes as far as parts can be left out.
func residence(r *rand.Rand, on date.Date, room int) string {
	p := commune(r, on)
	all := append(address(r, p.urban), p.parts...)
	for {
		text := strings.Join(all, ", ")
		if len(all) == len(p.parts) || len(text) <= room && utf8.RuneCountInString(text) <= longestResidence {
			return text
		}
		all = all[1:]
	}
}

// address invents what stands before the commune; sometimes nothing.
func address(r *rand.Rand, urban bool) (parts []string) {
	if !urban {
		switch r.IntN(4) {
		case 0:
			return nil
		case 1:
			return []string{fmt.Sprintf("Tổ %d", 1+r.IntN(20))}
		}
		return []string{fmt.Sprintf("Đội %d", 1+r.IntN(12)), oneOf(r, []string{"Thôn", "Ấp", "Bản", "Buôn", "Xóm"}) + " " + placeName(r)}
	}
	if r.IntN(4) == 0 {
		parts = append(parts, fmt.Sprintf("Căn hộ %d%02d", 2+r.IntN(30), 1+r.IntN(16)), "Chung cư "+placeName(r))
	}
	number := fmt.Sprint(1 + r.IntN(300))
	for range r.IntN(3) {
		number += fmt.Sprintf("/%d", 1+r.IntN(60))
	}
	parts = append(parts, "Số "+number+" "+oneOf(r, []string{"Đường", "Phố"})+" "+placeName(r))
	if r.IntN(2) == 0 {
		parts = append(parts, fmt.Sprintf("%s %d", oneOf(r, []string{"Khu phố", "Tổ dân phố"}), 1+r.IntN(30)))
	}
	return parts
}
