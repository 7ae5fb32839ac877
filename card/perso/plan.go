package perso

import (
	"fmt"
	"slices"
)

// Verb is one word of the plan, as card profiles spell it.
type Verb string

// The verbs, in the order in which a profile names them.
const (
	Authenticate Verb = "authenticate" // find out who the chip is and how far it has come, and prove to be the issuer
	PutKeys      Verb = "keys"         // the issuer's own keys in the place of those that the chip came with
	PutFiles     Verb = "files"        // make each file and write it
	PutSecrets   Verb = "secrets"      // passwords and keys of the eMRTD application
	Lock         Verb = "lock"         // nothing can be written any more
	ReadBack     Verb = "read-back"    // read everything as any terminal does, and compare
)

// Verbs lists the verbs in their order.
func Verbs() []Verb { return []Verb{Authenticate, PutKeys, PutFiles, PutSecrets, Lock, ReadBack} }

// step is one thing to be done, in words that each dialect puts into commands of its chip.
type step struct {
	do     action
	file   File           // of createFile and writeFile
	secret secretGrouping // of putSecret
	to     LifeCycle      // of setLifeCycle
}

type action int

const (
	createFile action = iota
	writeFile
	putSecret
	setLifeCycle
)

// plan says what a chip gets, by the steps that its profile names. Keys of the chip itself are no part of it: whether they
// are to be put is known once the chip has been asked.
func (p CardProfile) plan(data Data) ([]step, error) {
	secrets, err := data.groupings()
	if err != nil {
		return nil, err
	}
	var steps []step
	for _, verb := range p.steps() {
		switch verb {
		case PutFiles:
			for _, f := range data.Files {
				steps = append(steps, step{do: createFile, file: f}, step{do: writeFile, file: f})
			}
		case PutSecrets:
			for _, s := range secrets {
				steps = append(steps, step{do: putSecret, secret: s})
			}
		case Lock:
			steps = append(steps, step{do: setLifeCycle, to: Locked})
		}
	}
	return steps, nil
}

// checkSteps refuses steps that make no card.
func checkSteps(steps []Verb) error {
	order := Verbs()
	next := 0
	for _, verb := range steps {
		at := slices.Index(order, verb)
		switch {
		case at < 0:
			return fmt.Errorf("there is no step %q: the steps are %v", verb, order)
		case at < next:
			return fmt.Errorf("step %q stands too late: the order is %v", verb, order)
		}
		next = at + 1
	}
	for _, verb := range order {
		if verb != PutKeys && !slices.Contains(steps, verb) {
			return fmt.Errorf("step %q is missing", verb)
		}
	}
	return nil
}
