package bac

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
)

// example is the worked example of Doc 9303-11, appendices D.2 and D.3.
type example struct {
	MRZInformation string   `json:"mrz_information"`
	Seed           hexBytes `json:"kseed"`
	RNDIC          hexBytes `json:"rnd_ic"`
	RNDIFD         hexBytes `json:"rnd_ifd"`
	KIFD           hexBytes `json:"k_ifd"`
	KIC            hexBytes `json:"k_ic"`
	Command        hexBytes `json:"ext_auth_c"`
	Response       hexBytes `json:"ext_auth_r"`
	KSEnc          hexBytes `json:"ks_enc"`
	KSMac          hexBytes `json:"ks_mac"`
	SSC            hexBytes `json:"ssc"`
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

func loadExample(t testing.TB) example {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var e example
	if err := json.Unmarshal(b, &e); err != nil || len(e.Response) != 42 {
		t.Fatalf("vectors: %v", err)
	}
	return e
}

func TestSeedVectors(t *testing.T) {
	e := loadExample(t)
	if got := Seed(e.MRZInformation); !bytes.Equal(got, e.Seed) {
		t.Errorf("K_seed = %x, want %x", got, e.Seed)
	}
}

// page is a chip that answers from the printed page and compares what it is asked.
type page struct {
	t     *testing.T
	lines [][2]string
}

func (p *page) Send(cmd apdu.Command) (apdu.Response, error) {
	if len(p.lines) == 0 {
		return apdu.Response{}, fmt.Errorf("the page has ended")
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	if got, err := cmd.Bytes(); err != nil || hex.EncodeToString(got) != line[0] {
		p.t.Errorf("the terminal sends %x, %v; want %s", got, err, line[0])
	}
	b, err := hex.DecodeString(line[1])
	if err != nil {
		p.t.Fatal(err)
	}
	return apdu.ParseResponse(b)
}

// The terminal's first command under secure messaging shows which session keys and counter it has (appendix D.4).
func TestTerminalVectors(t *testing.T) {
	e := loadExample(t)
	p := &page{t, [][2]string{
		{"0084000008", "4608f919887022129000"},
		{hex.EncodeToString(e.Command), hex.EncodeToString(e.Response)},
		{"0ca4020c158709016375432908c044f68e08bf8b92d635ff24f800", "990290008e08fa855a5d4c50a8ed9000"},
	}}
	terminal, err := Run(p, e.MRZInformation, bytes.NewReader(append(bytes.Clone(e.RNDIFD), e.KIFD...)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := terminal.Send(apdu.Command{INS: 0xA4, P1: 0x02, P2: 0x0C, Data: []byte{0x01, 0x1E}})
	if err != nil || resp.SW != apdu.SWOK || len(p.lines) != 0 {
		t.Errorf("SELECT EF.COM: %x, %v", resp.Bytes(), err)
	}
}

func TestChipVectors(t *testing.T) {
	e := loadExample(t)
	chip := &Chip{Seed: e.Seed, Rand: bytes.NewReader(append(bytes.Clone(e.RNDIC), e.KIC...))}
	if got := chip.Challenge(command(t, "0084000008")); hex.EncodeToString(got.Bytes()) != "4608f919887022129000" {
		t.Fatalf("GET CHALLENGE: %x", got.Bytes())
	}
	got, session := chip.Authenticate(command(t, hex.EncodeToString(e.Command)))
	if !bytes.Equal(got.Bytes(), e.Response) || session == nil {
		t.Fatalf("EXTERNAL AUTHENTICATE: %x; want %x", got.Bytes(), e.Response)
	}
	if !bytes.Equal(session.Keys.Enc, e.KSEnc) || !bytes.Equal(session.Keys.Mac, e.KSMac) || !bytes.Equal(session.SSC, e.SSC) {
		t.Errorf("session %x %x %x; want %x %x %x", session.Keys.Enc, session.Keys.Mac, session.SSC, e.KSEnc, e.KSMac, e.SSC)
	}
}

func command(t testing.TB, text string) apdu.Command {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := apdu.ParseCommand(b)
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}
