package cvca

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
)

// ErrVoucher is answered for a request whose outer signature is missing, or by nobody who may give it.
var ErrVoucher = errors.New("cvca: the request is not signed by whom it must be (Doc 9303-12, section 8.1.1.5)")

// PlanRequest says which key the document verifier or inspection system of this folder would ask a certificate for. Only
// role, country, mnemonic and key of the order count.
func (f *Folder) PlanRequest(o Order) (Plan, error) {
	authority, now, err := f.applicant(o.Role)
	if err != nil {
		return Plan{}, err
	}
	if now.Certificate != nil {
		o = continued(now, authority, o)
	}
	holder, err := f.holder(authority, o)
	if err != nil {
		return Plan{}, err
	}
	public, err := f.publicKey(authority)
	if err != nil {
		return Plan{}, err
	}
	name := stem(o.Role, holder)
	p := Plan{Role: o.Role.String(), Holder: holder, Authority: authority.Holder, KeyKind: public.Kind(), Key: o.Key, File: f.path(name + ".cvreq"),
		stem: name, template: cvc.Certificate{PublicKey: public}}
	if p.Key == "" {
		p.Key = "file:" + name + ".key"
	}
	return p, nil
}

// applicant gives the authority of a role, and its present holder here, if there is one.
func (f *Folder) applicant(r cvc.Role) (above, now Entry, err error) {
	above, err = f.issuer(r)
	if r == cvc.Terminal {
		now, _ = f.Terminal()
	} else {
		now, _ = f.Verifier()
	}
	return above, now, err
}

// Request makes the key and writes the request for its certificate: signed with itself and, where the holder has a key
// already, with that.
func (f *Folder) Request(p Plan, r cvc.Role) (*cvc.Request, error) {
	if _, err := os.Lstat(f.path(p.stem + ending)); err == nil {
		return nil, fmt.Errorf("cvca: %s has been certified already", p.Holder)
	}
	key, err := f.draw(p.Key, p.KeyKind, p.Holder, p.template.PublicKey.Algorithm)
	if err != nil {
		return nil, err
	}
	defer key.done()
	if err := f.keepReference(p.stem, p.Key); err != nil {
		return nil, err
	}
	request, err := cvc.NewRequest(p.Authority, p.Holder, key, rand.Reader)
	if err != nil {
		return nil, err
	}
	if _, now, _ := f.applicant(r); now.Key != "" && sameHolder(now.Holder, p.Holder) {
		old, err := f.open(now)
		if err != nil {
			return nil, err
		}
		defer old.done()
		if err := request.Vouch(now.Holder, old, rand.Reader); err != nil {
			return nil, err
		}
	}
	encoded, err := request.Encode()
	if err != nil {
		return nil, err
	}
	return request, writeFile(p.File, encoded) // over that of an interrupted run: the key is the same
}

// ReadRequest reads a request; the inner signature is verified.
func ReadRequest(path string) (*cvc.Request, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	r, err := cvc.ParseRequest(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return r, nil
}

func sameHolder(a, b string) bool { return a[:len(a)-5] == b[:len(b)-5] }

// acceptable holds a request to the rules of Doc 9303-12, section 8.1.1.5: a holder whom this authority has certified
// before signs with a key of which it knows, that is still good; anyone else may have the country's CVCA vouch.
func (f *Folder) acceptable(r *cvc.Request, issuer Entry, on date.Date) error {
	if r == nil {
		return nil
	}
	if _, taken := f.named(r.Holder); taken {
		return fmt.Errorf("cvca: %s has been certified already: its next key has the next sequence number", r.Holder)
	}
	known := false
	for _, e := range f.Certificates {
		known = known || sameHolder(e.Authority, issuer.Holder) && sameHolder(e.Holder, r.Holder)
	}
	if r.Voucher == "" {
		if known {
			return fmt.Errorf("%w: %s has had a certificate, and signs with its key", ErrVoucher, r.Holder[:len(r.Holder)-5])
		}
		return nil
	}
	voucher, ok := f.named(r.Voucher)
	switch {
	case !ok:
		return fmt.Errorf("%w: the certificate of %s, who has signed it, is not here", ErrVoucher, r.Voucher)
	case !sameHolder(r.Voucher, r.Holder) && (known || voucher.Authorization.Role() != cvc.CVCA):
		return fmt.Errorf("%w: %s does not speak for %s", ErrVoucher, r.Voucher, r.Holder)
	case voucher.Expiration.Before(on):
		return fmt.Errorf("%w: the certificate of %s has expired on %s", ErrVoucher, r.Voucher, voucher.Expiration)
	}
	public, err := f.publicKey(voucher)
	if err != nil {
		return err
	}
	if err := r.VerifyOuter(public); err != nil {
		return fmt.Errorf("%w: %w", ErrVoucher, err)
	}
	return nil
}
