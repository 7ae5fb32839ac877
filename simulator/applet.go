package simulator

import (
	"slices"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
)

// applet is the open passport applet: personalised in the clear until it is locked, and read as any other, but only with
// Basic Access Control.
type applet struct {
	*fileSystem
	perso perso.AppletChip
}

func newApplet(s *State, files *fileSystem) *applet {
	return &applet{files, perso.AppletChip{Memory: appletMemory{s}}}
}

func (a *applet) reset() {
	a.fileSystem.reset()
	a.perso.Reset()
}

func (a *applet) Handle(cmd apdu.Command) apdu.Response {
	if !a.protocols.session.Active() {
		if resp, answered := a.perso.Handle(cmd); answered {
			return resp
		}
	}
	return a.fileSystem.Handle(cmd)
}

// appletMemory lets the applet change a chip's state.
type appletMemory struct{ *State }

func (m appletMemory) LifeCycle() perso.LifeCycle { return m.State.LifeCycle }

func (m appletMemory) SetLifeCycle(to perso.LifeCycle) apdu.StatusWord {
	m.State.LifeCycle = to
	return apdu.SWOK
}

func (m appletMemory) HasFile(file lds.File) bool { return m.file(false, file.FID) != nil }

// CreateFile makes a file, or empties one that has room for so much.
func (m appletMemory) CreateFile(file lds.File, size int) apdu.StatusWord {
	if f := m.file(false, file.FID); f != nil {
		if size > f.Size {
			return apdu.SWConditionsNotSatisfied
		}
		f.Size, f.Content = size, nil
		return apdu.SWOK
	}
	return memory(m).CreateFile(file, size)
}

// WriteFile writes at an offset within the size of the file. What lies before and was never written is zero.
func (m appletMemory) WriteFile(file lds.File, offset int, content []byte) apdu.StatusWord {
	f := m.file(false, file.FID)
	if f == nil || offset+len(content) > f.Size {
		return apdu.SWWrongOffset
	}
	b := slices.Clone(f.Content)
	if short := offset + len(content) - len(b); short > 0 {
		b = append(b, make([]byte, short)...)
	}
	copy(b[offset:], content)
	f.Content = b
	return apdu.SWOK
}

func (m appletMemory) SetBACSeed(seed []byte) apdu.StatusWord {
	m.BACSeed = slices.Clone(seed)
	return apdu.SWOK
}

func (m appletMemory) SigningKey() []byte { return m.ActiveAuthentication.Key }

func (m appletMemory) SetSigningKey(key []byte, hash int) apdu.StatusWord {
	m.ActiveAuthentication = perso.SigningKey{Hash: hash, Key: slices.Clone(key)}
	return apdu.SWOK
}
