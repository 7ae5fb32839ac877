// Package reader is the terminal: [Inspection.Read] follows the inspection procedure (Doc 9303-11, appendix J) and
// brings home the files of a card, [Verify] judges them, without the card and without a side effect.
//
//	Read:    EF.ATR/INFO -> eMRTD application -> Basic Access Control -> EF.COM -> EF.SOD -> data groups
//	Verify:  access, files, hashes, signature, chain, validity, revocation, chip -> Verdict, and apart from it Status
package reader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/bac"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/sm"
)

// Reading is what was read off one card.
type Reading struct {
	Access string            // how the card was opened: "BAC"
	Files  map[string][]byte // whole files by the standard's name, for example "EF.DG1"
	Closed []string          // names of files that the card has and did not give to this terminal
	Stored bool              // it comes from a folder: how it was made is what the folder says
}

// Withholds tells whether the card rightly kept a file from this terminal: one that needs Terminal Authentication. A
// card that refuses any other file hides it, and the file counts as missing.
func (r Reading) Withholds(file lds.File) bool {
	return file.NeedsTerminalAuthentication() && slices.Contains(r.Closed, file.Name)
}

// ErrAccess is answered when the card refuses the access key: the MRZ was mistyped, or belongs to another card.
var ErrAccess = errors.New("reader: the card refuses the access key: is this the MRZ of this very card?")

// Inspection is one run of the inspection procedure.
type Inspection struct {
	Access Access    // what opens the card
	Rand   io.Reader // the terminal's randomness

	Watch   func(file string, size int)   // if set, is told of each file that was read
	Channel func(apdu.Sender) apdu.Sender // if set, is put around the secure channel, for a trace
}

// inspecting is a run under way.
type inspecting struct {
	Inspection
	plain   apdu.Sender // to the card
	secure  apdu.Sender // the same in a session
	chunk   int         // bytes that one READ BINARY may ask for
	reading Reading
}

// Read opens the card and reads every file that it lists. The end of ctx ends the reading between two commands.
func (i Inspection) Read(ctx context.Context, send apdu.Sender) (Reading, error) {
	run := &inspecting{Inspection: i, plain: cancellable{ctx, send}, reading: Reading{Files: map[string][]byte{}}}
	steps := []func() error{run.askBuffers, run.selectApplication, run.openBAC, run.readIndex, run.readDataGroups}
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

// askBuffers reads EF.ATR/INFO, which needs no session, for how long a response may be (Doc 9303-10, section 3.6.4.2).
// A card without a master file or without the file gets short commands.
func (r *inspecting) askBuffers() error {
	r.chunk = lds.ShortBuffers().Response - sm.Overhead
	info, err := r.selectAndRead(r.plain,
		apdu.Command{INS: 0xA4, P1: 0x00, P2: 0x0C},
		apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x2F, 0x01}},
		apdu.Command{INS: 0xB0, Ne: apdu.MaxShortNe})
	var refused apdu.StatusWord
	if errors.As(err, &refused) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reader: read EF.ATR/INFO: %w", err)
	}
	buffers, err := lds.ParseATRInfo(info)
	if err != nil {
		return err
	}
	r.chunk = buffers.Response - sm.Overhead
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

// selectApplication selects the eMRTD application (Doc 9303-10, section 3.6.1).
func (r *inspecting) selectApplication() error {
	resp, err := r.plain.Send(apdu.Command{INS: 0xA4, P1: 0x04, P2: 0x0C, Data: lds.AID()})
	if err != nil {
		return fmt.Errorf("reader: select the eMRTD application: %w", err)
	}
	return checkApplication(resp)
}

// openBAC runs Basic Access Control (Doc 9303-11, section 4.3). It is tried once: a card may count failures.
func (r *inspecting) openBAC() error {
	channel, err := bac.Run(r.plain, r.Access.information, r.Rand)
	if errors.Is(err, bac.ErrRefused) {
		return fmt.Errorf("%w (%v)", ErrAccess, err)
	}
	if err != nil {
		return fmt.Errorf("reader: Basic Access Control: %w", err)
	}
	r.reading.Access = "BAC"
	r.secure = channel
	if r.Channel != nil {
		r.secure = r.Channel(channel)
	}
	return nil
}

// readIndex reads the two files that say what else is there. A card without EF.SOD is read all the same: the verdict
// says what it is worth.
func (r *inspecting) readIndex() error {
	for _, name := range []string{"EF.COM", "EF.SOD"} {
		file, _ := lds.ByName(name)
		if err := r.read(file); err != nil && !errors.Is(err, apdu.SWFileNotFound) {
			return err
		}
	}
	return nil
}

// readDataGroups reads the data groups that EF.COM or EF.SOD lists. One that is not there, or that the card refuses
// though it needs no right, is left out, and the verdict will miss it; one that needs a right is noted.
func (r *inspecting) readDataGroups() error {
	for _, n := range r.listed() {
		file, _ := lds.DataGroup(n)
		err := r.read(file)
		switch {
		case errors.Is(err, apdu.SWSecurityStatusNotSatisfied) && file.NeedsTerminalAuthentication():
			r.reading.Closed = append(r.reading.Closed, file.Name)
		case errors.Is(err, apdu.SWFileNotFound), errors.Is(err, apdu.SWSecurityStatusNotSatisfied):
		case err != nil:
			return err
		}
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
	r.reading.Files[file.Name] = content
	if r.Watch != nil {
		r.Watch(file.Name, len(content))
	}
	return nil
}
