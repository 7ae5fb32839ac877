package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

// errPlayedIssue refuses what would be a card in the register and nowhere else.
var errPlayedIssue = errors.New("a recording is no card: only at a station whose authorities are all specimens is an order issued on one, to find out what went wrong " +
	"(take a copy of the specimen station and name it with --station)")

// played is a card that is a recording.
type played struct {
	*apdu.Replay
	note func(format string, args ...any)
}

// Limits are those of the wire that was recorded; none known where the recording does not say.
func (p *played) Limits() apdu.Limits {
	var l apdu.Limits
	if _, err := fmt.Sscanf(p.Transcript.Header["limits"], "%d %d", &l.Command, &l.Response); err != nil || l.Command < 0 || l.Response < 0 {
		return apdu.Limits{}
	}
	return l
}

// Close says whether the recording goes on.
func (p *played) Close() error {
	if left := p.Left(); left > 0 {
		p.note("the recording goes on: %d of its %d exchanges were not asked for", left, len(p.Transcript.Exchanges))
	}
	return nil
}

// openReplay opens a recording as a card, and as the terminal's randomness.
func (d *desk) openReplay(ref cardRef) (station.Dialogue, error) {
	text, whole, err := d.readRecording(ref)
	if err != nil {
		return station.Dialogue{}, err
	}
	if !whole {
		d.note("warning: %s is cut short or damaged: only what can be read of it is played", ref.name)
	}
	transcript, err := apdu.ParseTranscript(text)
	if err != nil {
		return station.Dialogue{}, withCode(exitCard, fmt.Errorf("%w: %s", err, ref.name))
	}
	replay := &apdu.Replay{Transcript: transcript}
	return station.Dialogue{Card: &played{replay, d.note}, Rand: replay}, nil
}

// readRecording gives the text of a recording, sealed or not, as far as it can be read: its lines that are whole.
func (d *desk) readRecording(ref cardRef) (text []byte, whole bool, err error) {
	f, err := regular.Open(ref.name)
	if err != nil {
		return nil, false, withCode(exitCard, fmt.Errorf("no recording: %w", err))
	}
	defer f.Close()
	const mark = "age-encryption.org/"
	begin := make([]byte, len(mark))
	if _, err := f.ReadAt(begin, 0); err != nil && err != io.EOF {
		return nil, false, withCode(exitCard, fmt.Errorf("recording: %w", err))
	}
	var plain io.Reader = f
	if string(begin) == mark {
		if plain, err = d.unseal(f, ref); err != nil {
			return nil, false, err
		}
	}
	text, err = io.ReadAll(io.LimitReader(plain, apdu.MaxTranscript+1)) // a sealed one is no longer open than sealed
	if err != nil && len(text) == 0 {
		return nil, false, withCode(exitCard, fmt.Errorf("recording %s: nothing of it can be read: %w", ref.name, err))
	}
	end := bytes.LastIndexByte(text, '\n') + 1
	return text[:end], err == nil && end == len(text), nil
}
