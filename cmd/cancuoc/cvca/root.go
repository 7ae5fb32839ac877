package cvca

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

// Root describes a CVCA, or how the next key of one differs from the present. Zero fields stay as they are.
type Root struct {
	Country, Mnemonic string
	Kind              string // of the key, as pki.KeyKinds has it
	Years             int
	Rights            cvc.Rights
	Key               string // reference; "": a file in the folder
	Specimen          bool
}

// PlanInit says which CVCA would be made in a folder.
func PlanInit(path string, r Root, on date.Date) (Plan, error) {
	f := &Folder{Path: path}
	if _, err := os.Lstat(f.path(present)); !errors.Is(err, fs.ErrNotExist) {
		return Plan{}, fmt.Errorf("%w: %s", ErrExists, path)
	}
	if !r.Specimen && len(r.Mnemonic) >= 4 && r.Mnemonic[:4] == specimenMark {
		return Plan{}, fmt.Errorf("%w: %s", ErrSpecimen, r.Mnemonic)
	}
	name, err := cvc.NewReference(r.Country, marked(r.Mnemonic, r.Specimen), r.Country)
	if err != nil {
		return Plan{}, err
	}
	return f.planRoot(name.String(), r, on)
}

func (f *Folder) planRoot(holder string, r Root, on date.Date) (Plan, error) {
	until := on.AddYears(r.Years)
	if err := cvc.PeriodOf(cvc.CVCA).Check(on, until); err != nil {
		return Plan{}, err
	}
	name := stem(cvc.CVCA, holder)
	p := Plan{Role: cvc.CVCA.String(), Holder: holder, Authority: holder, Rights: r.Rights.Names(), From: on, Until: until, KeyKind: r.Kind, Key: r.Key,
		File: f.path(name + ending), stem: name, template: cvc.Certificate{Authority: holder, Holder: holder, Effective: on, Expiration: until,
			Authorization: cvc.InspectionAuthorization(cvc.CVCA, r.Rights)}}
	if p.Key == "" {
		p.Key = "file:" + name + ".key"
	}
	return p, nil
}

// Init makes the CVCA that was planned. An interrupted run is run again.
func Init(path string, p Plan, keys authority.Keys) (Entry, error) {
	keys.Folder = path
	f := &Folder{Path: path, keys: keys}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Entry{}, fmt.Errorf("cvca: %w", err)
	}
	key, public, err := f.drawRoot(p)
	if err != nil {
		return Entry{}, err
	}
	defer key.done()
	p.template.PublicKey = public
	if err := f.putCertificate("root", p.stem, p.template, key); err != nil {
		return Entry{}, err
	}
	if err := f.copy(p.stem+ending, present); err != nil {
		return Entry{}, err
	}
	if err := f.read(); err != nil {
		return Entry{}, err
	}
	return f.CVCA()
}

// drawRoot makes or opens the key of a CVCA, with the algorithm that fits it.
func (f *Folder) drawRoot(p Plan) (opened, cvc.PublicKey, error) {
	raw, err := f.keys.Make(rand.Reader, p.Key, p.KeyKind, cvc.IsSpecimen(p.Holder))
	if err != nil {
		return opened{}, cvc.PublicKey{}, err
	}
	if err := f.sealed(p.Key, p.Holder); err != nil {
		return opened{}, cvc.PublicKey{}, err
	}
	a, err := cvc.AlgorithmFor(raw.Public())
	if err != nil {
		opened{key: raw}.done()
		return opened{}, cvc.PublicKey{}, err
	}
	key, err := adapt(raw, a)
	if err != nil {
		return opened{}, cvc.PublicKey{}, err
	}
	public, err := key.Public()
	if err == nil {
		err = f.keepReference(p.stem, p.Key)
	}
	return key, public, err
}

// putCertificate signs a certificate of a CVCA and writes it, over that of an interrupted run if there is one: the key is
// in force when it is the present one.
func (f *Folder) putCertificate(what, stem string, template cvc.Certificate, key cvc.Signer) error {
	made, err := cvc.Issue(template, key, rand.Reader)
	if err != nil {
		return err
	}
	if err := f.remember(what, made); err != nil {
		return err
	}
	encoded, err := made.Encode()
	if err != nil {
		return err
	}
	return writeFile(f.path(stem+ending), encoded)
}

// PlanRoot says what the next key of the CVCA would be.
func (f *Folder) PlanRoot(r Root, on date.Date) (Plan, error) {
	now, err := f.CVCA()
	if err != nil {
		return Plan{}, err
	}
	if now.Expiration.Before(on) {
		return Plan{}, fmt.Errorf("%w: %s, on %s", ErrExpired, now.Holder, now.Expiration)
	}
	name, err := cvc.ParseReference(now.Holder)
	if err != nil {
		return Plan{}, err
	}
	if name, err = name.Next(); err != nil {
		return Plan{}, err
	}
	if r.Kind == "" {
		r.Kind = now.PublicKey.Kind()
	}
	if r.Rights == 0 {
		r.Rights = now.Authorization.Rights()
	}
	return f.planRoot(name.String(), r, on)
}

// Renew makes the next key of the CVCA: its own certificate and the link to it, which the present key signs. The switch is
// the rename of the present certificate; from then on new chips trust the new key, and the old ones learn of it by the link
// (Doc 9303-12, sections 4.2.1 and 7.2.2.3; Doc 9303-11, section 7.1.4.3.5).
func (f *Folder) Renew(p Plan) (root, link Entry, err error) {
	now, err := f.CVCA()
	if err != nil {
		return root, link, err
	}
	old, err := f.open(now)
	if err != nil {
		return root, link, err
	}
	defer old.done()
	key, public, err := f.drawRoot(p)
	if err != nil {
		return root, link, err
	}
	defer key.done()
	own := p.template
	own.PublicKey = public
	linked := own
	linked.Authority = now.Holder
	linkStem := "cvca-link-" + own.Holder[len(own.Holder)-5:]
	if err := f.putCertificate("link", linkStem, linked, old); err != nil {
		return root, link, err
	}
	if err := f.putCertificate("root", p.stem, own, key); err != nil {
		return root, link, err
	}
	if err := f.setAside(now); err != nil {
		return root, link, err
	}
	if err := f.copy(p.stem+ending, present); err != nil {
		return root, link, err
	}
	if err := f.read(); err != nil {
		return root, link, err
	}
	for _, e := range f.Certificates {
		if e.File == linkStem+ending {
			link = e
		}
	}
	root, err = f.CVCA()
	return root, link, err
}

// setAside gives certificate and key of the first CVCA of a station that `cancuoc init` made their number.
func (f *Folder) setAside(now Entry) error {
	name := stem(cvc.CVCA, now.Holder)
	if err := f.copyOnce(present, name+ending); err != nil {
		return err
	}
	if now.Key != "file:cvca.key" {
		return nil
	}
	if err := os.Rename(f.path("cvca.key"), f.path(name+".key")); err != nil {
		return fmt.Errorf("cvca: %w", err)
	}
	return nil
}
