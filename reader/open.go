package reader

import (
	"errors"
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/mrz"
	"github.com/cancuoc/cancuoc/card/pace"
	"github.com/cancuoc/cancuoc/card/secinfo"
)

var (
	// ErrAccess is answered when the card refuses the access key: it was mistyped, or belongs to another card.
	ErrAccess = errors.New("reader: the card refuses the access key: is this the MRZ or the card access number of this very card?")
	// ErrNoPACE is answered when a card offers no PACE, and only that would do.
	ErrNoPACE = errors.New("reader: the card offers no PACE")
)

// readCardAccess reads EF.CardAccess, which needs no session, for the ways of PACE that the card offers (Doc 9303-11,
// section 4.2, step 1).
func (r *inspecting) readCardAccess() error {
	file, _ := lds.ByName("EF.CardAccess")
	content, err := readFile(r.plain, file, lds.ShortBuffers().Response-2)
	var refused apdu.StatusWord
	switch {
	case errors.As(err, &refused):
		return nil
	case err != nil:
		return fmt.Errorf("reader: read EF.CardAccess: %w", err)
	}
	r.keep(file.Name, content)
	return nil
}

// offered gives the ways of PACE that the card offers and this program knows, the best first, or why there is none.
func (r *inspecting) offered() ([]secinfo.PACEInfo, error) {
	content, there := r.reading.Files["EF.CardAccess"]
	if !there {
		return nil, ErrNoPACE
	}
	infos, err := secinfo.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("reader: EF.CardAccess: %w", err)
	}
	if ranked := secinfo.Ranked(infos.PACE); len(ranked) > 0 {
		return ranked, nil
	}
	if len(infos.PACE) == 0 {
		return nil, ErrNoPACE
	}
	return nil, fmt.Errorf("%w that this program knows: %w", ErrNoPACE, infos.PACE[0].Supported())
}

// open opens the card: with the best way of PACE that it offers, else, each from a reset after a failure that was not
// the password's, with the next best, and at last with Basic Access Control (Doc 9303-11, sections 4.1 and 4.2). A
// password that was refused is not tried again: a card may count failures.
func (r *inspecting) open() error {
	r.reading.Fallback = ""
	ways, reason := r.offered()
	for _, info := range ways {
		r.terminal = nil
		err := r.openPACE(info)
		if err == nil || errors.Is(err, ErrAccess) || !ofChip(err) || r.Reset == nil {
			return err
		}
		if err := r.Reset(); err != nil {
			return fmt.Errorf("reader: reset the card after PACE has failed: %w", err)
		}
		if info.Mapping.ProvesChip() {
			r.reading.Proofs.Mapping = impossible(err) // anyone on the way to the card can refuse
		}
		if reason = err; r.reading.Fallback == "" {
			r.reading.Fallback = err.Error()
		}
	}
	switch {
	case r.NoBAC:
		return fmt.Errorf("%w, and Basic Access Control was forbidden", reason)
	case r.Access.information == "" && errors.Is(reason, ErrNoPACE):
		if err := r.selectApplication(r.plain); err != nil {
			return err // it is no card of ours, which says more than that it has no PACE
		}
		return fmt.Errorf("%w, and only that takes a card access number: give the machine readable zone", reason)
	case r.Access.information == "":
		return reason
	}
	if r.reading.Fallback == "" && len(r.reading.Files["EF.CardAccess"]) > 0 {
		r.reading.Fallback = reason.Error()
	}
	return r.openBAC()
}

// ofChip tells an error that the chip caused from one of the way to it.
func ofChip(err error) bool {
	var refused apdu.StatusWord
	return errors.As(err, &refused) || errors.Is(err, pace.ErrChip)
}

// openPACE runs PACE under the master file and selects the eMRTD application in the session (Doc 9303-11, section 4.4).
func (r *inspecting) openPACE(info secinfo.PACEInfo) error {
	password, name := r.Access.password()
	channel, result, err := pace.Run(r.plain, info, password, r.Rand)
	if errors.Is(err, pace.ErrRefused) && refusesPassword(err) {
		return fmt.Errorf("%w (%v)", ErrAccess, err)
	}
	if err != nil {
		return fmt.Errorf("reader: %v: %w", info, err)
	}
	r.reading.Access, r.reading.How = "PACE", fmt.Sprintf("%v, by the %s", info, name)
	r.idIC = eac.Compress(result.Chip)
	r.enter(channel)
	if err := r.readCardSecurity(result); err != nil {
		return err
	}
	return r.selectApplication(r.secure)
}

// refusesPassword tells 63XX, by which the standard has a chip say that the password is wrong (Doc 9303-11, section
// 4.4.4.2), from other refusals: a chip has been seen that answers 6982 and then opens with Basic Access Control.
func refusesPassword(err error) bool {
	var sw apdu.StatusWord
	return errors.As(err, &sw) && sw>>8 == 0x63
}

// readCardSecurity reads EF.CardSecurity where there is one, and judges what chip authentication mapping has proven by
// the key in it. Whether that is the key of a card is for the verdict.
func (r *inspecting) readCardSecurity(result pace.Result) error {
	file, _ := lds.ByName("EF.CardSecurity")
	content, err := readFile(r.secure, file, r.chunk)
	var refused apdu.StatusWord
	if err != nil && !errors.As(err, &refused) {
		return fmt.Errorf("reader: read EF.CardSecurity: %w", err)
	}
	if err == nil {
		r.keep(file.Name, content)
	}
	if !result.Info.Mapping.ProvesChip() {
		return nil
	}
	security, err := lds.ParseCardSecurity(content)
	if err == nil {
		err = pace.VerifyCAM(result, security.Infos.ChipAuthenticationKeys)
	}
	switch {
	case errors.Is(err, pace.ErrNotGenuine):
		r.reading.Proofs.Mapping = failed(err)
		return nil
	case err != nil:
		r.reading.Proofs.Mapping = impossible(err)
		return nil
	}
	r.reading.Proofs.Mapping = Proof{Proven, "PACE with chip authentication mapping"}
	r.terminal = eac.Compress(result.Terminal)
	return nil
}

const howBAC = "Basic Access Control, 3DES secure messaging"

// openBAC runs Basic Access Control in the eMRTD application (Doc 9303-11, section 4.3).
func (r *inspecting) openBAC() error {
	if err := r.selectApplication(r.plain); err != nil {
		return err
	}
	channel, err := bac.Run(r.plain, r.Access.information, r.Rand)
	if errors.Is(err, bac.ErrRefused) {
		return fmt.Errorf("%w (%v)", ErrAccess, err)
	}
	if err != nil {
		return fmt.Errorf("reader: Basic Access Control: %w", err)
	}
	r.reading.Access, r.reading.How = "BAC", howBAC
	r.idIC = []byte(mrz.NumberOf(r.Access.information))
	r.enter(channel)
	return nil
}

// selectApplication selects the eMRTD application (Doc 9303-10, section 3.6.1).
func (r *inspecting) selectApplication(send apdu.Sender) error {
	resp, err := send.Send(apdu.SelectApplication(lds.AID()))
	if err != nil {
		return fmt.Errorf("reader: select the eMRTD application: %w", err)
	}
	return checkApplication(resp)
}

// enter goes on over a secure channel.
func (r *inspecting) enter(channel apdu.Sender) {
	r.secure = channel
	if r.Channel != nil {
		r.secure = r.Channel(channel)
	}
}

// reopen opens the card once more, after it has failed to authenticate and the session is lost, so that the rest of its
// files can be read.
func (r *inspecting) reopen() error {
	r.terminal = nil
	if r.Reset == nil {
		return errors.New("reader: the session is lost, and the card cannot be reset")
	}
	if err := r.Reset(); err != nil {
		return fmt.Errorf("reader: reset the card: %w", err)
	}
	return r.open()
}
