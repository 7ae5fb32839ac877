package apdu

import "errors"

// Limits is how long an encoded command and an encoded response may be on a wire, in bytes, headers and status word
// counted in; 0 where nobody has said. What a chip takes is another matter: the smaller of the two counts.
type Limits struct {
	Command, Response int
}

// ShortLimits are those of a wire that carries no extended length fields.
func ShortLimits() Limits { return Limits{Command: 5 + MaxShortData + 1, Response: MaxShortNe + 2} }

// Short tells whether the wire is known to carry no extended length fields.
func (l Limits) Short() bool { return l.Command > 0 && l.Command <= ShortLimits().Command }

// Limited is a wire, or a channel over one, that knows how long commands may be on it.
type Limited interface {
	Limits() Limits
}

// LimitsOf gives the limits of a Transmitter or Sender, none known where it does not say.
func LimitsOf(way any) Limits {
	if l, ok := way.(Limited); ok {
		return l.Limits()
	}
	return Limits{}
}

// Limits are those of the wire.
func (c *Conn) Limits() Limits { return LimitsOf(c.Wire) }

// Limits are those of the card's wire.
func (r Record) Limits() Limits { return LimitsOf(r.Card) }

func (t tracedWire) Limits() Limits { return LimitsOf(t.wire) }

func (t tracedChannel) Limits() Limits { return LimitsOf(t.next) }

// ErrLong is answered for a command that the way to the card cannot carry: it has extended length fields, and the
// card's protocol or the reader knows only short ones.
var ErrLong = errors.New("apdu: the way to this card carries no command with extended length fields")
