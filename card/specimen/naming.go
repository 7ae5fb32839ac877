package specimen

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Names are put together from words that very many names have. "Mẫu", specimen, is one part of each, so that nobody
// takes it for a person's.
const mark = "Mẫu"

// naming makes names as an ethnic group has them.
type naming struct {
	r         *rand.Rand
	ethnicity string
}

// highland tells whether names put the family last, after a word for the sex.
func (n naming) highland() bool {
	return slices.Contains([]string{"Ê-đê", "Gia-rai", "Mnông"}, n.ethnicity)
}

func (n naming) family() string {
	if n.highland() {
		return oneOf(n.r, highlandFamilies())
	}
	return oneOf(n.r, families())
}

// full gives a name of any length, from two words on.
func (n naming) full(family string, female bool) string {
	kind := n.r.IntN(20)
	if n.highland() || kind > 5 {
		return n.plain(family, female)
	}
	if kind == 0 {
		return family + " " + mark
	}
	middle, other := n.middle(female), oneOf(n.r, families())
	given := func() string { return oneOf(n.r, givenNames()) }
	switch kind {
	case 1, 2:
		return words(family, other, middle, mark, given())
	case 3:
		return words(family, other, middle, given(), mark, given())
	case 4:
		return words(family, middle, n.middle(female), other, mark, given(), given())
	}
	return words(family, middle, mark, given(), given())
}

// plain gives a name of three or four words.
func (n naming) plain(family string, female bool) string {
	if n.highland() {
		if female {
			return words("H'"+mark, oneOf(n.r, givenNames()), family)
		}
		return words("Y", mark, oneOf(n.r, givenNames()), family)
	}
	given := oneOf(n.r, givenNames())
	switch n.r.IntN(4) {
	case 0:
		return words(family, mark, given)
	case 1:
		return words(family, n.middle(female), mark)
	}
	return words(family, n.middle(female), mark, given)
}

func (n naming) middle(female bool) string {
	if female {
		return oneOf(n.r, []string{"Thị", "Thị", "Thị", "Ngọc", "Thu", "Kim", "Diệu", "Quỳnh", "Thùy", "Nữ"})
	}
	return oneOf(n.r, []string{"Văn", "Văn", "Văn", "Hữu", "Đức", "Công", "Quang", "Đình", "Trọng", "Ngữ"})
}

func words(all ...string) string { return strings.Join(all, " ") }

func families() []string {
	return []string{
		"Nguyễn", "Nguyễn", "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ",
		"Ngô", "Dương", "Lý", "Đinh", "Trịnh", "Đoàn", "Lương", "Trương", "Mai", "Tô", "Quách", "Thạch", "Lâm", "Cao", "Châu",
		"Hà", "Tạ", "Kiều", "Ông", "Nghiêm", "Khuất",
	}
}

func highlandFamilies() []string {
	return []string{"Niê", "Êban", "Kbuôr", "Mlô", "Knul", "Ksor", "Siu", "Rơ Châm"}
}

func givenNames() []string {
	return []string{
		"An", "Ánh", "Ẩm", "Ân", "Bảo", "Bình", "Châu", "Chiến", "Cường", "Dũng", "Duyên", "Đạt", "Điệp", "Giang", "Hải", "Hạnh",
		"Hiếu", "Hòa", "Huệ", "Hưng", "Khánh", "Khuyến", "Kỳ", "Lan", "Liễu", "Lộc", "Mỹ", "Nghĩa", "Ngữ", "Nguyệt", "Nhật", "Oanh",
		"Phú", "Phượng", "Quế", "Quyền", "Sáng", "Sỹ", "Tâm", "Thắng", "Thiện", "Thuận", "Thưởng", "Trường", "Tuyết", "Uyển", "Việt",
		"Vượng", "Xuyến", "Ý", "Yến",
	}
}

// feature gives an identifying feature, as the card of 2021 prints it.
func feature(r *rand.Rand) string {
	return words(
		oneOf(r, []string{"Nốt ruồi mẫu", "Sẹo chấm mẫu", "Sẹo mẫu dài"}),
		oneOf(r, []string{"cách 1 cm", "cách 1,5 cm", "cách 2 cm", "cách 3 cm"}),
		oneOf(r, []string{"dưới mắt trái", "trên đuôi mày phải", "trước tai trái", "dưới mép phải", "sau cánh mũi trái"}))
}
