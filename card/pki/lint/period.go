package lint

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// usagePeriod is PrivateKeyUsagePeriod; a time that is not stated is zero.
type usagePeriod struct{ from, to time.Time }

const generalized = "20060102150405Z"

// readPeriod reads a PrivateKeyUsagePeriod and tells what is wrong with its encoding.
func readPeriod(in cryptobyte.String) (p usagePeriod, wrong []string) {
	var seq cryptobyte.String
	whole := in
	ok := in.ReadASN1(&seq, cbasn1.SEQUENCE) && in.Empty()
	for n, t := range []*time.Time{&p.from, &p.to} {
		var text cryptobyte.String
		var present bool
		if ok = ok && seq.ReadOptionalASN1(&text, &present, implicit(uint8(n))); !ok || !present {
			continue
		}
		parsed, err := time.Parse(generalized, string(text))
		wrong = append(wrong, when(err != nil || len(text) != len(generalized), "%+q is no GeneralizedTime with seconds and Z", cut(string(text)))...)
		*t = parsed
	}
	switch {
	case !ok || !seq.Empty():
		return p, []string{fmt.Sprintf("%s is no PrivateKeyUsagePeriod", hex(whole))}
	case len(wrong) > 0:
		return p, wrong
	}
	return p, when(p.from.IsZero() && p.to.IsZero(), "neither notBefore nor notAfter is in it")
}

// periodRules are those of PrivateKeyUsagePeriod (Doc 9303-12, table 6 and section 4.1).
func periodRules() []rule[certificate] {
	const field = "PrivateKeyUsagePeriod"
	row := func(clause string, s Severity, roles []Role, check func(c certificate, p usagePeriod) []string) rule[certificate] {
		return rule[certificate]{clause, field, s, roles, with(oidPrivateKeyUsage, func(c certificate, value cryptobyte.String) []string {
			p, wrong := readPeriod(value)
			if len(wrong) > 0 {
				return nil
			}
			return check(c, p)
		})}
	}
	signers := append(listSigners(), Communication, Other)
	return []rule[certificate]{
		{tableSix, field, Violation, nil, with(oidPrivateKeyUsage, func(_ certificate, value cryptobyte.String) []string {
			_, wrong := readPeriod(value)
			return wrong
		})},
		row(tableSix, Violation, nil, func(_ certificate, p usagePeriod) []string {
			return when(!p.from.IsZero() && !p.to.IsZero() && p.to.Before(p.from), "it ends on %s, before it begins on %s", second(p.to), second(p.from))
		}),
		row(part+"section 4.1.4.1", Violation, cscas(), outside),
		row(part+"section 4.1.1.1", Violation, []Role{DocumentSigner}, outside),
		row(part+"section 4.1", Advice, signers, outside),
		row(part+"section 4.1.4.2", Advice, cscas(), func(c certificate, p usagePeriod) []string {
			from, to := p.within(c)
			return when(to.Before(from.AddDate(3, 0, 0)) || to.After(from.AddDate(5, 0, 0)),
				"the key is used from %s to %s; three to five years are recommended", second(from), second(to))
		}),
		row(part+"section 4.1.1.2", Advice, []Role{DocumentSigner}, func(c certificate, p usagePeriod) []string {
			from, to := p.within(c)
			return when(to.After(from.AddDate(0, 4, 0)), "the key is used from %s to %s; three months at most are recommended, and table 1 leaves little more",
				second(from), second(to))
		}),
	}
}

// within gives the period, with the certificate's own time for what is not stated.
func (p usagePeriod) within(c certificate) (from, to time.Time) {
	if from, to = p.from, p.to; from.IsZero() {
		from = c.NotBefore
	}
	if to.IsZero() {
		to = c.NotAfter
	}
	return from, to
}

// outside tells of a key that is used while its certificate is not valid.
func outside(c certificate, p usagePeriod) []string {
	from, to := p.within(c)
	if to.Before(from) {
		return nil // told already
	}
	return append(when(from.Before(c.NotBefore), "the key is used from %s, and the certificate is valid from %s", second(from), second(c.NotBefore)),
		when(to.After(c.NotAfter), "the key is used to %s, and the certificate is valid to %s", second(to), second(c.NotAfter))...)
}
