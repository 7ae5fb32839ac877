package pkcs11

import (
	"fmt"
	"slices"
	"strings"
)

// identity is what a token, or a key on it, may be found by: attributes of a URI and their values.
type identity map[string]string

// choose finds the one that the URI means. missing is the error if there is none.
func (u URI) choose(all []identity, missing error) (int, error) {
	var found []int
	for i, one := range all {
		if u.matches(one) {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, fmt.Errorf("%w: %v; there %s", missing, u, listed(all))
	}
	matching := make([]identity, len(found))
	for i, n := range found {
		matching[i] = all[n]
	}
	return 0, fmt.Errorf("%w: %v fits %d: %s", ErrAmbiguous, u, len(found), decider(matching))
}

func (u URI) matches(one identity) bool {
	for name, value := range one {
		if want, asked := u.path[name]; asked && want != value {
			return false
		}
	}
	return true
}

func listed(all []identity) string {
	if len(all) == 0 {
		return "is none"
	}
	var text []string
	for _, one := range all[:min(len(all), 10)] {
		text = append(text, URI{path: one}.String())
	}
	if more := len(all) - len(text); more > 0 {
		text = append(text, fmt.Sprintf("%d more", more))
	}
	return "is " + strings.Join(text, " and ")
}

// decider tells how they are told apart: by one attribute, or by all, or not at all.
func decider(all []identity) string {
	for _, name := range pathAttributes {
		values := map[string]bool{}
		var text []string
		for _, one := range all {
			values[one[name]] = true
			text = append(text, name+"="+encode(name, one[name]))
		}
		if len(values) == len(all) {
			slices.Sort(text)
			return "add " + strings.Join(text, " or ")
		}
	}
	seen := map[string]bool{}
	for _, one := range all {
		seen[URI{path: one}.String()] = true
	}
	if len(seen) < len(all) {
		return "no attribute tells all of them apart: give each a label or an identifier of its own; there " + listed(all)
	}
	return "name one in full; there " + listed(all)
}
