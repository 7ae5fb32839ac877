package card

import (
	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// chip collects what a profile's protocols put onto a chip: keys and passwords, and the files that speak of them.
type chip struct {
	secrets perso.Secrets
	access  secinfo.Infos // EF.CardAccess
	signed  secinfo.Infos // what EF.DG14 says beside PACE
	mapping secinfo.Infos // what EF.CardSecurity says beyond
	files   []perso.File  // EF.CardAccess, EF.CardSecurity, EF.CVCA
	groups  []perso.File  // EF.DG14, EF.DG15
}

// makeKeys makes the keys and passwords of a chip, and the files that announce them (Doc 9303-11, section 9.2.11).
func (i Issuance) makeKeys() (chip, error) {
	var c chip
	steps := []func(*chip) error{
		i.addPasswords, i.addChipAuthentication, i.addMapping, i.addActiveAuthentication, i.addTerminalAuthentication, i.addInfos,
	}
	for _, step := range steps {
		if err := step(&c); err != nil {
			return chip{}, err
		}
	}
	return c, nil
}

// addPasswords derives what opens the chip from what is printed on the card.
func (i Issuance) addPasswords(c *chip) error {
	d := i.Document
	information, err := vnm.AccessInformation(d.PersonalNumber, d.DateOfBirth, d.DateOfExpiry)
	if err != nil {
		return err
	}
	if i.Profile.BAC {
		c.secrets.BACSeed = bac.Seed(information)
	}
	if len(i.Profile.PACE) == 0 {
		return nil
	}
	c.access.PACE = i.Profile.PACE
	c.secrets.MRZ = pace.MRZ(information).Key
	if i.Profile.CAN && d.CAN != "" {
		c.secrets.CAN = pace.CAN(d.CAN).Key
	}
	return nil
}

// addChipAuthentication makes the static keys; among several each has an identifier.
func (i Issuance) addChipAuthentication(c *chip) error {
	for n, wanted := range i.Profile.ChipAuthentication {
		key, err := eac.GenerateKey(wanted.ParameterID, i.Rand)
		if err != nil {
			return err
		}
		made := perso.ChipKey{Suites: wanted.Suites}
		if len(i.Profile.ChipAuthentication) > 1 {
			id := n + 1
			made.ID = &id
		}
		if made.Key, err = key.Encode(); err != nil {
			return err
		}
		c.secrets.ChipAuthentication = append(c.secrets.ChipAuthentication, made)
		public, err := publicInfo(key, secinfo.PublicKey.Explicit, made.ID)
		if err != nil {
			return err
		}
		c.signed.ChipAuthenticationKeys = append(c.signed.ChipAuthenticationKeys, public)
		for _, suite := range wanted.Suites {
			c.signed.ChipAuthentication = append(c.signed.ChipAuthentication,
				secinfo.ChipAuthenticationInfo{Agreement: public.Agreement, Suite: suite, Version: 1, KeyID: made.ID})
		}
	}
	return nil
}

// publicInfo announces the public key of a static key.
func publicInfo(key *eac.PrivateKey, form func(secinfo.PublicKey) ([]byte, error), id *int) (secinfo.ChipAuthenticationPublicKeyInfo, error) {
	public, err := key.Public()
	if err != nil {
		return secinfo.ChipAuthenticationPublicKeyInfo{}, err
	}
	encoded, err := form(public)
	return secinfo.ChipAuthenticationPublicKeyInfo{Agreement: public.Agreement(), Key: encoded, KeyID: id}, err
}

// addMapping makes the keys of PACE's chip authentication mapping, which go by the identifier of their domain parameters.
func (i Issuance) addMapping(c *chip) error {
	for _, info := range i.Profile.PACE {
		if !info.Mapping.ProvesChip() {
			continue
		}
		key, err := eac.GenerateKey(info.ParameterID, i.Rand)
		if err != nil {
			return err
		}
		encoded, err := key.Encode()
		if err != nil {
			return err
		}
		public, err := publicInfo(key, secinfo.PublicKey.Standardised, &info.ParameterID)
		if err != nil {
			return err
		}
		c.secrets.Mapping = append(c.secrets.Mapping, encoded)
		c.mapping.ChipAuthenticationKeys = append(c.mapping.ChipAuthenticationKeys, public)
	}
	return nil
}

// addActiveAuthentication makes the signing key and EF.DG15. For a key on a curve EF.DG14 names the algorithm (Doc
// 9303-11, section 9.2.4).
func (i Issuance) addActiveAuthentication(c *chip) error {
	wanted := i.Profile.ActiveAuthentication
	if !wanted.there() {
		return nil
	}
	key, err := i.signingKey()
	if err != nil {
		return err
	}
	encoded, err := key.Encode()
	if err != nil {
		return err
	}
	c.secrets.ActiveAuthentication = perso.SigningKey{Hash: wanted.Hash.Size(), Key: encoded}
	public, err := key.PublicKey()
	if err != nil {
		return err
	}
	dg15, err := fileNamed("EF.DG15")(activeauth.EncodeDG15(public))
	if err != nil {
		return err
	}
	c.groups = append(c.groups, dg15)
	if wanted.RSABits == 0 {
		algorithm, err := activeauth.SignatureAlgorithm(wanted.Hash)
		if err != nil {
			return err
		}
		c.signed.ActiveAuthentication = []secinfo.ActiveAuthenticationInfo{{Version: 1, SignatureAlgorithm: algorithm}}
	}
	return nil
}

func (i Issuance) signingKey() (*activeauth.PrivateKey, error) {
	if bits := i.Profile.ActiveAuthentication.RSABits; bits != 0 {
		return activeauth.GenerateRSA(bits, i.Rand)
	}
	return activeauth.GenerateEC(i.Profile.ActiveAuthentication.ParameterID, i.Rand)
}

// letsTerminalsIn tells whether the chip does Terminal Authentication.
func (i Issuance) letsTerminalsIn() bool { return i.Profile.TerminalAuthentication && len(i.CVCA) > 0 }

// addTerminalAuthentication gives the chip its trust points and the date (Doc 9303-11, section 7.1.4.3.1).
func (i Issuance) addTerminalAuthentication(c *chip) error {
	if !i.letsTerminalsIn() {
		return nil
	}
	var authorities []string
	for _, certificate := range i.CVCA {
		point, err := cvc.Root(certificate)
		if err != nil {
			return err
		}
		encoded, err := point.Encode()
		if err != nil {
			return err
		}
		c.secrets.TrustPoints = append(c.secrets.TrustPoints, encoded)
		authorities = append(authorities, point.Holder)
	}
	c.secrets.CurrentDate = date.Of(i.At).String()
	c.signed.TerminalAuthentication = []secinfo.TerminalAuthenticationInfo{{Version: 1}}
	file, err := fileNamed("EF.CVCA")(cvc.EncodeFile(authorities))
	c.files = append(c.files, file)
	return err
}

// addInfos writes EF.CardAccess, what it says signed once more in EF.DG14, and for chip authentication mapping in
// EF.CardSecurity (Doc 9303-11, section 9.2.11).
func (i Issuance) addInfos(c *chip) error {
	if i.Profile.Announced {
		c.access.ChipAuthentication, c.access.TerminalAuthentication = c.signed.ChipAuthentication, c.signed.TerminalAuthentication
	}
	if len(c.access.PACE) > 0 {
		if err := c.addMasterFile("EF.CardAccess")(c.access.Encode()); err != nil {
			return err
		}
	}
	all := c.signed
	all.PACE = c.access.PACE
	if len(all.PACE)+len(all.ChipAuthentication)+len(all.ActiveAuthentication)+len(all.TerminalAuthentication) > 0 {
		dg14, err := fileNamed("EF.DG14")(all.EncodeDG14())
		if err != nil {
			return err
		}
		c.groups = append([]perso.File{dg14}, c.groups...)
	}
	if len(c.secrets.Mapping) == 0 {
		return nil
	}
	security := c.access
	security.ChipAuthenticationKeys = append(security.ChipAuthenticationKeys, c.mapping.ChipAuthenticationKeys...)
	return c.addMasterFile("EF.CardSecurity")(lds.SignCardSecurity(security, i.Signer, i.At))
}

// addMasterFile puts a content that was made, or the error in its making, under the name of a file of the master file.
func (c *chip) addMasterFile(name string) func(content []byte, err error) error {
	return func(content []byte, err error) error {
		file, _ := lds.ByName(name)
		c.files = append(c.files, perso.File{MF: true, FID: file.FID, Content: content})
		return err
	}
}
