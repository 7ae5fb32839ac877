package simulator

import (
	"bytes"
	"io"
	"slices"
	"time"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/sm"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// application is what can be selected.
type application interface {
	apdu.Handler
	reset()
}

// router hands each command to the protocols or to the application that is selected, and answers SELECT by name itself.
type router struct {
	state     *State
	protocols protocols
	files     *fileSystem // under the master file
	passport  application // the eMRTD application
	issuer    *issuer
	selected  application
}

func newRouter(s *State, faults *Faults, session *sm.Chip, rand io.Reader) *router {
	r := &router{state: s, protocols: protocols{state: s, session: session, faults: faults, rand: rand, wait: time.Sleep}}
	r.files = &fileSystem{state: s, mf: true, protocols: &r.protocols}
	passport := &fileSystem{state: s, protocols: &r.protocols}
	r.passport = passport
	if s.Applet == JMRTDApplet {
		r.passport = newApplet(s, passport)
	}
	r.issuer = newIssuer(s, rand)
	r.selected = r.files
	return r
}

// reset is power off.
func (r *router) reset() {
	for _, a := range []application{r.files, r.passport, r.issuer} {
		a.reset()
	}
	r.protocols.reset()
	r.selected = r.files
}

// Handle answers a command that came in the clear or has been unprotected.
func (r *router) Handle(cmd apdu.Command) apdu.Response {
	if r.state.LifeCycle == perso.Terminated {
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied}
	}
	if cmd.CLA == 0 && cmd.INS == 0xA4 && (cmd.P1 == 0x04 || cmd.P1 == 0x00) {
		return r.selectApplication(cmd)
	}
	if r.ready() && r.selected != application(r.issuer) {
		if resp, answered := r.protocols.handle(cmd, r.selected == r.passport); answered {
			return resp
		}
	}
	return r.selected.Handle(cmd)
}

// ready tells whether the eMRTD application is there: once the chip has been locked, or from the beginning where it is the
// open passport applet.
func (r *router) ready() bool {
	return r.state.LifeCycle == perso.Locked || r.state.Applet == JMRTDApplet
}

// selectApplication answers SELECT by DF name and SELECT of the master file (ISO/IEC 7816-4, section 11.2.2).
func (r *router) selectApplication(cmd apdu.Command) apdu.Response {
	if cmd.P1 == 0x00 && slices.Contains(r.state.Deviations, perso.SelectMF6D00) {
		return apdu.Response{SW: apdu.SWInstructionNotSupported}
	}
	next := r.named(cmd)
	if next == nil {
		return apdu.Response{SW: apdu.SWFileNotFound}
	}
	next.reset()
	r.selected = next
	return apdu.Response{SW: apdu.SWOK}
}

func (r *router) named(cmd apdu.Command) application {
	switch {
	case cmd.P1 == 0x00 && (len(cmd.Data) == 0 || bytes.Equal(cmd.Data, []byte{0x3F, 0x00})):
		return r.files
	case cmd.P1 == 0x04 && lds.IsAID(cmd.Data) && r.ready():
		return r.passport
	case cmd.P1 == 0x04 && bytes.Equal(cmd.Data, perso.IssuerSecurityDomain()):
		return r.issuer
	}
	return nil
}

// fileSystem answers SELECT and READ BINARY for the files of one folder: the master file or the eMRTD application.
type fileSystem struct {
	state     *State
	mf        bool
	protocols *protocols
	current   *File
}

func (fs *fileSystem) reset() { fs.current = nil }

func (fs *fileSystem) Handle(cmd apdu.Command) apdu.Response {
	if cmd.CLA != 0 {
		return apdu.Response{SW: apdu.SWClassNotSupported}
	}
	switch cmd.INS {
	case 0xA4:
		return apdu.Response{SW: fs.selectFile(cmd)}
	case 0xB0:
		return fs.readBinary(cmd)
	case 0xB1:
		return fs.readBinaryOdd(cmd)
	}
	return apdu.Response{SW: apdu.SWInstructionNotSupported}
}

// selectFile answers SELECT of an elementary file under the current folder.
func (fs *fileSystem) selectFile(cmd apdu.Command) apdu.StatusWord {
	if cmd.P1 != 0x02 || len(cmd.Data) != 2 {
		return apdu.SWIncorrectP1P2
	}
	return fs.enter(fs.file(uint16(cmd.Data[0])<<8 | uint16(cmd.Data[1])))
}

// file finds a file as the card shows it.
func (fs *fileSystem) file(fid uint16) *File {
	f := fs.state.file(fs.mf, fid)
	if f == nil {
		return nil
	}
	return fs.protocols.shown(f)
}

// enter makes a file the current one, if the terminal may read it. In the eMRTD application a file behind an access rule
// does not say whether it is there before the rule is met (Doc 9303-11, section 4.3.2: an unauthenticated SELECT is
// answered by 6982).
func (fs *fileSystem) enter(f *File) apdu.StatusWord {
	switch {
	case f == nil && !fs.mf && !fs.protocols.session.Active():
		return apdu.SWSecurityStatusNotSatisfied
	case f == nil:
		return apdu.SWFileNotFound
	case !fs.mayRead(f):
		return apdu.SWSecurityStatusNotSatisfied
	}
	fs.current = f
	return apdu.SWOK
}

// mayRead holds a file's access rule to what the terminal has shown.
func (fs *fileSystem) mayRead(f *File) bool {
	switch f.Read {
	case lds.Always:
		return true
	case lds.Session:
		return fs.protocols.session.Active()
	case lds.Rights:
		return fs.protocols.session.Active() && fs.protocols.eac.Rights()&rightTo(f.FID) != 0
	}
	return false
}

// rightTo gives the right that a file of fingerprints or irises asks for (Doc 9303-11, appendix K.1).
func rightTo(fid uint16) cvc.Rights {
	switch file, _ := lds.ByFID(fid); file.DataGroup {
	case 3:
		return cvc.ReadDG3
	case 4:
		return cvc.ReadDG4
	}
	return 0
}

// readBinary answers READ BINARY with even INS, of the current file or by short identifier (ISO/IEC 7816-4, section
// 11.3.3). Its offsets end at 32,767.
func (fs *fileSystem) readBinary(cmd apdu.Command) apdu.Response {
	offset := int(cmd.P1)<<8 | int(cmd.P2)
	if cmd.P1&0x80 != 0 {
		if sw := fs.enter(fs.bySFI(cmd.P1 & 0x1F)); sw != apdu.SWOK {
			return apdu.Response{SW: sw}
		}
		offset = int(cmd.P2)
	}
	if len(cmd.Data) > 0 {
		return apdu.Response{SW: apdu.SWWrongLength}
	}
	return fs.read(offset, cmd.Ne, fs.room(cmd))
}

// room is how many bytes the response to a command can carry: what the buffer holds, and what the response's length field
// can say once it is protected. A terminal that asks for as many as there are gets as many as fit.
func (fs *fileSystem) room(cmd apdu.Command) int {
	room := fs.state.Buffers.Response - sm.Overhead
	if !cmd.Extended {
		room = min(room, fs.protocols.session.Room(apdu.MaxShortNe))
	}
	return room
}

// readBinaryOdd answers READ BINARY with odd INS, which names the offset in DO'54' and gives what it reads in DO'53'
// (ISO/IEC 7816-4, section 11.3.3), for files that are longer.
func (fs *fileSystem) readBinaryOdd(cmd apdu.Command) apdu.Response {
	switch {
	case cmd.P1 == 0 && cmd.P2 > 0 && cmd.P2 <= 30:
		if sw := fs.enter(fs.bySFI(cmd.P2)); sw != apdu.SWOK {
			return apdu.Response{SW: sw}
		}
	case cmd.P1 != 0 || cmd.P2 != 0:
		return apdu.Response{SW: apdu.SWIncorrectP1P2}
	}
	field, err := tlv.ParseOne(cmd.Data, 0x54)
	if err != nil || len(field) < 1 || len(field) > 4 {
		return apdu.Response{SW: apdu.SWWrongData}
	}
	offset := 0
	for _, b := range field {
		offset = offset<<8 | int(b)
	}
	room := min(cmd.Ne, fs.room(cmd))
	room -= len(tlv.AppendHeader(nil, 0x53, room))
	resp := fs.read(offset, room, room)
	if len(resp.Data) > 0 {
		resp.Data = tlv.Encode(0x53, resp.Data)
	}
	return resp
}

// read gives up to ne bytes of the current file, or as many as there is room for.
func (fs *fileSystem) read(offset, ne, room int) apdu.Response {
	switch {
	case fs.current == nil:
		return apdu.Response{SW: apdu.SWNoCurrentEF}
	case !fs.mayRead(fs.current): // what opened it may have ended since
		return apdu.Response{SW: apdu.SWSecurityStatusNotSatisfied}
	case ne <= 0:
		return apdu.Response{SW: apdu.SWWrongLength}
	case offset >= len(fs.current.Content):
		return apdu.Response{SW: apdu.SWWrongOffset}
	}
	rest := fs.current.Content[offset:]
	if fs.protocols.faults.has(WrongLe) && ne > len(rest) && len(rest) < apdu.MaxShortNe {
		return apdu.Response{SW: 0x6C00 | apdu.StatusWord(len(rest))}
	}
	n := min(ne, len(rest), room)
	if fs.protocols.faults.has(ShortReads) {
		n = min(n, shortRead)
	}
	sw := apdu.SWOK
	if n == len(rest) && n < ne && ne != apdu.MaxShortNe && ne != apdu.MaxExtendedNe {
		sw = apdu.SWEndOfFile
	}
	return apdu.Response{Data: rest[:n:n], SW: sw}
}

// shortRead is what a card with the fault ShortReads gives at once.
const shortRead = 64

func (fs *fileSystem) bySFI(sfi byte) *File {
	for _, known := range lds.Catalogue() {
		if known.MF == fs.mf && known.SFI == sfi {
			return fs.file(known.FID)
		}
	}
	return nil
}
