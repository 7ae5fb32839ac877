package perso

// LifeCycle is how far a chip has come.
type LifeCycle string

// The states of a chip's life: nothing can be written to one that is locked or terminated.
const (
	Blank        LifeCycle = "blank"
	Personalised LifeCycle = "personalised"
	Locked       LifeCycle = "locked"
	Terminated   LifeCycle = "terminated"
)

// The life cycle state bytes of GlobalPlatform Card Specification 2.3, section 11.1.1, that stand for these states:
// of the card, and of an application.
const (
	cardInitialized        = 0x07
	cardSecured            = 0x0F
	cardLocked             = 0x7F
	cardTerminated         = 0xFF
	applicationSelectable  = 0x07
	applicationPersonalise = 0x0F
)

// lifeCycleOf reads the state of the chip out of the states of card and application.
func lifeCycleOf(card, application byte) LifeCycle {
	switch {
	case card == cardTerminated:
		return Terminated
	case card == cardSecured || card == cardLocked:
		return Locked
	case application == applicationPersonalise:
		return Personalised
	}
	return Blank
}
