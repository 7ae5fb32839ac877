package cvca

import (
	"errors"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
)

// What is not certified.
var (
	ErrOutlives = errors.New("cvca: the certificate would outlive its authority's, and a chip demands that all of a chain be good (Doc 9303-11, section 7.1.4.3)")
	ErrExpired  = errors.New("cvca: the authority's certificate has expired: its key signs no longer (Doc 9303-12, section 4.2)")
	ErrSpecimen = errors.New("cvca: specimens certify specimens, whose names begin with SPEC, and nobody else does")
	ErrRights   = errors.New("cvca: more than the authority itself may read")
	ErrCountry  = errors.New("cvca: a document verifier of another country is a foreign one")
	ErrOther    = errors.New("cvca: the folder has its own one already; others keep their keys and ask with a request")
	ErrPresent  = errors.New("cvca: there is none here yet to renew")
)

// specimenMark begins the mnemonics of specimens.
const specimenMark = "SPEC"

// Order is what is to be certified. Zero fields are as they were before, or as the authority has them.
type Order struct {
	Role              cvc.Role
	Country, Mnemonic string
	Rights            cvc.Rights
	Days              int
	Key               string // reference; "": a file beside the certificate
	Request           *cvc.Request
}

// Plan is what a command would do.
type Plan struct {
	Role      string    `json:"role"`
	Holder    string    `json:"holder"`
	Authority string    `json:"authority"`
	Rights    []string  `json:"rights"`
	From      date.Date `json:"from"`
	Until     date.Date `json:"until"`
	KeyKind   string    `json:"key_kind"`
	Key       string    `json:"key,omitempty"`
	File      string    `json:"file"`

	template cvc.Certificate
	stem     string
	request  *cvc.Request
}

// Plan says what would be issued by the present authority in this folder.
func (f *Folder) Plan(o Order, on date.Date) (Plan, error) {
	issuer, err := f.issuer(o.Role)
	if err != nil {
		return Plan{}, err
	}
	if err := f.acceptable(o.Request, issuer, on); err != nil {
		return Plan{}, err
	}
	p, err := f.planUnder(issuer, o, on)
	if _, now, _ := f.applicant(o.Role); err == nil && o.Request == nil && now.Key != "" && !sameHolder(now.Holder, p.Holder) {
		return Plan{}, fmt.Errorf("%w: %s", ErrOther, now.Holder)
	}
	return p, err
}

// issuer gives the one that certifies a role.
func (f *Folder) issuer(r cvc.Role) (Entry, error) {
	if r != cvc.Terminal {
		return f.CVCA()
	}
	e, ok := f.Verifier()
	if !ok {
		return e, fmt.Errorf("cvca: there is no document verifier in %s (see `cancuoc pki dv issue`)", f.Path)
	}
	return e, nil
}

func (f *Folder) planUnder(issuer Entry, o Order, on date.Date) (Plan, error) {
	if issuer.Expiration.Before(on) {
		return Plan{}, fmt.Errorf("%w: %s, on %s", ErrExpired, issuer.Holder, issuer.Expiration)
	}
	holder, err := f.holder(issuer, o)
	if err != nil {
		return Plan{}, err
	}
	if cvc.IsSpecimen(holder) != cvc.IsSpecimen(issuer.Holder) {
		return Plan{}, fmt.Errorf("%w: %s under %s", ErrSpecimen, holder, issuer.Holder)
	}
	if o.Role == cvc.DomesticDV && holder[:2] != issuer.Holder[:2] {
		return Plan{}, fmt.Errorf("%w: %s under %s", ErrCountry, holder, issuer.Holder)
	}
	if o.Rights == 0 {
		o.Rights = issuer.Authorization.Rights()
	}
	if o.Rights&^issuer.Authorization.Rights() != 0 {
		return Plan{}, fmt.Errorf("%w: %s", ErrRights, issuer.Holder)
	}
	until, err := period(issuer, o, holder, on)
	if err != nil {
		return Plan{}, err
	}
	return f.plan(o, cvc.Certificate{Authority: issuer.Holder, Holder: holder, Effective: on, Expiration: until,
		Authorization: cvc.InspectionAuthorization(o.Role, o.Rights)})
}

// holder gives the name of the key: the request's, or the one after the last that the holder has had from this country.
func (f *Folder) holder(issuer Entry, o Order) (string, error) {
	if o.Request != nil {
		return o.Request.Holder, nil
	}
	if o.Country == "" {
		o.Country = issuer.Holder[:2]
	}
	if o.Mnemonic = marked(o.Mnemonic, cvc.IsSpecimen(issuer.Holder)); o.Mnemonic == "" {
		return "", errors.New("cvca: a holder without a mnemonic")
	}
	return f.nextHolder(o.Country, o.Mnemonic, issuer.Holder[:2])
}

func (f *Folder) nextHolder(country, mnemonic, certifier string) (string, error) {
	next, err := cvc.NewReference(country, mnemonic, certifier)
	if err != nil {
		return "", fmt.Errorf("%w (%q, and a specimen's begins with %s)", err, mnemonic, specimenMark)
	}
	last := ""
	for _, e := range f.Certificates {
		r, err := cvc.ParseReference(e.Holder)
		if err == nil && r.Country == country && r.Mnemonic == mnemonic && e.Authority[:2] == certifier && e.Holder > last {
			last = e.Holder
		}
	}
	if last == "" {
		return next.String(), nil
	}
	r, err := cvc.ParseReference(last)
	if err != nil {
		return "", err
	}
	next, err = r.Next()
	return next.String(), err
}

// marked puts the mark of specimens before a mnemonic that has it not.
func marked(mnemonic string, specimen bool) string {
	if !specimen || mnemonic == "" || len(mnemonic) > 4 && mnemonic[:4] == specimenMark {
		return mnemonic
	}
	return specimenMark + mnemonic
}

// specimenDays is for how long specimens of document verifiers and inspection systems are certified, as `cancuoc init` does.
const specimenDays = 91

// wanted gives the last day that is asked for, or as long as may be.
func wanted(o Order, specimen bool, on date.Date) date.Date {
	switch {
	case o.Days != 0:
		return on.AddDays(o.Days)
	case specimen:
		return on.AddDays(specimenDays)
	}
	return cvc.PeriodOf(o.Role).Longest(on)
}

// period gives the last day. What was asked for is taken or refused; what was not ends with the authority's certificate.
func period(issuer Entry, o Order, holder string, on date.Date) (date.Date, error) {
	specimen := cvc.IsSpecimen(holder)
	until := wanted(o, specimen, on)
	switch {
	case until.After(issuer.Expiration) && o.Days != 0:
		return until, fmt.Errorf("%w: until %s, that of %s until %s", ErrOutlives, until, issuer.Holder, issuer.Expiration)
	case until.After(issuer.Expiration):
		until = issuer.Expiration
	}
	if specimen {
		return until, nil
	}
	err := cvc.PeriodOf(o.Role).Check(on, until)
	if err != nil && until == issuer.Expiration {
		err = fmt.Errorf("%w; the certificate of %s ends then: renew that first", err, issuer.Holder)
	}
	return until, err
}

// plan puts names to the files.
func (f *Folder) plan(o Order, c cvc.Certificate) (Plan, error) {
	root, err := f.CVCA()
	if err != nil {
		return Plan{}, err
	}
	name := stem(o.Role, c.Holder)
	p := Plan{Role: o.Role.String(), Holder: c.Holder, Authority: c.Authority, Rights: c.Authorization.Rights().Names(), From: c.Effective,
		Until: c.Expiration, KeyKind: root.PublicKey.Kind(), Key: o.Key, File: f.path(name + ending), template: c, stem: name, request: o.Request}
	switch {
	case o.Request != nil:
		p.Key, p.KeyKind, p.File = "", o.Request.PublicKey.Kind(), f.path(issuedFolder, fileName(c.Holder)+ending)
	case o.Key == "":
		p.Key = "file:" + name + ".key"
	}
	return p, nil
}

// PlanRenewal says what the renewal of the present document verifier or inspection system would issue: its next key, with
// the rights of the present one; and before an inspection system's the document verifier's, where that is another authority's, or
// ends before.
func (f *Folder) PlanRenewal(o Order, on date.Date) ([]Plan, error) {
	now, ok := f.Terminal()
	if o.Role != cvc.Terminal {
		now, ok = f.Verifier()
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrPresent, f.Path)
	}
	if o.Role != cvc.Terminal {
		p, err := f.renewVerifier(now, o, on)
		return []Plan{p}, err
	}
	issuer, err := f.issuer(cvc.Terminal)
	if err != nil {
		return nil, err
	}
	plans := []Plan{}
	if next, due, err := f.verifierDue(issuer, wanted(o, cvc.IsSpecimen(now.Holder), on), on); err != nil {
		return nil, err
	} else if due {
		plans = append(plans, next)
		issuer = Entry{Certificate: &next.template, Key: next.Key}
	}
	p, err := f.planUnder(issuer, continued(now, issuer, o), on)
	return append(plans, p), err
}

func (f *Folder) renewVerifier(now Entry, o Order, on date.Date) (Plan, error) {
	issuer, err := f.CVCA()
	if err != nil {
		return Plan{}, err
	}
	o.Role = now.Authorization.Role()
	return f.planUnder(issuer, continued(now, issuer, o), on)
}

// verifierDue tells whether the document verifier is to be renewed too: it is not of the present CVCA or ends too early, and
// the CVCA's key is here.
func (f *Folder) verifierDue(v Entry, until, on date.Date) (Plan, bool, error) {
	root, err := f.CVCA()
	if err != nil {
		return Plan{}, false, err
	}
	enough := v.Authority == root.Holder && !v.Expiration.Before(until)
	if enough || root.Key == "" || v.Key == "" {
		return Plan{}, false, nil
	}
	p, err := f.renewVerifier(v, Order{}, on)
	if err == nil && v.Authority == root.Holder && !p.Until.After(v.Expiration) {
		return Plan{}, false, nil // it would gain nothing: the CVCA ends
	}
	return p, err == nil, err
}

// days counts from one day to another.
func days(from, until date.Date) int {
	at := func(d date.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	return int(at(until).Sub(at(from)).Hours()) / 24
}

// continued fills an order with what the present certificate says, as far as the authority goes.
func continued(now, issuer Entry, o Order) Order {
	o.Country, o.Mnemonic = now.Holder[:2], now.Holder[2:len(now.Holder)-5]
	if o.Rights == 0 {
		o.Rights = now.Authorization.Rights() & issuer.Authorization.Rights()
	}
	return o
}
