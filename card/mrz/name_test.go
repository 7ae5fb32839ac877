package mrz

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestTransliterate(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Đặng Đình Mẫu", "DANG<DINH<MAU"},
		{"Nguyễn Thị Mẫu", "NGUYEN<THI<MAU"},
		{"Lê Mẫu Nhi", "LE<MAU<NHI"},
		{"ĂẮẰẲẴẶ ÂẤẦẨẪẬ ÁÀẢÃẠ", "AAAAAA<AAAAAA<AAAAA"},
		{"ÊẾỀỂỄỆ ÉÈẺẼẸ ÍÌỈĨỊ", "EEEEEE<EEEEE<IIIII"},
		{"ÔỐỒỔỖỘ ƠỚỜỞỠỢ ÓÒỎÕỌ", "OOOOOO<OOOOOO<OOOOO"},
		{"ƯỨỪỬỮỰ ÚÙỦŨỤ ÝỲỶỸỴ đĐ", "UUUUUU<UUUUU<YYYYY<DD"},
		{"ăắằẳẵặâấầẩẫậ êếềểễệ ôốồổỗộơớờởỡợ ưứừửữự", "AAAAAAAAAAAA<EEEEEE<OOOOOOOOOOOO<UUUUUU"},
		{"D'Artagnan", "DARTAGNAN"}, {"H’Bia Niê", "HBIA<NIE"}, {"Hʼmông", "HMONG"},
		{"Marie-Elise", "MARIE<ELISE"}, {"Bà Rịa – Vũng Tàu", "BA<RIA<VUNG<TAU"},
		{"Anna, Maria", "ANNA<MARIA"}, {"  A  B ", "A<B"}, {"Jr.", "JR"}, {"(Mẫu)", "MAU"},
		{"Ægir Þór Ørsted Weiß Œuvre", "AEGIR<THOR<OERSTED<WEISS<OEUVRE"},
		{"ẞ Ð Ħ Ł Ŋ Ŧ Ĳ Ŀ ı İ þ ð ł ĳ", "SS<D<H<L<N<T<IJ<L<I<I<TH<D<L<IJ"},
		{"Ä Å Ñ Ö Ü Ç Ÿ", "A<A<N<O<U<C<Y"},
		{"", ""}, {"-", ""},
	} {
		for form, in := range map[string]string{"NFC": norm.NFC.String(c.in), "NFD": norm.NFD.String(c.in)} {
			if got, err := Transliterate(in); err != nil || got != c.want {
				t.Errorf("%s (%s): %q, %v; want %q", c.in, form, got, err, c.want)
			}
		}
	}
}

// Every letter that Doc 9303-3, section 6.A, lists from U+0100 on whose entry is the letter without its mark.
func TestTransliterateMarkedLetters(t *testing.T) {
	for want, marked := range map[string]string{
		"A": "ÀÁÂÃÄÅĀĂĄ", "C": "ÇĆĈĊČ", "D": "ÐĎĐ", "E": "ÈÉÊËĒĔĖĘĚ", "G": "ĜĞĠĢ", "H": "ĤĦ", "I": "ÌÍÎÏĨĪĬĮİ",
		"J": "Ĵ", "K": "Ķ", "L": "ĹĻĽĿŁ", "N": "ÑŃŅŇŊ", "O": "ÒÓÔÕÖŌŎŐ", "R": "ŔŖŘ", "S": "ŚŜŞŠ", "T": "ŢŤŦ",
		"U": "ÙÚÛÜŨŪŬŮŰŲ", "W": "Ŵ", "Y": "ÝŶŸ", "Z": "ŹŻŽ",
	} {
		for _, r := range marked {
			for _, s := range []string{string(r), strings.ToLower(string(r))} {
				if got, err := Transliterate(s); err != nil || got != want {
					t.Errorf("%s: %q, %v; want %s", s, got, err, want)
				}
			}
		}
	}
}

func TestTransliterateNamesWhatItDoesNotKnow(t *testing.T) {
	for in, want := range map[string]string{
		"Иван": "U+0418", "Trần 2": "U+0032", "A<B": "U+003C", "阮": "U+962E", "A\x00": "U+0000",
		"A\xff": "U+FFFD", "ə": "U+0259", "A+": "U+002B", "A\u202eB": "U+202E",
	} {
		if got, err := Transliterate(in); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %q, %v; want an error with %s", in, got, err, want)
		}
	}
}

// The names of Doc 9303-5, section 4.2.3. Where several ways are open to the issuer, ours is written out.
func TestNameLine(t *testing.T) {
	for _, c := range []struct{ primary, secondary, want string }{
		{"Papandropoulous", "Jonathon Alec", "PAPANDROPOULOUS<<JONATHON<ALEC"},
		{"Van Der Muellen", "Martin", "VAN<DER<MUELLEN<<MARTIN<<<<<<<"},
		{"Al-Basri", "Huda Muhammad Jawad", "AL<BASRI<<HUDA<MUHAMMAD<JAWAD<"},
		{"Vilarchao Fernandez", "Jose Ramon", "VILARCHAO<FERNANDEZ<<JOSE<RAMO"},
		{"Arkfreith", "", "ARKFREITH<<<<<<<<<<<<<<<<<<<<<"},
		{"Satriya Sudarpa", "", "SATRIYA<SUDARPA<<<<<<<<<<<<<<<"},
		// Ours:
		{"Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA<<CHAY<DEJ<KRA"},
		{"Nilavadhanananda", "Arnpol Petch Charonguang", "NILAVADHANANANDA<<ARNP<PET<CHA"},
		{"Bennelong Wooloomooloo Warrandyte Warnambool", "Dingo Potoroo", "BENNEL<WOOLOO<WARRAN<WARNAM<<D"},
		{"Nguyễn", "Phước Vĩnh Thụy Bảo Long Hoàng Anh", "NGUYEN<<PHU<VIN<TH<BA<LO<HO<AN"},
		{strings.Repeat("A", 40), "", strings.Repeat("A", 30)},
		{strings.Repeat("A", 40), "B", strings.Repeat("A", 27) + "<<B"},
		{strings.Repeat("A", 27), "B C", strings.Repeat("A", 27) + "<<B"},
		{strings.Repeat("A", 26), "B C D", strings.Repeat("A", 25) + "<<B<C"},
		{"A B C D E F G H I J K L M N O", "P Q", "A<B<C<D<E<F<G<H<I<J<K<L<M<N<<P"},
	} {
		got, err := nameLine(c.primary, c.secondary)
		if err != nil || got != c.want {
			t.Errorf("%s, %s:\n got %q, %v\nwant %q", c.primary, c.secondary, got, err, c.want)
		}
	}
}

// Doc 9303-5, section 4.2.2.3: a name that was cut fills the line and ends with a letter, and one that fits stays whole.
func TestCutNamesEndWithALetter(t *testing.T) {
	for p := range 40 {
		for s := range 40 {
			primary, secondary := word(p+1), word(s)
			line, err := nameLine(primary, secondary)
			if err != nil || len(line) != lineLength {
				t.Fatalf("%q, %q: %q, %v", primary, secondary, line, err)
			}
			whole := joinName(parts(line2(primary)), parts(line2(secondary)))
			if len(whole) <= lineLength {
				if line != fill(whole, lineLength) {
					t.Errorf("%q fits and was written %q", whole, line)
				}
				continue
			}
			if line[29] == '<' || strings.Contains(line, "<<<") || secondary != "" && strings.Count(line, "<<") != 1 {
				t.Errorf("%q was cut to %q", whole, line)
			}
		}
	}
}

// word gives a name of n letters and separators, in parts of all lengths.
func word(n int) string {
	return strings.Trim("A BC DEF GHIJ KLMNO PQRSTU VWXYZAB C D E F"[:n], " ")
}

func line2(s string) string { return strings.ReplaceAll(s, " ", "<") }
