package main

import (
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// shownCVC is a card verifiable certificate, as JSON has it.
type shownCVC struct {
	Holder     string    `json:"holder"`
	Authority  string    `json:"authority"`
	Role       string    `json:"role"`
	Chain      string    `json:"chain"` // the kind of terminal that the chain ends in
	Rights     []string  `json:"rights"`
	Bits       string    `json:"authorization"` // hexadecimal
	Algorithm  string    `json:"algorithm"`
	Key        string    `json:"key"`
	Effective  date.Date `json:"effective"`
	Expiration date.Date `json:"expiration"`
	Extensions int       `json:"extensions,omitempty"` // bytes
	Specimen   bool      `json:"specimen"`
	SHA256     string    `json:"sha256"`
}

// isCVC tells whether a file begins as a card verifiable certificate does (Doc 9303-12, table 14).
func isCVC(content []byte) bool { return len(content) > 1 && content[0] == 0x7F && content[1] == 0x21 }

// cvcEntries reads certificates one after another, up to the first that cannot be read.
func cvcEntries(name string, content []byte) []shownEntry {
	var all []shownEntry
	for n := 1; len(content) > 0 || n == 1; n++ {
		e := shownEntry{File: name, Entry: fmt.Sprintf("certificate %d", n)}
		_, rest, err := tlv.Next(content)
		if err == nil {
			own := content[:len(content)-len(rest)]
			var c *cvc.Certificate
			if c, err = cvc.Parse(own); err == nil {
				e.CardVerifiable = showCVC(c, own)
			}
		}
		if err != nil {
			e.Error, e.unread = plain(err.Error()), true
		}
		all = append(all, e)
		if err != nil {
			break
		}
		content = rest
	}
	if len(all) == 1 {
		all[0].Entry = ""
	}
	return all
}

func showCVC(c *cvc.Certificate, der []byte) *shownCVC {
	shown := &shownCVC{Holder: c.Holder, Authority: c.Authority, Role: c.Authorization.Role().String(), Chain: c.Authorization.Type.String(),
		Rights: []string{}, Bits: fmt.Sprintf("%X", c.Authorization.Bits), Algorithm: c.PublicKey.Algorithm.String(), Key: cvcKey(c.PublicKey),
		Effective: c.Effective, Expiration: c.Expiration, Extensions: len(c.Extensions), Specimen: cvc.IsSpecimen(c.Holder), SHA256: fingerprint(der)}
	for _, right := range []struct {
		bit  cvc.Rights
		name string
	}{{cvc.ReadDG3, "read fingerprints"}, {cvc.ReadDG4, "read irises"}} {
		if c.Authorization.Rights()&right.bit != 0 {
			shown.Rights = append(shown.Rights, right.name)
		}
	}
	return shown
}

func cvcKey(k cvc.PublicKey) string {
	switch {
	case k.RSA != nil:
		return fmt.Sprintf("RSA %d", k.RSA.N.BitLen())
	case k.Curve != nil:
		return k.Curve.Name() + ", explicit"
	}
	return "on the curve of its CVCA"
}

func writeCVC(w io.Writer, c *shownCVC) {
	writeField(w, "what", "card verifiable certificate: "+c.Role+specimenMark(c.Specimen))
	writeField(w, "holder", c.Holder)
	writeField(w, "authority", c.Authority)
	writeField(w, "chain", "to an "+c.Chain)
	writeField(w, "authorization", c.Bits)
	for _, right := range c.Rights {
		writeField(w, "right", right)
	}
	writeField(w, "signs with", c.Algorithm)
	writeField(w, "key", c.Key)
	writeField(w, "valid", c.Effective.String()+" to "+c.Expiration.String())
	if c.Extensions > 0 {
		writeField(w, "extensions", bytesOf(c.Extensions))
	}
	writeField(w, "sha256", c.SHA256)
}
