package simulator

import (
	"bytes"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/sm"
)

// application is what can be selected.
type application interface {
	apdu.Handler
	reset()
}

// router hands each command to the application that is selected, and answers SELECT by name itself.
type router struct {
	state    *State
	session  *sm.Chip
	files    *fileSystem
	passport *passport
	issuer   *issuer
	selected application
}

func newRouter(s *State, rand io.Reader) *router {
	r := &router{state: s, files: &fileSystem{state: s, mf: true}}
	r.passport = newPassport(s, rand, r)
	r.issuer = newIssuer(s)
	r.selected = r.files
	return r
}

func (r *router) reset() {
	for _, a := range []application{r.files, r.passport, r.issuer} {
		a.reset()
	}
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
	return r.selected.Handle(cmd)
}

// selectApplication answers SELECT by DF name and SELECT of the master file (ISO/IEC 7816-4, section 11.2.2). The
// eMRTD application is there once the chip has been locked.
func (r *router) selectApplication(cmd apdu.Command) apdu.Response {
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
	case cmd.P1 == 0x04 && lds.IsAID(cmd.Data) && r.state.LifeCycle == perso.Locked:
		return r.passport
	case cmd.P1 == 0x04 && bytes.Equal(cmd.Data, perso.IssuerSecurityDomain()):
		return r.issuer
	}
	return nil
}

// fileSystem answers SELECT and READ BINARY for the files of one folder: the master file or the eMRTD application.
type fileSystem struct {
	state   *State
	mf      bool
	open    func() bool // tells whether a session is in force; nil where there never is one
	current *File
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
	}
	return apdu.Response{SW: apdu.SWInstructionNotSupported}
}

// selectFile answers SELECT of an elementary file under the current folder.
func (fs *fileSystem) selectFile(cmd apdu.Command) apdu.StatusWord {
	if cmd.P1 != 0x02 || len(cmd.Data) != 2 {
		return apdu.SWIncorrectP1P2
	}
	f := fs.state.file(fs.mf, uint16(cmd.Data[0])<<8|uint16(cmd.Data[1]))
	return fs.enter(f)
}

// enter makes a file the current one, if the terminal may read it. A file behind an access rule does not say whether
// it is there before the rule is met (Doc 9303-11, section 4.3.2: an unauthenticated SELECT is answered by 6982).
func (fs *fileSystem) enter(f *File) apdu.StatusWord {
	inSession := fs.open != nil && fs.open()
	switch {
	case fs.open != nil && !inSession && (f == nil || f.Read != Always):
		return apdu.SWSecurityStatusNotSatisfied
	case f == nil:
		return apdu.SWFileNotFound
	case f.Read == Always, f.Read == Session && inSession:
		fs.current = f
		return apdu.SWOK
	}
	return apdu.SWSecurityStatusNotSatisfied
}

// readBinary answers READ BINARY with even INS, of the current file or by short identifier (ISO/IEC 7816-4, section
// 11.3.3). Its offsets end at 32,767.
func (fs *fileSystem) readBinary(cmd apdu.Command) apdu.Response {
	offset := int(cmd.P1)<<8 | int(cmd.P2)
	if cmd.P1&0x80 != 0 {
		f := fs.bySFI(cmd.P1 & 0x1F)
		if sw := fs.enter(f); sw != apdu.SWOK {
			return apdu.Response{SW: sw}
		}
		offset = int(cmd.P2)
	}
	switch {
	case fs.current == nil:
		return apdu.Response{SW: apdu.SWNoCurrentEF}
	case len(cmd.Data) > 0 || cmd.Ne == 0:
		return apdu.Response{SW: apdu.SWWrongLength}
	case offset >= len(fs.current.Content):
		return apdu.Response{SW: apdu.SWWrongOffset}
	}
	rest := fs.current.Content[offset:]
	n := min(cmd.Ne, len(rest), fs.state.Buffers.Response-sm.Overhead)
	sw := apdu.SWOK
	if n == len(rest) && n < cmd.Ne && cmd.Ne != apdu.MaxShortNe && cmd.Ne != apdu.MaxExtendedNe {
		sw = apdu.SWEndOfFile
	}
	return apdu.Response{Data: rest[:n], SW: sw}
}

func (fs *fileSystem) bySFI(sfi byte) *File {
	for _, known := range lds.Catalogue() {
		if known.MF == fs.mf && known.SFI == sfi {
			return fs.state.file(fs.mf, known.FID)
		}
	}
	return nil
}
