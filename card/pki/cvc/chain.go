package cvc

import (
	"errors"
	"fmt"
	"slices"
)

// MaxChain is the longest chain that a terminal sends: link certificates for thirty years, a document verifier, a
// terminal.
const MaxChain = 16

// ErrNoChain is answered when no chain leads from what a chip trusts to the terminal's certificate. What mends it is a
// link certificate or a certificate that the document verifier has from that CVCA.
var ErrNoChain = errors.New("cvc: no chain of certificates leads from the chip's CVCA to the terminal")

// Chain finds the shortest chain of certificates that leads from one of the authorities, which a chip trusts, down to
// the holder. It gives the certificates in the order in which the chip verifies them. Every reference is visited once,
// so certificates that point at each other end the search.
func Chain(certificates []*Certificate, authorities []string, holder string) ([]*Certificate, error) {
	type way struct {
		reference string
		below     []*Certificate // from the terminal up
	}
	visited := map[string]bool{holder: true}
	for queue := []way{{reference: holder}}; len(queue) > 0; queue = queue[1:] {
		here := queue[0]
		if len(here.below) == MaxChain {
			continue
		}
		for _, c := range certificates {
			if c.Holder != here.reference || c.SelfSigned() {
				continue
			}
			chain := append(slices.Clone(here.below), c)
			if slices.Contains(authorities, c.Authority) {
				slices.Reverse(chain)
				return chain, nil
			}
			if !visited[c.Authority] {
				visited[c.Authority] = true
				queue = append(queue, way{c.Authority, chain})
			}
		}
	}
	return nil, fmt.Errorf("%w %q", ErrNoChain, holder)
}
