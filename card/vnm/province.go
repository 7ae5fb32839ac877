package vnm

import "github.com/cancuoc/cancuoc/card/date"

// Province is one line of a table of provinces.
type Province struct {
	Code       string
	Name       string
	MergedFrom []string // codes of the table of 2016, where this is not simply the province of the same code
	Note       string
}

// ProvinceTable is a list of provinces with the law behind it. The two tables are not to be mixed: seven provinces of
// 2025 carry the number that another province has in the table of 2016.
type ProvinceTable struct {
	Effective date.Date // the day from which the table holds
	Law       string
	Provinces []Province
}

// NumberPrefixes gives the table of the first three digits of personal numbers. Numbers keep their prefix whatever
// becomes of the province. Which prefix births from 1 July 2025 on get has not been found published.
func NumberPrefixes() ProvinceTable { return numberPrefixes.clone() }

// AdministrativeCodes gives the two-digit codes of the provinces since 2025. They are not prefixes of numbers.
func AdministrativeCodes() ProvinceTable { return administrativeCodes.clone() }

func (t ProvinceTable) clone() ProvinceTable {
	t.Provinces = append([]Province(nil), t.Provinces...)
	return t
}

// Find gives the province with this code.
func (t ProvinceTable) Find(code string) (Province, bool) {
	for _, p := range t.Provinces {
		if p.Code == code {
			return p, true
		}
	}
	return Province{}, false
}
