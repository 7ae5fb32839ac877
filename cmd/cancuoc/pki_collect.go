package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// collection is the CSCA certificates for a list, each once, and what was left out of it.
type collection struct {
	certificates []pki.Certificate
	leftOut      []leftOut

	seen map[string]bool
}

type leftOut struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// collect reads all that make was given.
func (d *desk) collect(opts masterListMakeOptions) (*collection, error) {
	found := &collection{seen: map[string]bool{}, leftOut: []leftOut{}}
	var trust *pki.Trust
	if opts.trust != "" {
		t, err := d.trusted(opts.trust)
		if err != nil {
			return nil, err
		}
		trust = &t
	}
	for _, path := range opts.paths {
		sources, err := pki.ReadSources(path)
		if err != nil {
			return nil, withCode(exitInput, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, withCode(exitInput, err)
		}
		for _, s := range sources {
			if err := found.addSource(s, trust, info.IsDir()); err != nil {
				return nil, err
			}
		}
		if n := ofExport(sources); n > 0 {
			d.note("%s: %d certificates from an export, which proves nothing: see that they are the right ones", printable(path), n)
		}
	}
	return found, nil
}

// ofExport counts the certificates that an LDIF export gives.
func ofExport(sources []pki.Source) (n int) {
	for _, s := range sources {
		if s.Attribute != "" && s.Certificate.Listable() == nil {
			n++
		}
	}
	return n
}

// addSource takes what an entry holds. Beside the certificates that it was named for a folder or an export may hold
// others; a file that was named itself may not.
func (c *collection) addSource(s pki.Source, trust *pki.Trust, ofFolder bool) error {
	name, among := showSource(s).name(), ofFolder || s.Attribute != ""
	switch {
	case s.Err != nil && s.Attribute != "":
		c.leave(name, s.Err)
	case s.Err != nil:
		return withCode(exitInput, fmt.Errorf("%s: %w", name, s.Err))
	case s.MasterList.SignedData.Raw != nil:
		return c.addList(name, s.MasterList, trust)
	case s.Certificate.Raw == nil && among:
		c.leave(name, errors.New("a revocation list"))
	case s.Certificate.Raw == nil:
		return withCode(exitInput, fmt.Errorf("%s: a revocation list, no CSCA certificate", name))
	default:
		if err := c.add(s.Certificate); err != nil && !among {
			return withCode(exitInput, fmt.Errorf("%s: %w", name, err))
		} else if err != nil {
			c.leave(name, err)
		}
	}
	return nil
}

// addList takes the certificates of another list, if somebody who is trusted has signed it.
func (c *collection) addList(name string, list pki.MasterList, trust *pki.Trust) error {
	if trust == nil {
		return withCode(exitNotProven, fmt.Errorf("%s: a master list, which nothing vouches for: name the CSCA over its signer with --trust", name))
	}
	if v := judgeList(list, *trust, time.Now()); v.code != exitDone {
		return withCode(v.code, fmt.Errorf("%s: the master list is %s", name, v.text()))
	}
	for n, one := range list.Certificates {
		err := one.Err
		if err == nil {
			err = c.add(one.Certificate)
		}
		if err != nil {
			c.leave(fmt.Sprintf("%s, certificate %d %s", name, n+1, one.Certificate.Subject), err)
		}
	}
	return nil
}

func (c *collection) add(one pki.Certificate) error {
	if err := one.Listable(); err != nil {
		return err
	}
	if !c.seen[string(one.Raw)] {
		c.seen[string(one.Raw)] = true
		c.certificates = append(c.certificates, one)
	}
	return nil
}

func (c *collection) leave(name string, err error) {
	c.leftOut = append(c.leftOut, leftOut{strings.TrimSpace(name), plain(err.Error())})
}

func (c *collection) countries() map[string]int {
	numbers := map[string]int{}
	for _, one := range c.certificates {
		numbers[strings.ToUpper(one.Country)]++
	}
	return numbers
}
