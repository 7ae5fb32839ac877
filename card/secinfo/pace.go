package secinfo

import (
	"encoding/asn1"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/cancuoc/cancuoc/card/internal/dh"
	"github.com/cancuoc/cancuoc/card/internal/ec"
	"github.com/cancuoc/cancuoc/card/sm"
)

// Agreement is the kind of key agreement: over elliptic curves, the zero value, or in a MODP group.
type Agreement byte

// The key agreements of Doc 9303-11, section 9.6.
const (
	ECDH Agreement = iota
	DH
)

// String names the key agreement.
func (a Agreement) String() string {
	if a == DH {
		return "DH"
	}
	return "ECDH"
}

// UnmarshalText reads the name.
func (a *Agreement) UnmarshalText(text []byte) error {
	for _, known := range []Agreement{ECDH, DH} {
		if known.String() == string(text) {
			*a = known
			return nil
		}
	}
	return fmt.Errorf("secinfo: %q is no key agreement", text)
}

// Mapping is how PACE makes a generator of the nonce.
type Mapping byte

// The mappings of Doc 9303-11, section 4.4.3.3.
const (
	GenericMapping Mapping = iota
	IntegratedMapping
	ChipAuthenticationMapping
)

// String gives the short name of the mapping.
func (m Mapping) String() string {
	switch m {
	case IntegratedMapping:
		return "IM"
	case ChipAuthenticationMapping:
		return "CAM"
	}
	return "GM"
}

// UnmarshalText reads the short name.
func (m *Mapping) UnmarshalText(text []byte) error {
	for _, known := range []Mapping{GenericMapping, IntegratedMapping, ChipAuthenticationMapping} {
		if known.String() == string(text) {
			*m = known
			return nil
		}
	}
	return fmt.Errorf("secinfo: %q is no mapping of PACE", text)
}

// ParameterNamed finds the identifier of standardised domain parameters by their name, for example "brainpoolP256r1" (Doc
// 9303-11, section 9.5.1).
func ParameterNamed(name string) (int, error) {
	for id := range lastParameter + 1 {
		if curve, err := ec.ByParameterID(id); err == nil && curve.Name() == name {
			return id, nil
		}
		if group, err := dh.ByID(id); err == nil && group.Name() == name {
			return id, nil
		}
	}
	return 0, fmt.Errorf("secinfo: no standardised domain parameters are named %q", name)
}

// lastParameter is the last identifier of standardised domain parameters that is given out.
const lastParameter = 18

// ProvesChip tells whether the mapping proves the chip genuine too, by its private key (Doc 9303-11, section 4.4.3.5).
func (m Mapping) ProvesChip() bool { return m == ChipAuthenticationMapping }

// PACEVersion is the one version of PACE that the standard knows.
const PACEVersion = 2

// NoParameterID stands for a PACEInfo without parameterId, which means explicit domain parameters.
const NoParameterID = -1

// PACEInfo offers one way to run PACE (Doc 9303-11, section 9.2.1).
type PACEInfo struct {
	Agreement   Agreement
	Mapping     Mapping
	Suite       sm.Suite
	Version     int // PACEVersion
	ParameterID int // of the standardised domain parameters, or NoParameterID

	// Ambiguous tells that the chip offers more than one set of domain parameters, so that the terminal must say
	// which it means (section 4.4.4.1). Parse and Strongest set it; it is not written.
	Ambiguous bool
}

// kind gives the arc below id-PACE, which names agreement and mapping together, or 0 where there is none (Doc 9303-11,
// section 9.2.3).
func (i PACEInfo) kind() int {
	switch {
	case i.Agreement == DH && i.Mapping == GenericMapping:
		return 1
	case i.Agreement == ECDH && i.Mapping == GenericMapping:
		return 2
	case i.Agreement == DH && i.Mapping == IntegratedMapping:
		return 3
	case i.Agreement == ECDH && i.Mapping == IntegratedMapping:
		return 4
	case i.Agreement == ECDH && i.Mapping == ChipAuthenticationMapping:
		return 6
	}
	return 0
}

// paceKind is the inverse of kind.
func paceKind(arc int) (Agreement, Mapping, bool) {
	switch arc {
	case 1:
		return DH, GenericMapping, true
	case 2:
		return ECDH, GenericMapping, true
	case 3:
		return DH, IntegratedMapping, true
	case 4:
		return ECDH, IntegratedMapping, true
	case 6:
		return ECDH, ChipAuthenticationMapping, true
	}
	return 0, 0, false
}

// suiteArc gives the last arc of the object identifiers of PACE and Chip Authentication: 1 for 3DES, 2 to 4 for AES.
func suiteArc(s sm.Suite) int { return int(s) + 1 }

func arcSuite(arc int) (sm.Suite, bool) {
	if arc < 1 || arc > 4 {
		return 0, false
	}
	return sm.Suite(arc - 1), true
}

// Protocol gives the object identifier, which is also how MSE:Set AT names the protocol, or none for a combination
// that does not exist.
func (i PACEInfo) Protocol() asn1.ObjectIdentifier {
	kind := i.kind()
	if kind == 0 || i.Mapping == ChipAuthenticationMapping && i.Suite == sm.TripleDES || i.Suite > sm.AES256 {
		return nil
	}
	return bsiProtocol(4, kind, suiteArc(i.Suite))
}

// PACEProtocol reads an object identifier of PACE: all of a PACEInfo but version and domain parameters.
func PACEProtocol(oid asn1.ObjectIdentifier) (PACEInfo, bool) {
	arcs, ok := below(oid, bsiProtocol(4), 2)
	if !ok {
		return PACEInfo{}, false
	}
	agreement, mapping, ok1 := paceKind(arcs[0])
	suite, ok2 := arcSuite(arcs[1])
	info := PACEInfo{Agreement: agreement, Mapping: mapping, Suite: suite, Version: PACEVersion, ParameterID: NoParameterID}
	return info, ok1 && ok2 && info.Protocol() != nil
}

// String describes the info, for example "PACE-ECDH-GM with AES-128 on brainpoolP256r1".
func (i PACEInfo) String() string {
	return fmt.Sprintf("PACE-%v-%v with %v on %s", i.Agreement, i.Mapping, i.Suite, i.parameters())
}

// parameters names the domain parameters.
func (i PACEInfo) parameters() string {
	if i.ParameterID == NoParameterID {
		return "explicit domain parameters"
	}
	if curve, err := ec.ByParameterID(i.ParameterID); err == nil {
		return curve.Name()
	}
	if group, err := dh.ByID(i.ParameterID); err == nil {
		return group.Name()
	}
	return fmt.Sprintf("domain parameters %d", i.ParameterID)
}

// Supported tells why package pace cannot run what the info offers, or nothing if it can. Explicit domain parameters
// are not used, since nobody vouches for them (Doc 9303-11, section 9.2.2).
func (i PACEInfo) Supported() error {
	var err error
	switch {
	case i.Protocol() == nil:
		return fmt.Errorf("secinfo: %v does not exist", i)
	case i.Version != PACEVersion:
		return fmt.Errorf("secinfo: %v has version %d, not %d", i, i.Version, PACEVersion)
	case i.ParameterID == NoParameterID:
		return fmt.Errorf("secinfo: %v: explicit domain parameters are not used", i)
	case i.Agreement == DH:
		_, err = dh.ByID(i.ParameterID)
	default:
		_, err = ec.ByParameterID(i.ParameterID)
	}
	if err != nil {
		return fmt.Errorf("secinfo: %v: %w", i, err)
	}
	if i.Agreement == ECDH && i.Mapping == IntegratedMapping && i.ParameterID == ec.P224().ID() {
		return fmt.Errorf("secinfo: %v: P-224 has no integrated mapping", i)
	}
	return nil
}

// Ranked gives those of the infos that are supported, the best first: chip authentication mapping before the others, since
// it proves the chip genuine too; then the longer key of the cipher; then the greater strength of the domain parameters;
// then elliptic curves before MODP groups; then the order of the list. Where none is left, ask each for its reason by
// [PACEInfo.Supported].
func Ranked(infos []PACEInfo) []PACEInfo {
	var ranked []PACEInfo
	for _, info := range infos {
		if info.Supported() == nil {
			info.Ambiguous = info.Ambiguous || ambiguous(infos)
			ranked = append(ranked, info)
		}
	}
	slices.SortStableFunc(ranked, func(a, b PACEInfo) int {
		switch {
		case stronger(a, b):
			return -1
		case stronger(b, a):
			return 1
		}
		return 0
	})
	return ranked
}

// Strongest gives the first that [Ranked] gives, and false where there is none.
func Strongest(infos []PACEInfo) (PACEInfo, bool) {
	ranked := Ranked(infos)
	if len(ranked) == 0 {
		return PACEInfo{}, false
	}
	return ranked[0], true
}

func stronger(a, b PACEInfo) bool {
	camA, camB := a.Mapping == ChipAuthenticationMapping, b.Mapping == ChipAuthenticationMapping
	switch {
	case camA != camB:
		return camA
	case a.Suite != b.Suite:
		return a.Suite > b.Suite
	case a.strength() != b.strength():
		return a.strength() > b.strength()
	}
	return a.Agreement == ECDH && b.Agreement == DH
}

// strength estimates the security of standardised domain parameters in bits: half the order of a curve, and what NIST
// SP 800-57 part 1, table 2, gives for the MODP groups.
func (i PACEInfo) strength() int {
	if i.Agreement == DH {
		if i.ParameterID == 0 {
			return 80
		}
		return 112
	}
	curve, err := ec.ByParameterID(i.ParameterID)
	if err != nil {
		return 0
	}
	return curve.Order().BitLen() / 2
}

// ambiguous tells whether a list offers more than one set of domain parameters.
func ambiguous(infos []PACEInfo) bool {
	for _, info := range infos {
		if info.ParameterID != infos[0].ParameterID {
			return true
		}
	}
	return false
}

func markAmbiguous(infos []PACEInfo) {
	mark := ambiguous(infos)
	for n := range infos {
		infos[n].Ambiguous = mark
	}
}

func isPACE(oid asn1.ObjectIdentifier) bool {
	_, ok := PACEProtocol(oid)
	return ok
}

func readPACE(e *entry) (PACEInfo, error) {
	info, _ := PACEProtocol(e.protocol)
	var err error
	if info.Version, err = e.readNumber("version"); err != nil {
		return PACEInfo{}, err
	}
	id, err := e.readID()
	if id != nil {
		info.ParameterID = *id
	}
	return info, err
}

func (i PACEInfo) add(b *cryptobyte.Builder) {
	oid := i.Protocol()
	if oid == nil {
		b.SetError(fmt.Errorf("%v does not exist", i))
		return
	}
	b.AddASN1ObjectIdentifier(oid)
	b.AddASN1Int64(int64(i.Version))
	if i.ParameterID != NoParameterID {
		b.AddASN1Int64(int64(i.ParameterID))
	}
}

// PACEDomainParameterInfo spells out domain parameters for PACE. They are kept and never used: nobody vouches for them
// (Doc 9303-11, section 9.2.2).
type PACEDomainParameterInfo struct {
	Agreement   Agreement
	Mapping     Mapping
	Parameters  []byte // the AlgorithmIdentifier
	ParameterID *int   // identifies them among several
}

func isPACEParameters(oid asn1.ObjectIdentifier) bool {
	arcs, ok := below(oid, bsiProtocol(4), 1)
	if ok {
		_, _, ok = paceKind(arcs[0])
	}
	return ok
}

func readPACEParameters(e *entry) (PACEDomainParameterInfo, error) {
	var info PACEDomainParameterInfo
	arcs, _ := below(e.protocol, bsiProtocol(4), 1)
	info.Agreement, info.Mapping, _ = paceKind(arcs[0])
	var parameters cryptobyte.String
	if !e.data.ReadASN1Element(&parameters, cbasn1.SEQUENCE) {
		return info, fmt.Errorf("its domain parameters are no AlgorithmIdentifier")
	}
	info.Parameters = append([]byte(nil), parameters...)
	var err error
	info.ParameterID, err = e.readID()
	return info, err
}

func (i PACEDomainParameterInfo) add(b *cryptobyte.Builder) {
	kind := PACEInfo{Agreement: i.Agreement, Mapping: i.Mapping}.kind()
	if kind == 0 {
		b.SetError(fmt.Errorf("PACE-%v-%v does not exist", i.Agreement, i.Mapping))
		return
	}
	b.AddASN1ObjectIdentifier(bsiProtocol(4, kind))
	b.AddBytes(i.Parameters)
	addID(b, i.ParameterID)
}
