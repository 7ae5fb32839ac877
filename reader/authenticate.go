package reader

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// authenticateChip runs the strongest Chip Authentication that EF.DG14 offers and goes on in the session that it gives
// (Doc 9303-11, section 6.2): after chip authentication mapping too, whose key another file holds.
func (r *inspecting) authenticateChip() error {
	infos, err := secinfo.ParseDG14(r.reading.Files["EF.DG14"])
	if err != nil {
		return nil // what is wrong with the file is for the verdict
	}
	offer, ok, err := strongestOffer(infos)
	if !ok {
		if err != nil {
			r.reading.Proofs.Chip = impossible(err)
		}
		return nil
	}
	agreed, err := eac.ChipAuthenticate(r.secure, offer, r.Rand)
	switch {
	case errors.Is(err, eac.ErrChip) && faulty(err):
		r.reading.Proofs.Chip = impossible(err)
		return nil
	case errors.Is(err, eac.ErrChip):
		r.reading.Proofs.Chip = failed(err)
		return nil
	case err != nil:
		return fmt.Errorf("reader: Chip Authentication: %w", err)
	}
	return r.proveChip(offer, agreed)
}

// proveChip goes on in the new session. The chip has proven itself when its first answer there is good.
func (r *inspecting) proveChip(offer eac.Offer, agreed eac.Agreed) error {
	channel, err := sm.NewTerminal(r.plain, agreed.Session)
	if err != nil {
		return err
	}
	r.enter(channel)
	sod, _ := lds.ByName("EF.SOD")
	_, err = r.secure.Send(apdu.SelectFile(sod.FID))
	if errors.Is(err, sm.ErrResponse) {
		return r.tryChipAgain(fmt.Errorf("the chip does not have the private key of EF.DG14: %w", err))
	}
	if err != nil {
		return fmt.Errorf("reader: Chip Authentication: %w", err)
	}
	r.reading.Proofs.Chip = Proof{Proven, fmt.Sprintf("Chip Authentication, %v", offer.Info)}
	r.terminal = agreed.Terminal
	return nil
}

// tryChipAgain opens the card anew, since the session is lost, and runs Chip Authentication a second time: whoever
// disturbs one answer must not make a copy of a genuine chip. A chip that fails twice has failed, and the rest of its files
// is read all the same.
func (r *inspecting) tryChipAgain(reason error) error {
	again := r.reading.Proofs.Chip.Outcome == ""
	r.reading.Proofs.Chip = failed(reason)
	if err := r.reopen(); err != nil {
		return err
	}
	if again {
		return r.authenticateChip()
	}
	return nil
}

// strongestOffer finds the Chip Authentication with the longest cipher key among those that this program knows. A key
// without an info is one for triple DES: chips of the first generation announce no more (TR-03110-3, appendix A.1.1.2).
func strongestOffer(infos secinfo.Infos) (best eac.Offer, ok bool, reason error) {
	for _, public := range infos.ChipAuthenticationKeys {
		key, err := public.PublicKey()
		if err != nil {
			reason = err
			continue
		}
		for _, info := range offersOf(infos, public) {
			if info.Version == 1 && (!ok || info.Suite > best.Info.Suite) {
				best, ok = eac.Offer{Info: info, Key: key}, true
			}
		}
	}
	return best, ok, reason
}

func offersOf(infos secinfo.Infos, public secinfo.ChipAuthenticationPublicKeyInfo) []secinfo.ChipAuthenticationInfo {
	if len(infos.ChipAuthentication) == 0 {
		return []secinfo.ChipAuthenticationInfo{{Agreement: public.Agreement, Version: 1, KeyID: public.KeyID}}
	}
	var found []secinfo.ChipAuthenticationInfo
	for _, info := range infos.ChipAuthentication {
		if info.Agreement == public.Agreement && sameID(info.KeyID, public.KeyID) {
			found = append(found, info)
		}
	}
	return found
}

func sameID(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// authenticateTerminal reads EF.CVCA, and lets this terminal into what its certificates allow, where it has any (Doc
// 9303-11, section 7.1). That a chip does not let it in closes some files, and is no error.
func (r *inspecting) authenticateTerminal() error {
	infos, err := secinfo.ParseDG14(r.reading.Files["EF.DG14"])
	if err != nil || len(infos.TerminalAuthentication) == 0 {
		return nil
	}
	authorities, err := r.readCVCA(infos.TerminalAuthentication[0])
	var refused apdu.StatusWord
	switch {
	case errors.As(err, &refused) || errors.Is(err, errCVCA):
		r.reading.Proofs.Terminal = failed(err)
		return nil
	case err != nil:
		return err
	case r.Terminal == nil:
		return nil
	case r.terminal == nil:
		r.reading.Proofs.Terminal = failed(errors.New("the chip has not proven itself, and then no terminal is let in"))
		return nil
	}
	binding := eac.Binding{Authorities: authorities, Chip: r.idIC, Terminal: r.terminal}
	err = eac.TerminalAuthenticate(r.secure, *r.Terminal, binding, r.Rand)
	switch {
	case errors.Is(err, eac.ErrCertificate), errors.Is(err, eac.ErrTerminal), errors.Is(err, cvc.ErrNoChain):
		r.reading.Proofs.Terminal = failed(err)
		return nil
	case err != nil:
		return fmt.Errorf("reader: Terminal Authentication: %w", err)
	}
	r.reading.Proofs.Terminal = Proof{Proven, "Terminal Authentication as " + r.Terminal.Holder}
	return nil
}

// errCVCA is answered for an EF.CVCA that cannot be read as one.
var errCVCA = errors.New("reader: EF.CVCA")

// readCVCA reads EF.CVCA, which is as long as it is and no data object (Doc 9303-11, appendix K.2).
func (r *inspecting) readCVCA(info secinfo.TerminalAuthenticationInfo) ([]string, error) {
	file, _ := lds.ByName("EF.CVCA")
	if info.EFCVCA.FID != 0 {
		file.FID = info.EFCVCA.FID
	}
	content, err := r.selectAndRead(r.secure, apdu.SelectFile(file.FID), apdu.Command{INS: 0xB0, Ne: cvc.FileSize})
	if err != nil {
		return nil, fmt.Errorf("reader: read EF.CVCA: %w", err)
	}
	authorities, err := cvc.ParseFile(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCVCA, err)
	}
	r.keep(file.Name, content)
	return authorities, nil
}

// activeAuthentication lets the chip sign a challenge, last of all: on a reader that turns out to carry no extended
// length fields the session is lost (Doc 9303-11, section 6.1).
func (r *inspecting) activeAuthentication() error {
	publicKey, err := activeauth.ParseDG15(r.reading.Files["EF.DG15"])
	if err != nil {
		return nil // what is wrong with the file is for the verdict
	}
	if long, _ := activeauth.NeedsExtended(publicKey); long && !r.extended {
		r.reading.Proofs.Active = Proof{Impossible, "needs extended length"}
		return nil
	}
	result, err := activeauth.Run(r.secure, publicKey, r.signatureHash(), r.Rand)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, activeauth.ErrNeedsExtended):
		r.reading.Proofs.Active = Proof{Impossible, "needs extended length"}
	case errors.Is(err, activeauth.ErrChip) && faulty(err):
		r.reading.Proofs.Active = impossible(err)
	case errors.Is(err, activeauth.ErrChip):
		r.reading.Proofs.Active = failed(err)
	case err != nil:
		return fmt.Errorf("reader: Active Authentication: %w", err)
	default:
		r.reading.Proofs.Active = Proof{Proven, fmt.Sprintf("Active Authentication, %v", result)}
	}
	return nil
}

// signatureHash gives the hash that EF.DG14 names for a key on a curve; without a name it is the one that most chips
// have.
func (r *inspecting) signatureHash() crypto.Hash {
	infos, err := secinfo.ParseDG14(r.reading.Files["EF.DG14"])
	if err == nil && len(infos.ActiveAuthentication) > 0 {
		if hash, err := activeauth.HashOf(infos.ActiveAuthentication[0].SignatureAlgorithm); err == nil {
			return hash
		}
	}
	return crypto.SHA256
}
