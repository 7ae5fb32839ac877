package simulator

import (
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/scp"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// issuer is the issuer security domain: it tells who the chip is, and behind its secure channel takes keys and, where the
// chip has no applet of somebody else's, personalises.
type issuer struct {
	state   *State
	channel scp.Chip
	perso   perso.Chip
}

func newIssuer(s *State, rand io.Reader) *issuer {
	i := &issuer{state: s, perso: perso.Chip{Memory: memory{s}}}
	i.channel = scp.Chip{
		Protocol: s.Keys.Protocol, Keys: s.Keys.static(), KeyVersion: s.Keys.Version, Diversification: [10]byte(s.ChipID),
		AID: perso.IssuerSecurityDomain(), Sequence: s.SequenceCounter, Rand: rand, Next: inside{i},
		Save: func(sequence uint32) error {
			s.SequenceCounter = sequence
			return nil
		},
	}
	i.perso.DecryptKey = i.channel.DecryptKey
	return i
}

func (k Keys) static() scp.StaticKeys { return scp.StaticKeys{ENC: k.ENC, MAC: k.MAC, DEK: k.DEK} }

func (i *issuer) reset() {
	i.channel.Reset()
	i.perso.Reset()
}

// mostRefused is how often a chip in a row takes wrong keys for the issuer's before it takes none any more, as chips do.
const mostRefused = 10

func (i *issuer) Handle(cmd apdu.Command) apdu.Response {
	switch {
	case cmd.INS == 0xCA && cmd.P1 == 0x9F && cmd.P2 == 0x7F && cmd.CLA&^0x80 == 0:
		return apdu.Response{Data: tlv.Encode(0x9F7F, perso.ProductionData([10]byte(i.state.ChipID))), SW: apdu.SWOK}
	case cmd.CLA&0x80 == 0:
		return apdu.Response{SW: apdu.SWClassNotSupported}
	case isExternalAuthenticate(cmd) && i.state.Refused >= mostRefused:
		return apdu.Response{SW: apdu.SWAuthenticationBlocked}
	}
	resp := i.channel.Handle(cmd)
	if isExternalAuthenticate(cmd) {
		i.count(resp.SW)
	}
	if !i.channel.Open() {
		i.perso.Reset()
	}
	return resp
}

func isExternalAuthenticate(cmd apdu.Command) bool { return cmd.CLA == 0x84 && cmd.INS == 0x82 }

// count counts terminals that have shown wrong keys.
func (i *issuer) count(sw apdu.StatusWord) {
	switch sw {
	case apdu.SWOK:
		i.state.Refused = 0
	case apdu.SWAuthenticationFailed, apdu.SWSecurityStatusNotSatisfied:
		i.state.Refused++
	}
}

// inside answers what came through the secure channel.
type inside struct{ *issuer }

func (i inside) Handle(cmd apdu.Command) apdu.Response {
	switch {
	case cmd.INS == 0xD8:
		return i.putKeys(cmd)
	case i.state.Applet != OwnApplet && cmd.INS != 0xF2 && cmd.INS != 0xF0:
		return apdu.Response{SW: apdu.SWConditionsNotSatisfied} // it takes nothing by way of its security domain
	}
	return i.perso.Handle(cmd)
}

// putKeys takes new keys of the issuer in the place of the old ones: all three, or none.
func (i inside) putKeys(cmd apdu.Command) apdu.Response {
	version, keys, resp := i.channel.PutKeys(cmd)
	if resp.SW != apdu.SWOK {
		return resp
	}
	i.state.Keys.Version, i.state.Keys.ENC, i.state.Keys.MAC, i.state.Keys.DEK = version, keys.ENC, keys.MAC, keys.DEK
	i.state.SequenceCounter = 0
	i.channel.Keys, i.channel.KeyVersion, i.channel.Sequence = keys, version, 0
	return resp
}
