package lint

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The tags of GeneralName (RFC 5280, section 4.2.1.6).
const (
	tagEmail     = 1
	tagDNS       = 2
	tagDirectory = 4
	tagURI       = 6
)

// generalName is one GeneralName: a text, or the attributes of a directory name.
type generalName struct {
	kind       uint8
	text       string
	attributes []attribute
}

// String shows the name.
func (n generalName) String() string {
	if n.kind != tagDirectory {
		return fmt.Sprintf("%+q", cut(n.text))
	}
	return cut(strings.Join(each(n.attributes, func(a attribute) []string {
		return []string{fmt.Sprintf("%s=%+q", a.id, cut(string(a.value)))}
	}), "+"))
}

// readNames reads GeneralNames, with nothing behind them.
func readNames(in cryptobyte.String) (all []generalName, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	return namesIn(seq)
}

func namesIn(in cryptobyte.String) (all []generalName, ok bool) {
	for !in.Empty() {
		e, ok := readElement(&in)
		if !ok || e.tag&0x80 == 0 {
			return nil, false
		}
		one := generalName{kind: uint8(e.tag & 0x1F), text: string(e.value)}
		if one.kind == tagDirectory && !readName(&e.value, &one.attributes) {
			return nil, false
		}
		all = append(all, one)
	}
	return all, true
}

// altNameRules are those of an alternative name: how the authority is reached, and the code of the state (Doc 9303-12, section
// 7.1.1.2). LDS2 and bar code signers have none.
func altNameRules(field, id string) []rule[certificate] {
	const clause = part + "section 7.1.1.2"
	row := func(s Severity, check func(all []generalName) []string) rule[certificate] {
		return rule[certificate]{clause, field, s, nil, with(id, func(_ certificate, value cryptobyte.String) []string {
			all, ok := readNames(value)
			if !ok {
				return nil
			}
			return check(all)
		})}
	}
	eachAttribute := func(check func(a attribute) []string) rule[certificate] {
		return row(Violation, func(all []generalName) []string {
			return each(all, func(n generalName) []string { return each(n.attributes, check) })
		})
	}
	return []rule[certificate]{
		{clause, field, Violation, nil, with(id, func(_ certificate, value cryptobyte.String) []string {
			_, ok := readNames(value)
			return when(!ok, "%s is no GeneralNames", hex(value))
		})},
		row(Violation, func(all []generalName) []string {
			return when(!slices.ContainsFunc(all, generalName.ofState), "there is no directoryName with a localityName in it")
		}),
		eachAttribute(func(a attribute) []string {
			return when(a.id != oidLocality && a.id != oidState, "its directoryName has an attribute %s, %s", a.id, a)
		}),
		eachAttribute(func(a attribute) []string {
			return when(a.id == oidLocality && !stateCode(string(a.value)), "localityName %s is no code of a state in the MRZ", a)
		}),
		eachAttribute(func(a attribute) []string {
			return when(a.id == oidState && (!stateCode(string(a.value)) || len(a.value) != 3), "stateOrProvinceName %s is no code of three letters", a)
		}),
		row(Advice, func(all []generalName) []string {
			return when(!slices.ContainsFunc(all, generalName.contact), "there is neither rfc822Name, dNSName nor uniformResourceIdentifier in it")
		}),
	}
}

func (n generalName) ofState() bool {
	return slices.ContainsFunc(n.attributes, func(a attribute) bool { return a.id == oidLocality })
}

func (n generalName) contact() bool {
	return n.text != "" && (n.kind == tagEmail || n.kind == tagDNS || n.kind == tagURI)
}

// stateCode tells a code of the MRZ: three letters, or D for Germany, which may have its fillers (Doc 9303-3, section 5).
func stateCode(code string) bool {
	return len(code) == 3 && strings.Trim(code, capitals) == "" || strings.TrimRight(code, "<") == "D" && len(code) <= 3
}

// point is one DistributionPoint (RFC 5280, section 4.2.1.13).
type point struct {
	names             []generalName
	named             bool // it has a distributionPoint
	reasons, indirect bool
}

func readPoints(in cryptobyte.String) (all []point, ok bool) {
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	for !seq.Empty() {
		var one, choice, full cryptobyte.String
		var p point
		if !seq.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadOptionalASN1(&choice, &p.named, explicit(0)) ||
			!skipOptional(&one, &p.reasons, implicit(1)) || !skipOptional(&one, &p.indirect, explicit(2)) || !one.Empty() {
			return nil, false
		}
		if choice.PeekASN1Tag(explicit(0)) {
			if !choice.ReadASN1(&full, explicit(0)) {
				return nil, false
			}
			if p.names, ok = namesIn(full); !ok {
				return nil, false
			}
		}
		all = append(all, p)
	}
	return all, true
}

// distributionRules are those of CRLDistributionPoints (Doc 9303-12, table 6 and section 7.1.1.4).
func distributionRules() []rule[certificate] {
	const field, places = "CRLDistributionPoints", part + "section 7.1.1.4"
	row := func(clause string, check func(all []point) []string) rule[certificate] {
		return rule[certificate]{clause, field, Violation, nil, with(oidDistributionPoints, func(_ certificate, value cryptobyte.String) []string {
			all, ok := readPoints(value)
			if !ok {
				return nil
			}
			return check(all)
		})}
	}
	has := func(all []point, what func(p point) bool, text string) []string {
		return when(slices.ContainsFunc(all, what), "%s", text)
	}
	return []rule[certificate]{
		{places, field, Violation, nil, with(oidDistributionPoints, func(_ certificate, value cryptobyte.String) []string {
			_, ok := readPoints(value)
			return when(!ok, "%s is no CRLDistributionPoints", hex(value))
		})},
		row(places, func(all []point) []string {
			return when(!slices.ContainsFunc(all, func(p point) bool { return len(p.names) > 0 }), "no place is in it")
		}),
		row(tableSix, schemes),
		row(tableSix, func(all []point) []string {
			return has(all, func(p point) bool { return !p.named }, "a point in it has no distributionPoint")
		}),
		row(tableSix, func(all []point) []string {
			return has(all, func(p point) bool { return p.reasons }, "reasons are there")
		}),
		row(tableSix, func(all []point) []string {
			return has(all, func(p point) bool { return p.indirect }, "cRLIssuer is there")
		}),
	}
}

// schemes tells of places that are reached neither by ldap, http nor https.
func schemes(all []point) []string {
	return each(all, func(p point) []string {
		return each(p.names, func(n generalName) []string {
			scheme, _, _ := strings.Cut(n.text, ":")
			known := slices.Contains([]string{"ldap", "http", "https"}, strings.ToLower(scheme))
			return when(n.kind != tagURI || !known, "%s is reached neither by ldap, http nor https", n)
		})
	})
}
