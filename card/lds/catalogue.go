package lds

import "bytes"

// AID gives the identifier of the eMRTD application (Doc 9303-10, section 4.1).
func AID() []byte { return []byte{0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01} }

// File is one elementary file of the catalogue. The zero value stands for no file.
type File struct {
	Name      string // the standard's name, for example "EF.DG1"
	FID       uint16 // file identifier
	SFI       byte   // short file identifier
	Tag       byte   // tag of the file's outermost data object; 0 where the standard gives the file not one
	DataGroup int    // number of the data group; 0 if the file is none
	MF        bool   // stands under the master file, not in the eMRTD application
	Read      Access // who may read it; empty stands for Session
}

// Access is the rule under which a file may be read (Doc 9303-10, section 3.11 and 4.5; Doc 9303-11, section 7.1).
type Access string

// The access rules.
const (
	Always  Access = "always"  // by anyone
	Session Access = "session" // in a session of BAC or PACE
	Rights  Access = "rights"  // in a session of a terminal that has proved its right to it by Terminal Authentication
)

// Catalogue lists every file that the logical data structure names, files under the master file first, then those
// of the eMRTD application in the order of their identifiers (Doc 9303-10, sections 3.11 and 4.6).
func Catalogue() []File {
	return []File{
		{Name: "EF.CardAccess", FID: 0x011C, SFI: 0x1C, Tag: 0x31, MF: true, Read: Always},
		{Name: "EF.CardSecurity", FID: 0x011D, SFI: 0x1D, Tag: 0x30, MF: true},
		{Name: "EF.DIR", FID: 0x2F00, SFI: 0x1E, MF: true, Read: Always},
		{Name: "EF.ATR/INFO", FID: 0x2F01, SFI: 0x01, MF: true, Read: Always},
		{Name: "EF.DG1", FID: 0x0101, SFI: 0x01, Tag: 0x61, DataGroup: 1},
		{Name: "EF.DG2", FID: 0x0102, SFI: 0x02, Tag: 0x75, DataGroup: 2},
		{Name: "EF.DG3", FID: 0x0103, SFI: 0x03, Tag: 0x63, DataGroup: 3, Read: Rights},
		{Name: "EF.DG4", FID: 0x0104, SFI: 0x04, Tag: 0x76, DataGroup: 4, Read: Rights},
		{Name: "EF.DG5", FID: 0x0105, SFI: 0x05, Tag: 0x65, DataGroup: 5},
		{Name: "EF.DG6", FID: 0x0106, SFI: 0x06, Tag: 0x66, DataGroup: 6},
		{Name: "EF.DG7", FID: 0x0107, SFI: 0x07, Tag: 0x67, DataGroup: 7},
		{Name: "EF.DG8", FID: 0x0108, SFI: 0x08, Tag: 0x68, DataGroup: 8},
		{Name: "EF.DG9", FID: 0x0109, SFI: 0x09, Tag: 0x69, DataGroup: 9},
		{Name: "EF.DG10", FID: 0x010A, SFI: 0x0A, Tag: 0x6A, DataGroup: 10},
		{Name: "EF.DG11", FID: 0x010B, SFI: 0x0B, Tag: 0x6B, DataGroup: 11},
		{Name: "EF.DG12", FID: 0x010C, SFI: 0x0C, Tag: 0x6C, DataGroup: 12},
		{Name: "EF.DG13", FID: 0x010D, SFI: 0x0D, Tag: 0x6D, DataGroup: 13},
		{Name: "EF.DG14", FID: 0x010E, SFI: 0x0E, Tag: 0x6E, DataGroup: 14},
		{Name: "EF.DG15", FID: 0x010F, SFI: 0x0F, Tag: 0x6F, DataGroup: 15},
		{Name: "EF.DG16", FID: 0x0110, SFI: 0x10, Tag: 0x70, DataGroup: 16},
		{Name: "EF.CVCA", FID: 0x011C, SFI: 0x1C},
		{Name: "EF.SOD", FID: 0x011D, SFI: 0x1D, Tag: 0x77},
		{Name: "EF.COM", FID: 0x011E, SFI: 0x1E, Tag: 0x60},
	}
}

// NeedsTerminalAuthentication tells whether the file is closed to a terminal that has proved no right to it:
// fingerprints and irises (Doc 9303-11, section 7.1). Every other file opens with the access protocol.
func (f File) NeedsTerminalAuthentication() bool { return f.Read == Rights }

// ByName finds a file by the standard's name, for example "EF.DG13".
func ByName(name string) (File, bool) {
	return find(func(f File) bool { return f.Name == name })
}

// ByTag finds a file by the tag of its outermost data object, which is also how EF.COM names a data group.
func ByTag(tag byte) (File, bool) {
	return find(func(f File) bool { return tag != 0 && f.Tag == tag })
}

// ByFID finds a file of the eMRTD application by its identifier. Files under the master file are found by
// [ByMasterFID], since EF.CardSecurity and EF.SOD share one identifier.
func ByFID(fid uint16) (File, bool) {
	return find(func(f File) bool { return !f.MF && f.FID == fid })
}

// ByMasterFID finds a file that stands under the master file by its identifier.
func ByMasterFID(fid uint16) (File, bool) {
	return find(func(f File) bool { return f.MF && f.FID == fid })
}

// DataGroup gives the file of data group n, 1 to 16.
func DataGroup(n int) (File, bool) {
	return find(func(f File) bool { return n != 0 && f.DataGroup == n })
}

func find(match func(File) bool) (File, bool) {
	for _, f := range Catalogue() {
		if match(f) {
			return f, true
		}
	}
	return File{}, false
}

// IsAID tells whether a name selects the eMRTD application.
func IsAID(name []byte) bool { return bytes.Equal(name, AID()) }
