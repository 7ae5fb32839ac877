// Package reader is the terminal: [Inspection.Read] follows the inspection procedure (Doc 9303-11, section 4.2 and
// appendix J) and brings home the files of a card, [Verify] judges them, without the card and without a side effect.
//
//	Read:    EF.ATR/INFO -> EF.CardAccess -> PACE, else Basic Access Control -> EF.COM, EF.SOD, EF.DG14
//	         -> Chip Authentication -> Terminal Authentication -> data groups -> Active Authentication
//	Verify:  access, files, hashes, signature, chain, validity, revocation, chip -> Verdict, and apart from it Status
package reader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/sm"
)

// Reading is what was read off one card.
type Reading struct {
	Access   string            // how the card was opened: "PACE" or "BAC"
	How      string            // the same in full: "PACE-ECDH-GM with AES-128 on brainpoolP256r1, by the MRZ"
	Fallback string            // why PACE was not used though the card offers it; empty where it was, or is not offered
	Files    map[string][]byte // whole files by the standard's name, for example "EF.DG1"
	Closed   []string          // names of files that the card has and did not give to this terminal
	Proofs   Proofs
	Stored   bool // it comes from a folder: how it was made is what the folder says
}

// Withholds tells whether the card rightly kept a file from this terminal: one that needs Terminal Authentication. A
// card that refuses any other file hides it, and the file counts as missing.
func (r Reading) Withholds(file lds.File) bool {
	return file.NeedsTerminalAuthentication() && slices.Contains(r.Closed, file.Name)
}

// Inspection is one run of the inspection procedure.
type Inspection struct {
	Access   Access           // what opens the card
	Rand     io.Reader        // the terminal's randomness
	NoBAC    bool             // open with PACE, or not at all
	Short    bool             // use no extended length fields, whatever the card says
	Terminal *eac.Credentials // if set, Terminal Authentication is run, for fingerprints and irises

	// Reset takes the card's power and gives it back. Without it nothing is tried a second time: not Basic Access
	// Control after PACE has failed, nor the rest of the files of a card that has failed to authenticate.
	Reset   func() error
	Watch   func(file string, size int)   // if set, is told of each file that was read
	Channel func(apdu.Sender) apdu.Sender // if set, is put around each secure channel, for a trace
}

// inspecting is a run under way.
type inspecting struct {
	Inspection
	plain    apdu.Sender // to the card
	secure   apdu.Sender // the same in a session
	chunk    int         // bytes that one READ BINARY may ask for
	extended bool        // card and reader carry extended length fields
	reading  Reading

	idIC     []byte // what Terminal Authentication binds itself to: the chip
	terminal []byte // and Comp(PK.IFD) of the session that a chip has proven itself in; none before
}

// Read opens the card and reads every file that it lists. The end of ctx ends the reading between two commands.
func (i Inspection) Read(ctx context.Context, send apdu.Sender) (Reading, error) {
	run := &inspecting{Inspection: i, plain: cancellable{ctx, send}, reading: Reading{Files: map[string][]byte{}}}
	steps := []func() error{
		run.askBuffers, run.readCardAccess, run.open, run.readIndex, run.authenticateChip, run.authenticateTerminal,
		run.readDataGroups, run.activeAuthentication,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Reading{}, err
		}
	}
	return run.reading, nil
}

// cancellable refuses to send once ctx has ended.
type cancellable struct {
	ctx  context.Context
	next apdu.Sender
}

func (c cancellable) Send(cmd apdu.Command) (apdu.Response, error) {
	if err := c.ctx.Err(); err != nil {
		return apdu.Response{}, err
	}
	return c.next.Send(cmd)
}

// Limits are those of the way to the card.
func (c cancellable) Limits() apdu.Limits { return apdu.LimitsOf(c.next) }

// selectMasterFile selects the master file. Cards have been seen that do not know the command and give the files under
// the master file all the same (AndyQ/NFCPassportReader, issue 219: cards of Viet Nam answer 6D00): it is selected when
// a chip gets power.
func (r *inspecting) selectMasterFile() error {
	_, err := r.plain.Send(apdu.SelectMasterFile())
	if err != nil {
		return fmt.Errorf("reader: select the master file: %w", err)
	}
	return nil
}

// atrInfoName names the file that the maker of a chip has written.
const atrInfoName = "EF.ATR/INFO"

// askBuffers reads EF.ATR/INFO, which needs no session, for how long a response may be (Doc 9303-10, section 3.6.4.2).
// A card without a master file or without the file gets short commands, and so does one over a way that is known to
// carry no others. A card that states more is asked once with an extended length field, since not every reader carries
// those, nor every driver says so: some lose the command, and then the card gets its reset.
func (r *inspecting) askBuffers() error {
	r.chunk = lds.ShortBuffers().Response - sm.Overhead
	read := apdu.Command{INS: 0xB0, Ne: apdu.MaxShortNe}
	if err := r.selectMasterFile(); err != nil {
		return err
	}
	info, err := r.selectAndRead(r.plain, apdu.SelectFile(0x2F01), read)
	var refused apdu.StatusWord
	if errors.As(err, &refused) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reader: read EF.ATR/INFO: %w", err)
	}
	r.keep(atrInfoName, info)
	buffers, err := lds.ParseATRInfo(info)
	if err != nil {
		return err
	}
	if buffers = buffers.Within(apdu.LimitsOf(r.plain)); r.Short || !buffers.Extended() {
		return nil
	}
	read.Extended, read.Ne = true, len(info)
	_, err = r.selectAndRead(r.plain, read)
	switch {
	case errors.As(err, &refused):
		return nil
	case err != nil && r.Reset == nil:
		return nil // if it is the card that is gone, the next command says so
	case err != nil:
		if err := r.Reset(); err != nil {
			return fmt.Errorf("reader: reset the card, whose reader has lost a command with extended length fields: %w", err)
		}
		return r.selectMasterFile()
	}
	r.extended, r.chunk = true, buffers.Response-sm.Overhead
	return nil
}

// selectAndRead sends the commands one after another and gives the last answer's data.
func (r *inspecting) selectAndRead(send apdu.Sender, commands ...apdu.Command) ([]byte, error) {
	var resp apdu.Response
	for _, cmd := range commands {
		var err error
		if resp, err = send.Send(cmd); err != nil {
			return nil, err
		}
		if resp.SW != apdu.SWOK && resp.SW != apdu.SWEndOfFile {
			return nil, resp.SW
		}
	}
	return resp.Data, nil
}

// readIndex reads the two files that say what else is there, and the one that says what the chip can prove. A card
// without EF.SOD is read all the same: the verdict says what it is worth.
func (r *inspecting) readIndex() error {
	for _, name := range []string{"EF.COM", "EF.SOD"} {
		file, _ := lds.ByName(name)
		if err := r.read(file); err != nil && !errors.Is(err, apdu.SWFileNotFound) {
			return err
		}
	}
	if dg14, _ := lds.DataGroup(14); slices.Contains(r.listed(), 14) {
		return r.readGroup(dg14)
	}
	return nil
}

// readDataGroups reads the data groups that EF.COM or EF.SOD lists.
func (r *inspecting) readDataGroups() error {
	for _, n := range r.listed() {
		file, _ := lds.DataGroup(n)
		if _, done := r.reading.Files[file.Name]; done {
			continue
		}
		if err := r.readGroup(file); err != nil {
			return err
		}
	}
	return nil
}

// readGroup reads a data group. One that is not there, or that the card refuses though it needs no right, is left out,
// and the verdict will miss it; one that needs a right is noted.
func (r *inspecting) readGroup(file lds.File) error {
	err := r.read(file)
	switch {
	case errors.Is(err, apdu.SWSecurityStatusNotSatisfied) && file.NeedsTerminalAuthentication():
		r.reading.Closed = append(r.reading.Closed, file.Name)
	case errors.Is(err, apdu.SWFileNotFound), errors.Is(err, apdu.SWSecurityStatusNotSatisfied):
	case err != nil:
		return err
	}
	return nil
}

// listed gives the numbers of the data groups that EF.COM or EF.SOD names. A file that cannot be parsed lists
// nothing here; the verdict will say so.
func (r *inspecting) listed() []int {
	var numbers []int
	if com, err := lds.ParseCOM(r.reading.Files["EF.COM"]); err == nil {
		for _, tag := range com.Tags {
			if file, ok := lds.ByTag(tag); ok {
				numbers = append(numbers, file.DataGroup)
			}
		}
	}
	if sod, err := lds.ParseSOD(r.reading.Files["EF.SOD"]); err == nil {
		numbers = append(numbers, sod.SecurityObject.DataGroups()...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func (r *inspecting) read(file lds.File) error {
	content, err := readFile(r.secure, file, r.chunk)
	if err != nil {
		return fmt.Errorf("reader: read %s: %w", file.Name, err)
	}
	r.keep(file.Name, content)
	return nil
}

func (r *inspecting) keep(name string, content []byte) {
	r.reading.Files[name] = content
	if r.Watch != nil {
		r.Watch(name, len(content))
	}
}
