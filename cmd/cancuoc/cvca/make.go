package cvca

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/cancuoc/cancuoc/card/pki/cvc"
)

// ErrPlainKey is answered for a key file without a passphrase, and tells how a key file gets its passphrase.
var ErrPlainKey = errors.New("cvca: the key file of one that is no specimen is not encrypted (openssl pkcs8 -topk8 -v2prf hmacWithSHA256 does it)")

// ErrOtherKey is answered where a key is not that of the certificate beside which it is.
var ErrOtherKey = errors.New("cvca: the key is not that of the certificate")

// opened is a key that may sign, until done.
type opened struct {
	cvc.Signer
	key crypto.Signer
}

// done lets the key go.
func (o opened) done() {
	if c, ok := o.key.(io.Closer); ok {
		c.Close()
	}
}

// open opens the key of a certificate.
func (f *Folder) open(e Entry) (opened, error) {
	if e.Key == "" {
		return opened{}, fmt.Errorf("%w: that of %s (`cancuoc pki %s request` writes a request to who has it)", ErrNoKey, e.Holder, below(e))
	}
	if err := f.sealed(e.Key, e.Holder); err != nil {
		return opened{}, err
	}
	key, err := f.keys.Open(e.Key)
	if err != nil {
		return opened{}, err
	}
	o, err := adapt(key, e.PublicKey.Algorithm)
	if err != nil {
		return opened{}, err
	}
	if !e.Holds(o) {
		o.done()
		return opened{}, fmt.Errorf("%w: %s", ErrOtherKey, e.Holder)
	}
	return o, nil
}

// below names the command of those whom a certificate's holder certifies.
func below(e Entry) string {
	if e.Authorization.Role() == cvc.CVCA {
		return "dv"
	}
	return "is"
}

func adapt(key crypto.Signer, a cvc.Algorithm) (opened, error) {
	signer, err := cvc.SignerOf(key, a)
	o := opened{signer, key}
	if err != nil {
		o.done()
	}
	return o, err
}

// draw makes the key that a plan names, or opens it where an interrupted run has made it.
func (f *Folder) draw(ref, kind, holder string, a cvc.Algorithm) (opened, error) {
	key, err := f.keys.Make(rand.Reader, ref, kind, cvc.IsSpecimen(holder))
	if err != nil {
		return opened{}, err
	}
	if err := f.sealed(ref, holder); err != nil {
		return opened{}, err
	}
	return adapt(key, a)
}

// Make issues what was planned and puts it into the folder.
func (f *Folder) Make(p Plan) (Entry, error) {
	issuer, ok := f.named(p.Authority)
	if !ok {
		return Entry{}, fmt.Errorf("cvca: the certificate of %s is not here", p.Authority)
	}
	above, err := f.open(issuer)
	if err != nil {
		return Entry{}, err
	}
	defer above.done()
	public, err := above.Public()
	if err != nil {
		return Entry{}, err
	}
	if p.request != nil {
		return f.certify(p, p.request.PublicKey, above)
	}
	if _, err := os.Lstat(p.File); err == nil {
		return Entry{}, fmt.Errorf("cvca: %s is there already: another %s has that number", p.File, p.Role)
	}
	own, err := f.draw(p.Key, public.Kind(), p.Holder, public.Algorithm)
	if err != nil {
		return Entry{}, err
	}
	defer own.done()
	if public, err = own.Public(); err != nil {
		return Entry{}, err
	}
	if err := f.keepReference(p.stem, p.Key); err != nil {
		return Entry{}, err
	}
	e, err := f.certify(p, public, above)
	if err != nil || e.Authorization.Role() != cvc.Terminal {
		return e, err
	}
	return e, f.switchTerminal(e)
}

// certify signs and writes one certificate.
func (f *Folder) certify(p Plan, public cvc.PublicKey, above cvc.Signer) (Entry, error) {
	c := p.template
	c.PublicKey = public
	made, err := cvc.Issue(c, above, rand.Reader)
	if err != nil {
		return Entry{}, err
	}
	if err := f.remember("issued", made); err != nil {
		return Entry{}, err
	}
	encoded, err := made.Encode()
	if err != nil {
		return Entry{}, err
	}
	if err := writeNew(p.File, encoded); err != nil {
		return Entry{}, err
	}
	if err := f.read(); err != nil {
		return Entry{}, err
	}
	e, _ := f.named(made.Holder)
	return e, nil
}

// switchTerminal puts the new key where the station looks for it: until this rename it reads as it was before. The key
// before is kept under its number.
func (f *Folder) switchTerminal(now Entry) error {
	const key = "inspection-system.key"
	if now.Key != "file:"+stem(cvc.Terminal, now.Holder)+".key" {
		return nil
	}
	for _, e := range f.Certificates {
		if e.File == "inspection-system"+ending && e.Key == "file:"+key {
			if err := f.copyOnce(key, stem(cvc.Terminal, e.Holder)+".key"); err != nil {
				return err
			}
		}
	}
	if err := f.copy(strings.TrimPrefix(now.Key, "file:"), key); err != nil {
		return err
	}
	return f.read()
}

func filePath(ref string) (string, bool) { return strings.CutPrefix(ref, "file:") }

// fileName makes a name of a reference, in which a request's applicant may have written anything of ISO 8859-1.
func fileName(holder string) string { return strings.ReplaceAll(url.PathEscape(holder), ".", "%2E") }
