package pkcs11

import (
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	for text, want := range map[string]URI{
		"pkcs11:": {path: map[string]string{}},
		"pkcs11:token=ds;object=k?module-path=/usr/lib/m.so": {
			path: map[string]string{"token": "ds", "object": "k"}, modulePath: "/usr/lib/m.so",
		},
		"pkcs11:id=%00%ff;type=private;model=A%20b?pin-source=file:/run/pin&module-name=softhsm2": {
			path: map[string]string{"id": "\x00\xff", "type": "private", "model": "A b"}, moduleName: "softhsm2", pinFile: "/run/pin",
		},
		"pkcs11:token=%C4%90%E1%BA%B7ng&a:[]@!$'()*+,=?pin-source=file:///run/a?b&x-vendor=1&x-vendor=2": {
			path: map[string]string{"token": "Đặng&a:[]@!$'()*+,="}, pinFile: "/run/a?b",
		},
		"pkcs11:object=?pin-source=/run/pin": {path: map[string]string{"object": ""}, pinFile: "/run/pin"},
	} {
		got, err := ParseURI(text)
		if err != nil || !maps.Equal(got.path, want.path) || got.modulePath != want.modulePath || got.moduleName != want.moduleName ||
			got.pinFile != want.pinFile {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestWhatIsNoURI(t *testing.T) {
	for text, says := range map[string]string{
		"":                                             "scheme",
		"PKCS11:token=a":                               "scheme",
		"file:key.pem":                                 "scheme",
		"pkcs11:token":                                 "name=value",
		"pkcs11:=a":                                    "name=value",
		"pkcs11:token=a;":                              "name=value",
		"pkcs11:token=a;;object=b":                     "name=value",
		"pkcs11:to ken=a":                              "name=value",
		"pkcs11:token=a;token=b":                       "twice",
		"pkcs11:token=a b":                             "%20",
		"pkcs11:token=a/b":                             "%2F",
		"pkcs11:token=Đ":                               "percent-encoded",
		"pkcs11:token=%":                               "hexadecimal",
		"pkcs11:token=%4":                              "hexadecimal",
		"pkcs11:token=%4g":                             "hexadecimal",
		"pkcs11:token=%ff":                             "UTF-8",
		"pkcs11:slot-id=0":                             "token=LABEL",
		"pkcs11:x-vendor=a":                            "x-vendor",
		"pkcs11:library-version=2":                     "library-version",
		"pkcs11:type=public":                           "type=private",
		"pkcs11:token=a?":                              "name=value",
		"pkcs11:token=a?pin-value=1234":                "list of processes",
		"pkcs11:token=a?pin-value=12 34":               "list of processes",
		"pkcs11:token=a?PIN-VALUE=1234":                "list of processes",
		"pkcs11:token=a?Pin_Value=1234":                "list of processes",
		"pkcs11:token=a?pinvalue=1234":                 "list of processes",
		"pkcs11:token=a?pin%2Dvalue=1234":              "list of processes",
		"pkcs11:token=a?%70in%2dvalue=1234":            "list of processes",
		"pkcs11:token=a?pin-value:1234":                "list of processes",
		"pkcs11:token=a? pin-value=1234":               "list of processes",
		"pkcs11:token=a?pin-value1234":                 "list of processes",
		"pkcs11:token=a;pin-value=1234":                "list of processes",
		"pkcs11:token=a;pin value=12#34":               "list of processes",
		"pkcs11:?module-path=/m.so?pin-value=1234":     "list of processes",
		"pkcs11:?module-path=/m.so;pin-value=1234":     "list of processes",
		"pkcs11:?pin-source=/pin|pin-value=1234":       "list of processes",
		"pkcs11:token=a?pin%252Dvalue=1234":            "name=value",
		"pkcs11:token=a?pin%value:1234":                "list of processes",
		"pkcs11:token=a?1234":                          "name=value",
		"pkcs11:token=a;1234":                          "name=value",
		"pkcs11:token=a?pin-source=pin":                "absolute",
		"pkcs11:token=a?pin-source=|ask":               "absolute",
		"pkcs11:token=a?pin-source=file:pin":           "absolute",
		"pkcs11:token=a?module-path=m.so":              "absolute",
		"pkcs11:a?module-path=/m.so":                   "name=value",
		"pkcs11:?module-path=/a&module-path=/":         "twice",
		"pkcs11:?module-path=/a&module-name=b":         "both",
		"pkcs11:?module-name=../m":                     "module-path",
		"pkcs11:?module-name=":                         "module-path",
		"pkcs11:?module-path=/a%00":                    "absolute",
		"pkcs11:object=" + strings.Repeat("a", maxURI): "longer",
	} {
		_, err := ParseURI(text)
		if !errors.Is(err, ErrURI) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v; want %q", text, err, says)
		}
		if err != nil && strings.Contains(err.Error(), "34") {
			t.Errorf("the error shows the PIN: %v", err)
		}
	}
}

func TestURIString(t *testing.T) {
	const text = "pkcs11:id=%01%61;object=a%20b;token=%C4%90"
	u, err := ParseURI(text + "?pin-source=/run/pin&module-path=/m.so")
	if err != nil || u.String() != text {
		t.Errorf("%v, %v", u, err)
	}
}

// What is read, written and read again is the same.
func FuzzParseURI(f *testing.F) {
	f.Add("pkcs11:token=a;object=b;id=%01?module-path=/m.so&pin-source=file:/pin")
	f.Add("pkcs11:serial=%2f&;model=?x=|&module-name=a")
	f.Add("pkcs11:?pin-value=1")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseURI(text)
		if err != nil {
			return
		}
		again, err := ParseURI(u.String())
		if err != nil || !maps.Equal(u.path, again.path) {
			t.Errorf("%q is written as %q: %v", text, u, err)
		}
	})
}
