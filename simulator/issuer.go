package simulator

import (
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/scp"
)

// issuer is the issuer security domain: the secure channel before personalisation.
type issuer struct {
	channel scp.Chip
	perso   perso.Chip
}

func newIssuer(s *State) *issuer {
	keys := scp.StaticKeys{ENC: s.Keys.ENC, MAC: s.Keys.MAC, DEK: s.Keys.DEK}
	i := &issuer{}
	i.perso = perso.Chip{Memory: memory{s}, DecryptKey: i.channel.DecryptKey}
	i.channel = scp.Chip{
		Keys: keys, KeyVersion: s.Keys.Version, Diversification: [10]byte(s.ChipID), AID: perso.IssuerSecurityDomain(),
		Sequence: s.SequenceCounter, Next: &i.perso,
		Save: func(sequence uint32) error {
			s.SequenceCounter = sequence
			return nil
		},
	}
	return i
}

func (i *issuer) reset() {
	i.channel.Reset()
	i.perso.Reset()
}

func (i *issuer) Handle(cmd apdu.Command) apdu.Response {
	if cmd.CLA&0x80 == 0 {
		return apdu.Response{SW: apdu.SWClassNotSupported}
	}
	resp := i.channel.Handle(cmd)
	if !i.channel.Open() {
		i.perso.Reset()
	}
	return resp
}
