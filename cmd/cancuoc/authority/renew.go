package authority

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// Next is how a renewed authority differs from the present one. Empty fields stay.
type Next struct {
	Name, Organization, Contact string
	Profile                     *pki.Profile
	Key                         string // reference; "": a file in keys/
}

// PlanRenewal gives the description of the renewed authority, and what would be written.
func (a *Authority) PlanRenewal(n Next, at time.Time) (Config, Plan, error) {
	c := a.Config
	c.Root++
	for _, change := range []struct{ to, now *string }{{&n.Name, &c.Name}, {&n.Organization, &c.Organization}, {&n.Contact, &c.Contact}} {
		if *change.to != "" {
			*change.now = *change.to
		}
	}
	if p := n.Profile; p != nil {
		c.RootKey, c.RootHash, c.PSS, c.SignerKey = p.CSCAKey, p.CSCASignature.Hash.String(), p.CSCASignature.PSS, p.SignerKey
	}
	if c.Key = n.Key; c.Key == "" {
		c.Key = keyReference("keys", "csca", c.Root)
	}
	if err := checkReference(c.Key); err != nil {
		return c, Plan{}, err
	}
	v, err := c.rootValidity(at)
	return c, Plan{Subject: c.Name, KeyKind: c.RootKey, Key: c.Key, From: v.From, KeyUntil: v.KeyUntil, Until: v.Until,
		File: a.path(trustFolder, rootName(c.Root)), Link: a.path(trustFolder, linkName(c.Root)), validity: v}, err
}

// Renew makes the authority's next root and the link to it (Doc 9303-12, section 4.1.4.3). An interrupted renewal is run
// again: until authority.json names the next root nothing has been signed by it but itself.
func (a *Authority) Renew(n Next, at time.Time) (root, link pki.Certificate, err error) {
	c, plan, err := a.PlanRenewal(n, at)
	if err != nil {
		return root, link, err
	}
	id, err := c.identity()
	if err != nil {
		return root, link, err
	}
	present, done, err := a.csca()
	if err != nil {
		return root, link, err
	}
	defer done()
	key, err := a.keys.Make(rand.Reader, c.Key, c.RootKey, c.Specimen)
	if err != nil {
		return root, link, err
	}
	defer closeKey(key)
	next, link, err := present.Renew(rand.Reader, id, plan.validity, key)
	if err != nil {
		return root, link, err
	}
	if err := a.remember(at, "link", link.Serial, link.Subject); err != nil {
		return root, link, err
	}
	for name, certificate := range map[string]pki.Certificate{linkName(c.Root): link, rootName(c.Root): next.Certificate} {
		if err := os.Remove(a.path(trustFolder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an interrupted renewal
			return root, link, fmt.Errorf("authority: %w", err)
		}
		if err := a.publish(name, certificate); err != nil {
			return root, link, err
		}
	}
	a.Config, a.Root = c, next.Certificate
	return next.Certificate, link, a.saveConfig()
}
