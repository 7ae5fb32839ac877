package reader

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// untimed takes the signing time out of an EF.SOD and signs anew: a file of our own making.
func untimed(t *testing.T, sod []byte, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := tlv.ParseOne(sod, 0x77)
	if err != nil {
		t.Fatal(err)
	}
	signingTime := []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 5}
	contentType := []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 3}
	var attributes, signature []byte
	der = rebuild(t, der, func(element []byte) []byte {
		if bytes.HasPrefix(element[2:], signingTime) {
			return nil
		}
		return element
	})
	rebuild(t, der, func(element []byte) []byte {
		switch {
		case element[0] == 0xA0 && bytes.HasPrefix(element[4:], contentType):
			attributes = append([]byte{0x31}, element[1:]...)
		case element[0] == 4:
			signature = element // the last one
		}
		return element
	})
	digest := sha256.Sum256(attributes)
	fresh, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return tlv.Encode(0x77, rebuild(t, der, func(element []byte) []byte {
		if bytes.Equal(element, signature) {
			var b cryptobyte.Builder
			b.AddASN1OctetString(fresh)
			return b.BytesOrPanic()
		}
		return element
	}))
}

func dg12(t *testing.T, digits string) []byte {
	t.Helper()
	file, err := lds.EncodeDG12(lds.DG12{IssuingAuthority: "SPECIMEN", DateOfIssue: lds.Date{Digits: digits}})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// The signer's key was to be used when the document was signed: at the signing time, else on the day of issue that a data
// group gives which EF.SOD covers. The document's EF.DG13 was issued on 2024-08-01.
func TestTimeOfSigning(t *testing.T) {
	good := issued(t, "le-mau-nhi", newAuthority(t), at)
	good.Files["EF.COM"] = comOf(t, 1, 12, 13, 14, 15)
	day := time.Date(2024, 8, 1, 0, 0, 0, 0, time.UTC)
	always := period(day.AddDate(-9, 0, 0), day.AddDate(9, 0, 0))
	for name, c := range map[string]struct {
		timed  bool   // EF.SOD has a signing time
		dg12   string // date of issue there; empty: none is given
		period pkix.Extension
		bend   func(f *forgery)
		want   Result
		says   string
		judge  Authenticity
	}{
		"signing time":             {true, "20240102", always, nil, Pass, "signed 2026-11-20 by the signing time in EF.SOD", Genuine},
		"signing time outside":     {true, "20240801", period(day, day), nil, Fail, "signed 2026-11-20 by the signing time", NotProven},
		"EF.DG12":                  {false, "20240102", always, nil, Pass, "signed 2024-01-02 by the date of issue in EF.DG12", Genuine},
		"EF.DG12, outside":         {false, "20240102", period(day, day), nil, Fail, "signed 2024-01-02 by the date of issue in EF.DG12", NotProven},
		"EF.DG13":                  {false, "", always, nil, Pass, "signed 2024-08-01 by the date of issue in EF.DG13", Genuine},
		"a month alone in EF.DG12": {false, "20240700", always, nil, Pass, "in EF.DG13", Genuine},
		"30 February in EF.DG12":   {false, "20240230", always, nil, Pass, "in EF.DG13", Genuine},
		"no year in EF.DG12":       {false, "00000801", always, nil, Pass, "in EF.DG13", Genuine},
		"no period":                {false, "19990102", pkix.Extension{}, nil, Pass, "1999-01-02", Genuine},

		"the last second of the day":  {false, "20240801", period(day.Add(24*time.Hour-time.Second), day.AddDate(9, 0, 0)), nil, Pass, "2024-08-01", Genuine},
		"the day after":               {false, "20240801", period(day.Add(24*time.Hour), day.AddDate(9, 0, 0)), nil, Fail, "2024-08-01", NotProven},
		"the first second of the day": {false, "20240801", period(day.AddDate(-9, 0, 0), day), nil, Pass, "2024-08-01", Genuine},
		"the day before":              {false, "20240801", period(day.AddDate(-9, 0, 0), day.Add(-time.Second)), nil, Fail, "2024-08-01", NotProven},

		"EF.DG12 that was not signed": {false, "20240102", always, func(f *forgery) {
			f.file = func(b []byte) []byte { f.reading.Files["EF.DG12"] = dg12(t, "20240103"); return b }
		}, Pass, "in EF.DG13", NotGenuine},
		"EF.DG12 that EF.SOD does not cover": {false, "20240102", always, func(f *forgery) {
			f.object = func(o *lds.SecurityObject) { delete(o.Hashes, 12) }
		}, Pass, "in EF.DG13", NotGenuine},
		"none": {false, "", always, func(f *forgery) {
			delete(f.reading.Files, "EF.DG13")
			f.reading.Files["EF.COM"] = comOf(t, 1, 12, 14, 15)
		}, Unknown, "nothing says when it was signed", NotProven},
	} {
		f := newForgery(t, good)
		f.reading.Files["EF.DG12"] = dg12(t, c.dg12)
		if c.period.Value != nil {
			f.signer.ExtraExtensions = []pkix.Extension{c.period}
		}
		if c.bend != nil {
			c.bend(f)
		}
		bent := f.file
		f.file = func(b []byte) []byte {
			if !c.timed {
				b = untimed(t, b, f.key)
			}
			if bent != nil {
				b = bent(b)
			}
			return b
		}
		v := f.judge(t)
		got := checkOf(t, v, "validity")
		if v.Verdict != c.judge || got.Result != c.want || !strings.Contains(got.Detail, c.says) || checkOf(t, v, "signature").Result != Pass {
			t.Errorf("%s: %s, %s (%s); want %s, %s: %+v", name, v.Verdict, got.Result, got.Detail, c.judge, c.want, v)
		}
	}
}

func comOf(t *testing.T, groups ...int) []byte {
	t.Helper()
	com := lds.COM{LDSVersion: "0107", UnicodeVersion: "040000"}
	for _, n := range groups {
		file, _ := lds.DataGroup(n)
		com.Tags = append(com.Tags, file.Tag)
	}
	der, err := com.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// SHA-1 is taken for what was signed before a limit: by the signing time, else by the whole of the day of issue, else by
// the end of the key's period.
func TestSHA1ByTheTimeOfSigning(t *testing.T) {
	good := issued(t, "le-mau-nhi", newAuthority(t), at)
	day := time.Date(2024, 8, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		timed, dated bool
		last         time.Time // before this one it does not hold, from this one on it does
	}{
		"signing time":  {true, true, at.Add(time.Second)},
		"date of issue": {false, true, day.AddDate(0, 0, 1)},
		"key period":    {false, false, day.AddDate(1, 0, 0).Add(time.Second)},
	} {
		for until, want := range map[time.Time]Result{{}: Weak, c.last.Add(-time.Second): Weak, c.last: Pass} {
			f := newForgery(t, good)
			f.signer.ExtraExtensions = []pkix.Extension{period(day, day.AddDate(1, 0, 0))}
			if !c.dated {
				delete(f.reading.Files, "EF.DG13")
			}
			f.object = f.bySHA1
			f.file = func(b []byte) []byte {
				if !c.timed {
					b = untimed(t, b, f.key)
				}
				return b
			}
			f.judge(t)
			v := Policy{SHA1Until: until}.Verify(f.reading, at)
			if got := checkOf(t, v, "hashes"); got.Result != want {
				t.Errorf("%s, SHA-1 until %s: %+v", name, until, got)
			}
		}
	}
	f := newForgery(t, good) // of which nothing says when it was signed, nor until when the key was used
	delete(f.reading.Files, "EF.DG13")
	f.object = f.bySHA1
	f.file = func(b []byte) []byte { return untimed(t, b, f.key) }
	f.judge(t)
	if got := checkOf(t, Policy{SHA1Until: at.AddDate(9, 0, 0)}.Verify(f.reading, at), "hashes"); got.Result != Weak {
		t.Errorf("at no time: %+v", got)
	}
}
