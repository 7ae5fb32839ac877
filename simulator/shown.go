package simulator

import (
	"bytes"

	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// This file is what a card shows in place of a file that it has, by its faults.

// shown gives a file as a terminal sees it, or nil if the card hides it.
func (p *protocols) shown(f *File) *File {
	name := f.Name()
	switch {
	case name == "EF.CardAccess" && p.faults.has(HiddenAccess):
		return nil
	case name == "EF.CardAccess":
		return p.weakened(f)
	case name == "EF.DG1" && p.faults.has(SwappedDG):
		return f.with(renamed)
	case name == "EF.DG1" && p.faults.has(LyingLength):
		return f.with(longer)
	case name == "EF.SOD" && p.faults.has(ForgedSOD):
		return f.with(forged)
	case name == p.torn() && p.faults.has(TornWrite):
		return f.with(half)
	}
	return f
}

// with gives a copy of the file with another content.
func (f *File) with(change func([]byte) []byte) *File {
	seen := *f
	if len(f.Content) > 0 {
		seen.Content = change(bytes.Clone(f.Content))
	}
	return &seen
}

// renamed puts other letters for the name in the last line of the zone, which has no check digit over it.
func renamed(content []byte) []byte {
	for i := max(0, len(content)-30); i < len(content); i++ {
		if c := content[i]; c >= 'A' && c <= 'Z' {
			content[i] = 'A' + 'Z' - c
		}
	}
	return content
}

// longer adds to the length in the second byte, of a file that is shorter than 128 bytes.
func longer(content []byte) []byte {
	if len(content) < 2 {
		return content
	}
	content[1] = min(content[1]+20, 0x7F)
	return content
}

func forged(content []byte) []byte {
	content[len(content)-1] ^= 1
	return content
}

func half(content []byte) []byte { return content[:len(content)/2] }

// torn names the file that a torn write has left unfinished.
func (p *protocols) torn() string {
	if p.state.file(false, 0x010D) != nil {
		return "EF.DG13"
	}
	return "EF.DG2"
}

// weakened gives EF.CardAccess as a terminal sees it on a card that deceives: PACE with 3DES alone, where the chip has
// better.
func (p *protocols) weakened(file *File) *File {
	if !p.faults.has(WeakAccess) {
		return file
	}
	infos, err := secinfo.Parse(file.Content)
	if err != nil || len(infos.PACE) == 0 {
		return file
	}
	weak := infos.PACE[0]
	weak.Suite, weak.Mapping = sm.TripleDES, secinfo.GenericMapping
	content, err := secinfo.Infos{PACE: []secinfo.PACEInfo{weak}}.Encode()
	if err != nil {
		return file
	}
	seen := *file
	seen.Content = content
	return &seen
}
