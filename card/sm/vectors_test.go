package sm

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// vectors holds worked examples and recorded dialogues; what is computed in it was computed by another program.
type vectors struct {
	Derivations []struct {
		Secret  hexBytes `json:"secret"`
		Counter uint32   `json:"counter"`
		Suite   string   `json:"suite"`
		Key     hexBytes `json:"key"`
	} `json:"kdf"`
	Sessions []dialogue `json:"sessions"`
}

// dialogue is a session, and the one that the exchange before the last brings about, if any.
type dialogue struct {
	Name      string     `json:"name"`
	Before    state      `json:"before"`
	After     *state     `json:"after"`
	Exchanges []exchange `json:"exchanges"`
}

type state struct {
	Suite string   `json:"suite"`
	Enc   hexBytes `json:"enc"`
	Mac   hexBytes `json:"mac"`
	SSC   hexBytes `json:"ssc"`
}

type exchange struct {
	PlainCommand      hexBytes `json:"plain_command"`
	ProtectedCommand  hexBytes `json:"protected_command"`
	ProtectedResponse hexBytes `json:"protected_response"`
	PlainResponse     hexBytes `json:"plain_response"`
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

func loadVectors(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Derivations) < 15 || len(v.Sessions) < 9 {
		t.Fatal("vectors are missing")
	}
	return v
}

func suiteNamed(name string) Suite {
	for s := TripleDES; s <= AES256; s++ {
		if s.String() == name {
			return s
		}
	}
	panic("no suite " + name)
}

// session gives the state as it is after n exchanges.
func (s state) session(n int) Session {
	suite := suiteNamed(s.Suite)
	ssc := make([]byte, suite.BlockSize())
	copy(ssc, s.SSC)
	for ; n > 0; n-- {
		for range 2 {
			for i := len(ssc) - 1; i >= 0; i-- {
				if ssc[i]++; ssc[i] != 0 {
					break
				}
			}
		}
	}
	return Session{Suite: suite, Keys: Keys{Enc: s.Enc, Mac: s.Mac}, SSC: ssc}
}

// at gives the session under which exchange i goes.
func (d dialogue) at(i int) Session {
	if d.After != nil && i == len(d.Exchanges)-1 {
		return d.After.session(0)
	}
	return d.Before.session(i)
}

func TestKDFVectors(t *testing.T) {
	for _, v := range loadVectors(t).Derivations {
		if got := suiteNamed(v.Suite).KDF(v.Secret, v.Counter); !bytes.Equal(got, v.Key) {
			t.Errorf("KDF(%x, %d) for %s = %x, want %x", v.Secret, v.Counter, v.Suite, got, v.Key)
		}
		keys := suiteNamed(v.Suite).Keys(v.Secret)
		if v.Counter == 1 && !bytes.Equal(keys.Enc, v.Key) || v.Counter == 2 && !bytes.Equal(keys.Mac, v.Key) {
			t.Errorf("Keys(%x) for %s have not %x for purpose %d", v.Secret, v.Suite, v.Key, v.Counter)
		}
	}
}

// page is a chip that answers from the printed page and compares what it is asked.
type page struct {
	t         *testing.T
	exchanges []exchange
}

func (p *page) Send(cmd apdu.Command) (apdu.Response, error) {
	if len(p.exchanges) == 0 {
		return apdu.Response{}, fmt.Errorf("the page has ended")
	}
	e := p.exchanges[0]
	p.exchanges = p.exchanges[1:]
	if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, e.ProtectedCommand) {
		p.t.Errorf("the terminal sends\n%x, %v; want\n%x", got, err, e.ProtectedCommand)
	}
	return apdu.ParseResponse(e.ProtectedResponse)
}

func TestTerminalVectors(t *testing.T) {
	for _, d := range loadVectors(t).Sessions {
		t.Run(d.Name, func(t *testing.T) {
			p := &page{t, d.Exchanges}
			terminal, err := NewTerminal(p, d.at(0))
			for i, e := range d.Exchanges {
				if d.After != nil && i == len(d.Exchanges)-1 {
					terminal, err = NewTerminal(p, d.at(i))
				}
				if err != nil {
					t.Fatal(err)
				}
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
	then func()
}

func (a *application) Handle(cmd apdu.Command) apdu.Response {
	if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, a.next.PlainCommand) {
		a.t.Errorf("the application gets %x, %v; want %x", got, err, a.next.PlainCommand)
	}
	if a.then != nil {
		a.then()
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
			chip := startedChip(t, app, d.at(0))
			for i, e := range d.Exchanges {
				app.next, app.then = e, nil
				if d.After != nil && i == len(d.Exchanges)-2 {
					app.then = func() {
						if err := chip.Start(d.at(i + 1)); err != nil {
							t.Error(err)
						}
					}
				}
				if got := chip.Handle(mustCommand(t, e.ProtectedCommand)); !bytes.Equal(got.Bytes(), e.ProtectedResponse) {
					t.Fatalf("the chip answers\n%x to %x; want\n%x", got.Bytes(), e.ProtectedCommand, e.ProtectedResponse)
				}
			}
		})
	}
}

// handlerFunc is a function as an application.
type handlerFunc func(apdu.Command) apdu.Response

func (f handlerFunc) Handle(cmd apdu.Command) apdu.Response { return f(cmd) }

// startedChip gives a chip in which s is in force, as if the command that brought it about had just been answered.
func startedChip(t testing.TB, app apdu.Handler, s Session) *Chip {
	t.Helper()
	chip := &Chip{}
	chip.Next = handlerFunc(func(apdu.Command) apdu.Response {
		if err := chip.Start(s); err != nil {
			t.Error(err)
		}
		if chip.Active() {
			t.Error("the session is in force before the response that completes it has gone out")
		}
		return apdu.Response{SW: apdu.SWOK}
	})
	if resp := chip.Handle(apdu.Command{INS: 0x82}); resp.SW != apdu.SWOK || len(resp.Data) != 0 || !chip.Active() {
		t.Fatalf("the session does not begin: %v", resp.SW)
	}
	chip.Next = app
	return chip
}
