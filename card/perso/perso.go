// Package perso is what is written to a chip at personalisation, and the dialects that write it.
//
// Writing is each maker's own affair; what is to be done is the same for all. One plan says it in neutral words, and a
// dialect puts it into the commands of one kind of blank chip, as a [CardProfile] says:
//
//	step              globalplatform                              jmrtd-applet
//	authenticate      SELECT security domain                      SELECT security domain, GET DATA: who the chip is
//	                  INITIALIZE UPDATE, EXTERNAL AUTHENTICATE    SELECT application, SELECT EF.COM: is it locked?
//	                  GET STATUS: how far the chip has come
//	      the caller commits its intent here: what follows cannot be undone
//	keys              PUT KEY, and a new secure channel           -
//	                  INSTALL [for personalization]
//	files             STORE DATA                                  CREATE FILE, SELECT, UPDATE BINARY
//	secrets           STORE DATA, encrypted                       PUT DATA
//	lock              SET STATUS secured                          PUT DATA DEAD
//	read-back         by the caller, as any terminal reads
//
// [Terminal.Open] does the first step, [Session.Write] those from keys to lock. A chip on which an earlier run was torn is
// written again from the beginning: either dialect's commands may be repeated until the chip is locked.
package perso

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/scp"
)

// File is one elementary file.
type File struct {
	MF      bool   `json:"mf,omitempty"` // stands under the master file, not in the eMRTD application
	FID     uint16 `json:"fid"`
	Content []byte `json:"content"`
}

// Name gives the standard's name of the file.
func (f File) Name() string {
	if known, ok := f.known(); ok {
		return known.Name
	}
	return fmt.Sprintf("EF %04X", f.FID)
}

// known finds the file in the catalogue.
func (f File) known() (lds.File, bool) {
	if f.MF {
		return lds.ByMasterFID(f.FID)
	}
	return lds.ByFID(f.FID)
}

// Data is everything that personalisation writes to one chip. It contains personal data and keys.
type Data struct {
	Files []File `json:"files"`
	Secrets
}

// File gives the content of a file of the catalogue.
func (d Data) File(file lds.File) ([]byte, bool) {
	for _, f := range d.Files {
		if f.FID == file.FID && f.MF == file.MF {
			return f.Content, true
		}
	}
	return nil, false
}

// DefaultKeys are the keys that everybody knows, with which blank GlobalPlatform cards leave the factory.
func DefaultKeys() scp.StaticKeys {
	return scp.StaticKeys{ENC: DefaultKey(16), MAC: DefaultKey(16), DEK: DefaultKey(16)}
}

// DefaultKey is the key that everybody knows, of so many bytes: 40, 41 and so on.
func DefaultKey(size int) []byte {
	key := make([]byte, size)
	for i := range key {
		key[i] = 0x40 + byte(i)
	}
	return key
}
