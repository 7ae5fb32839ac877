package simulator

import (
	"io"
	"time"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/mrz"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/sm"
)

// protocols are those of Doc 9303-11 on one chip, over its keys:
//
//	in the clear:  PACE under the master file, Basic Access Control in the eMRTD application
//	in a session:  Chip Authentication, Terminal Authentication, Active Authentication in the eMRTD application
type protocols struct {
	state   *State
	session *sm.Chip
	faults  *Faults
	rand    io.Reader
	wait    func(time.Duration)

	bac  bac.Chip
	pace pace.Chip
	eac  eac.Chip
	own  ownKeys // of a copy that has its own
}

// reset forgets what is under way and what the terminal has earned, as power off and the end of a session do.
func (p *protocols) reset() {
	p.bac.Reset()
	p.pace.Reset()
	p.eac.Reset()
}

// handle answers the commands of the protocols; all others are for the files.
func (p *protocols) handle(cmd apdu.Command, application bool) (apdu.Response, bool) {
	chained := cmd.CLA == 0x10 && cmd.INS == 0x86
	if cmd.CLA != 0 && !chained {
		return apdu.Response{}, false
	}
	switch {
	case cmd.INS == 0x22 && cmd.P1 == 0xC1:
		return p.selectPACE(cmd, application), true
	case cmd.INS == 0x86 && p.pace.Running() && !application && !p.session.Active():
		return p.runPACE(cmd), true
	case (cmd.INS == 0x84 || cmd.INS == 0x82) && application && !p.session.Active():
		return p.runBAC(cmd), true
	case cmd.INS == 0x22 && !application: // the instruction is known there, for PACE
		return apdu.Response{SW: apdu.SWIncorrectP1P2}, true
	case application && isAuthentication(cmd.INS):
		return p.authenticate(cmd), true
	}
	return apdu.Response{}, false
}

// isAuthentication tells the instructions of Chip, Terminal and Active Authentication.
func isAuthentication(ins byte) bool {
	switch ins {
	case 0x22, 0x2A, 0x82, 0x84, 0x86, 0x88:
		return true
	}
	return false
}

// selectPACE answers MSE: Set AT for PACE, which is run with the master file selected and no session in force (Doc
// 9303-11, sections 4.1 and 4.4).
func (p *protocols) selectPACE(cmd apdu.Command, application bool) apdu.Response {
	switch {
	case application || p.session.Active():
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	case p.faults.has(BlockedPACE):
		return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}
	}
	if err := p.loadPACE(); err != nil {
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	}
	return p.pace.SetAT(cmd)
}

func (p *protocols) runPACE(cmd apdu.Command) apdu.Response {
	if cmd.CLA == 0 { // the last of the chain: the terminal's token
		p.delay()
	}
	resp, session := p.pace.Authenticate(cmd)
	p.count(resp.SW)
	if session == nil {
		return resp
	}
	terminal, chip, info, _ := p.pace.Agreed() // before begin forgets it
	return p.begin(*session, resp, func() {
		p.eac.ID = eac.Compress(chip)
		if info.Mapping.ProvesChip() {
			p.eac.Bind(terminal)
		}
	})
}

func (p *protocols) runBAC(cmd apdu.Command) apdu.Response {
	p.bac.Seed, p.bac.Rand = p.state.BACSeed, p.rand
	if len(p.bac.Seed) == 0 {
		return apdu.Response{SW: apdu.SWInstructionNotSupported}
	}
	if cmd.INS == 0x84 {
		return p.bac.Challenge(cmd)
	}
	p.delay()
	resp, session := p.bac.Authenticate(cmd)
	p.count(resp.SW)
	if session == nil {
		return resp
	}
	return p.begin(*session, resp, func() { p.eac.ID = p.documentNumber() })
}

// begin starts the session of an access protocol, to which bind ties Terminal Authentication.
func (p *protocols) begin(s sm.Session, resp apdu.Response, bind func()) apdu.Response {
	if err := p.session.Start(s); err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	p.state.Failures = 0
	p.reset()
	p.loadEAC()
	bind()
	return resp
}

// documentNumber gives ID.IC after Basic Access Control: the document number with its check digit, as EF.DG1 has it
// (Doc 9303-11, section 7.1.2). A chip whose EF.DG1 cannot be read has none, and lets no terminal in.
func (p *protocols) documentNumber() []byte {
	file := p.state.file(false, 0x0101)
	if file == nil {
		return nil
	}
	lines, err := lds.ParseDG1(file.Content)
	if err != nil {
		return nil
	}
	zone, err := mrz.Parse(lines[0] + "\n" + lines[1] + "\n" + lines[2])
	if err != nil {
		return nil
	}
	return []byte(mrz.NumberOf(zone.Information()))
}

// authenticate answers the commands of Chip, Terminal and Active Authentication, in a session.
func (p *protocols) authenticate(cmd apdu.Command) apdu.Response {
	if !p.session.Active() {
		return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}
	}
	switch cmd.INS {
	case 0x22:
		return p.change(p.eac.Manage(cmd))
	case 0x86:
		return p.change(p.eac.GeneralAuthenticate(cmd))
	case 0x2A:
		resp := p.eac.VerifyCertificate(cmd)
		p.keepTrust()
		return resp
	case 0x84:
		return p.eac.Challenge(cmd)
	case 0x82:
		return p.eac.Authenticate(cmd)
	}
	chip := activeauth.Chip{Rand: p.rand, Key: p.signingKey(), Hash: hashOf(p.state.ActiveAuthentication.Hash)}
	return chip.Authenticate(cmd)
}

// change starts the session that a Chip Authentication has agreed on.
func (p *protocols) change(resp apdu.Response, session *sm.Session) apdu.Response {
	if session == nil {
		return resp
	}
	if err := p.session.Start(*session); err != nil {
		return apdu.Response{SW: apdu.SWUnspecified}
	}
	return resp
}

// delay makes a terminal that has shown wrong passwords wait, longer with each: whoever guesses a card access number
// tries for days. The count outlives the power.
func (p *protocols) delay() {
	if n := p.state.Failures; n > 0 {
		p.wait(min(firstDelay<<min(n-1, 10), lastDelay))
	}
}

const (
	firstDelay = 50 * time.Millisecond
	lastDelay  = time.Second
)

// count counts a password that was refused.
func (p *protocols) count(sw apdu.StatusWord) {
	if sw == apdu.SWAuthenticationFailed {
		p.state.Failures = min(p.state.Failures+1, 1<<20)
	}
}

// keepTrust writes what the chip has learnt of the world into its memory: its trust points, the date, and EF.CVCA.
func (p *protocols) keepTrust() {
	points, err := encodePoints(p.eac.Trust)
	if err != nil {
		return
	}
	p.state.TrustPoints = points
	p.state.CurrentDate = p.eac.Trust.Date.String()
	file := p.state.file(false, 0x011C)
	if content, err := cvc.EncodeFile(p.eac.Trust.Authorities()); err == nil && file != nil && len(content) == file.Size {
		file.Content = content
	}
}
