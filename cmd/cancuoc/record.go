package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

// recording is where --record keeps the dialogue with one card: a transcript, sealed for its recipients or plain. It holds
// what the terminal draws, and not what a key draws that signs elsewhere: with Terminal Authentication by a key on a token,
// or on a curve of NIST, it is played back as far as that signature.
type recording struct {
	file *os.File
	w    io.WriteCloser // the transcript: what seals it, or the file itself
	card bool           // it has begun
	err  error          // what has become of it, once it could not be written; told already
}

// errPlain is what a recording without recipients meets where citizens' cards may be.
var errPlain = errors.New("a recording holds all that is on the card, and only at a station whose authorities are all specimens is one kept in the clear: " +
	"say who may read it with --recipient age1... (age-keygen makes such a key), or name such a station with --station")

// errPlainKeys is what it meets where chips are given keys: those go out under the keys that chips come with.
var errPlainKeys = errors.New("this station gives chips the issuer's own keys (chip.own_keys), and whoever knows the keys that chips come with reads them out of a recording: " +
	"say who may read it with --recipient age1... (age-keygen makes such a key)")

// startRecording makes the file of --record, once, before anything is asked of a card; nil where none is wanted.
func (d *desk) startRecording() (*recording, error) {
	if d.record == "" || d.recording != nil {
		return d.recording, nil
	}
	recipients, err := d.ageRecipients()
	if err != nil {
		return nil, err
	}
	if len(recipients) == 0 && !d.specimen() {
		return nil, withCode(exitNotAllowed, errPlain)
	}
	if len(recipients) == 0 && d.givesKeys() {
		return nil, withCode(exitNotAllowed, errPlainKeys)
	}
	f, err := os.OpenFile(d.record, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // goes through no symbolic link
	if errors.Is(err, fs.ErrExist) {
		return nil, withCode(exitUsage, fmt.Errorf("--record %s: it is there already: name a new file", d.record))
	}
	if err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("--record: %w", err))
	}
	r := &recording{file: f, w: f}
	if len(recipients) > 0 {
		if r.w, err = age.Encrypt(f, recipients...); err != nil {
			f.Close()
			return nil, withCode(exitUsage, fmt.Errorf("--record: %w", err))
		}
	}
	d.recording = r
	_, err = fmt.Fprintf(r, "program: cancuoc %s, %s %s/%s\ncommand: %s\nrecorded: %s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		d.command, time.Now().UTC().Format(time.RFC3339))
	return r, err
}

// Write puts a line into the recording.
func (r *recording) Write(line []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.w.Write(line)
	r.fail(err)
	return n, r.err
}

// fail remembers the first thing that went wrong with the recording.
func (r *recording) fail(err error) {
	if err != nil && r.err == nil {
		r.err = withCode(exitFailed, fmt.Errorf("--record: %w", err))
	}
}

// around puts the recording, where there is one, around a card that was just opened, or was not.
func (r *recording) around(opened station.Dialogue, err error) (station.Dialogue, error) {
	if r == nil || err != nil {
		return opened, err
	}
	if r.card {
		opened.Close()
		return station.Dialogue{}, withCode(exitUsage, errors.New("--record keeps the dialogue with one card, and this is a second one"))
	}
	r.card = true
	if _, err := io.WriteString(r, describe(opened.Card)); err != nil {
		opened.Close()
		return station.Dialogue{}, err
	}
	record := apdu.Record{Card: opened.Card, Rand: opened.Rand, W: r}
	return station.Dialogue{Card: recorded{record, opened.Card}, Rand: record}, nil
}

// recorded is a card whose dialogue is kept.
type recorded struct {
	apdu.Record
	io.Closer
}

// describe gives the lines of a recording that tell of a card.
func describe(card station.Card) string {
	where, atr := whereIs(card)
	text := fmt.Sprintf("reader: %s\n", printable(where))
	if len(atr) > 0 {
		text += fmt.Sprintf("atr: %X\n", atr)
	}
	if l := apdu.LimitsOf(card); l != (apdu.Limits{}) {
		text += fmt.Sprintf("limits: %d %d\n", l.Command, l.Response)
	}
	return text + "\n# as confidential as the card\n"
}

// whereIs says where a card is, without the names of files, which may be personal, and gives its answer to reset.
func whereIs(card station.Card) (where string, atr []byte) {
	switch c := card.(type) {
	case *pcsc.Card:
		return c.Reader, c.ATR
	case inProcess:
		return "simulated", c.ATR()
	case *played:
		atr, _ := hex.DecodeString(c.Transcript.Header["atr"])
		return "played back", atr
	}
	return "unknown", nil
}

// endRecording writes how the command has ended, and brings the recording to the disk. It gives the error with which it
// has ended, or that of the recording.
func (d *desk) endRecording(ctx context.Context, ended error) error {
	if d.record != "" && ended == nil && (d.recording == nil || !d.recording.card) {
		d.note("nothing was recorded: no card was opened")
	}
	if d.recording == nil {
		return ended
	}
	told := d.recording.err
	fmt.Fprintf(d.recording, "# %s\n", ending(ctx, ended))
	err := d.closeRecording()
	switch {
	case err == nil || told != nil && ended != nil:
		return ended
	case ended == nil || isSilent(ended):
		return err
	}
	return withCode(exitCode(ctx, ended), fmt.Errorf("%w; %w", ended, err))
}

// ending says how a command has ended.
func ending(ctx context.Context, ended error) string {
	if ended == nil {
		return "ended: done"
	}
	code := exitCode(ctx, ended)
	if isSilent(ended) {
		return fmt.Sprintf("ended: exit code %d", code)
	}
	return fmt.Sprintf("ended: exit code %d: %s", code, printable(sentence(ended, code)))
}

// closeRecording closes the file, once. What is sealed can be opened to its end only after that.
func (d *desk) closeRecording() error {
	r := d.recording
	if r == nil || r.file == nil {
		return nil
	}
	if r.w != r.file && r.err == nil {
		r.fail(r.w.Close())
	}
	r.fail(r.file.Sync())
	r.fail(r.file.Close())
	r.file = nil
	return r.err
}

// ageRecipients reads who may open the recording: public keys of age, or files of them.
func (d *desk) ageRecipients() ([]age.Recipient, error) {
	var all []age.Recipient
	for _, value := range d.recipients {
		text := value
		switch lower := strings.ToLower(value); {
		case strings.HasPrefix(lower, "age-secret-key-"):
			return nil, withCode(exitUsage, errors.New("--recipient: this is a secret key, "+
				"and now other users of this machine may have seen it; the public one begins with age1"))
		case strings.HasPrefix(lower, "age1"):
		default:
			var err error
			if text, err = d.file(value); err != nil {
				return nil, withCode(exitUsage, fmt.Errorf("--recipient: %w", err))
			}
		}
		some, err := age.ParseRecipients(strings.NewReader(text))
		if err != nil { // the error may repeat a line of the file, and that may be another secret
			return nil, withCode(exitUsage, errors.New("--recipient: no public key of age (age1...), nor a file of such, one a line"))
		}
		all = append(all, some...)
	}
	return all, nil
}

// specimen tells whether we are at a station of which all authorities are specimens.
func (d *desk) specimen() bool {
	config, err := station.LoadConfig(d.station)
	if err != nil {
		return false
	}
	signer, err := config.SignerCertificate(d.station)
	if err != nil || !signer.Specimen() {
		return false
	}
	trust, err := config.Trust(d.station)
	for _, anchor := range trust.Anchors {
		if !anchor.Specimen() {
			return false
		}
	}
	return err == nil
}

// givesKeys tells whether the station puts keys onto chips.
func (d *desk) givesKeys() bool {
	config, err := station.LoadConfig(d.station)
	return err == nil && config.CardProfile().Rotates()
}

// unseal opens a sealed recording with the key that the reference names, else the one that $CANCUOC_AGE_IDENTITY names.
func (d *desk) unseal(sealed io.Reader, ref cardRef) (io.Reader, error) {
	name := ref.identity
	if name == "" {
		name = os.Getenv("CANCUOC_AGE_IDENTITY")
	}
	if name == "" {
		return nil, withCode(exitKey, fmt.Errorf("the recording %s is sealed: "+
			"name the file of its secret key, replay:FILE?identity=KEYFILE or $CANCUOC_AGE_IDENTITY", ref.name))
	}
	text, err := d.file(name)
	if err != nil {
		return nil, withCode(exitKey, err)
	}
	keys, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil {
		return nil, withCode(exitKey, fmt.Errorf("%s holds no secret key of age (AGE-SECRET-KEY-1...), one a line", name))
	}
	plain, err := age.Decrypt(sealed, keys...)
	if other := (*age.NoIdentityMatchError)(nil); errors.As(err, &other) {
		return nil, withCode(exitKey, fmt.Errorf("the recording %s is sealed for other keys than those in %s", ref.name, name))
	}
	if err != nil {
		return nil, withCode(exitCard, fmt.Errorf("recording %s: %w", ref.name, err))
	}
	return plain, nil
}
