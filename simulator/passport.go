package simulator

import (
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
)

// passport is the eMRTD application: Basic Access Control before the files.
type passport struct {
	fileSystem
	bac    bac.Chip
	router *router
}

func newPassport(s *State, rand io.Reader, r *router) *passport {
	p := &passport{fileSystem: fileSystem{state: s}, bac: bac.Chip{Rand: rand}, router: r}
	p.open = func() bool { return r.session.Active() }
	return p
}

func (p *passport) reset() {
	p.fileSystem.reset()
	p.bac.Reset()
}

func (p *passport) Handle(cmd apdu.Command) apdu.Response {
	if cmd.CLA != 0 {
		return apdu.Response{SW: apdu.SWClassNotSupported}
	}
	p.bac.Seed = p.state.BACSeed
	switch cmd.INS {
	case 0x84:
		return p.bac.Challenge(cmd)
	case 0x82:
		return p.authenticate(cmd)
	}
	return p.fileSystem.Handle(cmd)
}

// authenticate starts the session that a successful EXTERNAL AUTHENTICATE agrees on.
func (p *passport) authenticate(cmd apdu.Command) apdu.Response {
	resp, session := p.bac.Authenticate(cmd)
	if session == nil {
		return resp
	}
	if err := p.router.session.Start(*session); err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	return resp
}
