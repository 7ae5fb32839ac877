package vnm

// Entry is one line of a table: a code, and the name that the chip carries in its place.
type Entry struct{ Code, Name string }

// EthnicGroups gives the 54 ethnic groups, then 55 for foreigners and 56 for unknown.
func EthnicGroups() []Entry { return append([]Entry(nil), ethnicGroups...) }

// Religions gives the religions that the census tells apart; 99 is none.
func Religions() []Entry { return append([]Entry(nil), religions...) }
