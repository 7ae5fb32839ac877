package scp

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// vectors holds published derivations and sessions, and some computed by another program.
type vectors struct {
	KDF []struct {
		Key      hexBytes `json:"key"`
		Constant byte     `json:"constant"`
		Context  hexBytes `json:"context"`
		Result   hexBytes `json:"result"`
	} `json:"kdf"`
	Sessions []dialogue `json:"sessions"`
}

type dialogue struct {
	Name                     string     `json:"name"`
	Protocol                 Protocol   `json:"protocol"`
	AID                      hexBytes   `json:"aid"`
	AIDUnknown               bool       `json:"aid_unknown"` // so that the card challenge cannot be computed
	ENC                      hexBytes   `json:"enc"`
	MAC                      hexBytes   `json:"mac"`
	DEK                      hexBytes   `json:"dek"`
	InitializeUpdate         hexBytes   `json:"initialize_update"`
	InitializeUpdateResponse hexBytes   `json:"initialize_update_response"`
	ExternalAuthenticate     hexBytes   `json:"external_authenticate"`
	Exchanges                []exchange `json:"exchanges"`
	SENC                     hexBytes   `json:"s_enc"`
	SMAC                     hexBytes   `json:"s_mac"`
	SRMAC                    hexBytes   `json:"s_rmac"`
}

type exchange struct {
	PlainCommand      hexBytes `json:"plain_command"`
	ProtectedCommand  hexBytes `json:"protected_command"`
	ProtectedResponse hexBytes `json:"protected_response"` // none recorded: the card refused, which is not protected
	PlainResponse     hexBytes `json:"plain_response"`
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// The status word for an exchange of which only the command is published.
var notRecorded = hexBytes{0x6A, 0x88}

// load reads a file of vectors.
func load(t testing.TB, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func loadVectors(t testing.TB) vectors {
	t.Helper()
	var all vectors
	for _, name := range []string{"vectors.json", "scp03.json", "scp02.json"} {
		var v vectors
		load(t, name, &v)
		all.KDF, all.Sessions = append(all.KDF, v.KDF...), append(all.Sessions, v.Sessions...)
	}
	if len(all.KDF) != 40 || len(all.Sessions) != 18+5+6 {
		t.Fatalf("vectors are missing: %d derivations, %d sessions", len(all.KDF), len(all.Sessions))
	}
	for _, d := range all.Sessions {
		for i := range d.Exchanges {
			if e := &d.Exchanges[i]; len(e.ProtectedResponse) == 0 {
				e.ProtectedResponse, e.PlainResponse = notRecorded, notRecorded
			}
		}
	}
	return all
}

// session finds a published session by its name.
func (v vectors) session(t testing.TB, name string) dialogue {
	t.Helper()
	for _, d := range v.Sessions {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("there is no session %q", name)
	return dialogue{}
}

// open opens the terminal's end of the session.
func (d dialogue) open(send apdu.Sender, keyVersion byte) (*Terminal, error) {
	h, err := d.initiate(send, keyVersion)
	if err != nil {
		return nil, err
	}
	return h.Authenticate(d.keys(), d.level())
}

func (d dialogue) initiate(send apdu.Sender, keyVersion byte) (*Handshake, error) {
	return Initiate(send, d.Protocol, keyVersion, bytes.NewReader(d.InitializeUpdate[5:13]))
}

func (d dialogue) keys() StaticKeys { return StaticKeys{ENC: d.ENC, MAC: d.MAC, DEK: d.DEK} }

func (d dialogue) level() byte { return d.ExternalAuthenticate[2] }

// chip gives the chip of the dialogue as it was before.
func (d dialogue) chip(app apdu.Handler) *Chip {
	r := d.InitializeUpdateResponse
	chip := &Chip{Protocol: d.Protocol, Keys: d.keys(), KeyVersion: r[10], AID: d.AID, Next: app}
	copy(chip.Diversification[:], r)
	if d.Protocol == SCP02 {
		chip.Sequence, chip.Rand = uint32(r[12])<<8|uint32(r[13]), bytes.NewReader(r[14:20])
		return chip
	}
	chip.Parameter = r[12]
	if r[12]&0x10 != 0 {
		chip.Sequence = uint32(r[29])<<16 | uint32(r[30])<<8 | uint32(r[31])
	} else {
		chip.Rand = bytes.NewReader(r[13:21])
	}
	return chip
}

// asked gives the chip after INITIALIZE UPDATE, and its answer. A challenge that comes from an unknown AID is put in.
func (d dialogue) asked(t testing.TB, app apdu.Handler) (*Chip, apdu.Response) {
	t.Helper()
	chip := d.chip(app)
	answer := chip.Handle(mustCommand(t, d.InitializeUpdate))
	if d.AIDUnknown {
		var err error
		chip.session, err = newSession(d.Protocol, d.keys(), d.InitializeUpdate[5:13], d.InitializeUpdateResponse[13:21], nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	return chip, answer
}

func TestKDFVectors(t *testing.T) {
	for _, v := range loadVectors(t).KDF {
		block, err := aes.NewCipher(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := derive(block, v.Constant, v.Context, len(v.Result)); !bytes.Equal(got, v.Result) {
			t.Errorf("derive(%x, %02x, %x) = %x, want %x", v.Key, v.Constant, v.Context, got, v.Result)
		}
	}
}

func TestSessionKeyVectors(t *testing.T) {
	checked := 0
	for _, d := range loadVectors(t).Sessions {
		if len(d.SENC) == 0 {
			continue
		}
		checked++
		s, err := newSession(d.Protocol, d.keys(), d.InitializeUpdate[5:13], d.InitializeUpdateResponse[13:21], nil)
		if err != nil {
			t.Fatal(err)
		}
		zero := make([]byte, 16)
		for i, key := range []hexBytes{d.SENC, d.SMAC, d.SRMAC} {
			want, err := aes.NewCipher(key)
			if err != nil {
				t.Fatal(err)
			}
			a, b := make([]byte, 16), make([]byte, 16)
			[]interface{ Encrypt(dst, src []byte) }{s.enc, s.mac, s.rmac}[i].Encrypt(a, zero)
			want.Encrypt(b, zero)
			if !bytes.Equal(a, b) {
				t.Errorf("%s: session key %d is not %x", d.Name, i, key)
			}
		}
	}
	if checked != 2 {
		t.Errorf("%d sessions with session keys, want 2", checked)
	}
}

// page is a chip that answers from the printed page and compares what it is asked.
type page struct {
	t     *testing.T
	lines [][2]hexBytes
}

func (p *page) Send(cmd apdu.Command) (apdu.Response, error) {
	if len(p.lines) == 0 {
		return apdu.Response{}, fmt.Errorf("the page has ended")
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, line[0]) {
		p.t.Errorf("the terminal sends\n%x, %v; want\n%x", got, err, line[0])
	}
	return apdu.ParseResponse(line[1])
}

func TestTerminalVectors(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		t.Run(d.Name, func(t *testing.T) {
			p := &page{t, [][2]hexBytes{{d.InitializeUpdate, d.InitializeUpdateResponse}, {d.ExternalAuthenticate, {0x90, 0}}}}
			for _, e := range d.Exchanges {
				p.lines = append(p.lines, [2]hexBytes{e.ProtectedCommand, e.ProtectedResponse})
			}
			terminal, err := d.open(p, d.InitializeUpdate[2])
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(terminal.Diversification[:], d.InitializeUpdateResponse[:10]) || terminal.KeyVersion != d.InitializeUpdateResponse[10] {
				t.Errorf("the chip is %x, keys %d", terminal.Diversification, terminal.KeyVersion)
			}
			for _, e := range d.Exchanges {
				resp, err := terminal.Send(mustCommand(t, e.PlainCommand))
				if err != nil || !bytes.Equal(resp.Bytes(), e.PlainResponse) {
					t.Fatalf("response to %x = %x, %v; want %x", e.PlainCommand, resp.Bytes(), err, e.PlainResponse)
				}
			}
		})
	}
}

func mustCommand(t testing.TB, b []byte) apdu.Command {
	t.Helper()
	cmd, err := apdu.ParseCommand(b)
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// application answers from the page, behind the chip's end.
type application struct {
	t    *testing.T
	next exchange
}

func (a *application) Handle(cmd apdu.Command) apdu.Response {
	if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, a.next.PlainCommand) {
		a.t.Errorf("the application gets %x, %v; want %x", got, err, a.next.PlainCommand)
	}
	resp, err := apdu.ParseResponse(a.next.PlainResponse)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp
}

func TestChipVectors(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		t.Run(d.Name, func(t *testing.T) {
			app := &application{t: t}
			chip, answer := d.asked(t, app)
			before := chip.Sequence
			if !d.AIDUnknown && !bytes.Equal(answer.Bytes(), d.InitializeUpdateResponse) {
				t.Fatalf("INITIALIZE UPDATE:\n%x; want\n%x", answer.Bytes(), d.InitializeUpdateResponse)
			}
			if got := chip.Handle(mustCommand(t, d.ExternalAuthenticate)); got.SW != apdu.SWOK || len(got.Data) != 0 || !chip.Open() {
				t.Fatalf("EXTERNAL AUTHENTICATE: %x", got.Bytes())
			}
			if chip.Sequence != before+1 {
				t.Errorf("sequence counter %d after %d", chip.Sequence, before)
			}
			for _, e := range d.Exchanges {
				app.next = e
				if got := chip.Handle(mustCommand(t, e.ProtectedCommand)); !bytes.Equal(got.Bytes(), e.ProtectedResponse) {
					t.Fatalf("the chip answers\n%x to %x; want\n%x", got.Bytes(), e.ProtectedCommand, e.ProtectedResponse)
				}
			}
		})
	}
}
