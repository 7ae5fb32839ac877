package pace

import (
	"bytes"
	"crypto/cipher"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// example is a worked example of Doc 9303-11, appendices G, H and I, or of TR-03110. The private keys of the MODP group
// are reduced modulo the order of the subgroup. The chip's static key of I.1 is computed from what is printed there.
type example struct {
	Name           string      `json:"name"`
	MRZInformation string      `json:"mrz_information"`
	CAN            string      `json:"password_can"`
	OID            hexBytes    `json:"oid"`
	ParameterID    int         `json:"param_id"`
	KPi            hexBytes    `json:"K_pi"`
	S              hexBytes    `json:"s"`
	Z              hexBytes    `json:"z"`
	T              hexBytes    `json:"t"`
	R              hexBytes    `json:"R"`
	Rp             hexBytes    `json:"Rp"`
	Mapped         hexBytes    `json:"mapped"`
	MapIFD         hexBytes    `json:"map_ifd_sk"`
	MapIFDPublic   hexBytes    `json:"map_ifd_pk"`
	MapIC          hexBytes    `json:"map_ic_sk"`
	MapICPublic    hexBytes    `json:"map_ic_pk"`
	KeyIFD         hexBytes    `json:"ka_ifd_sk"`
	KeyIFDPublic   hexBytes    `json:"ka_ifd_pk"`
	KeyIC          hexBytes    `json:"ka_ic_sk"`
	KeyICPublic    hexBytes    `json:"ka_ic_pk"`
	Shared         hexBytes    `json:"shared"`
	KSEnc          hexBytes    `json:"KS_enc"`
	KSMac          hexBytes    `json:"KS_mac"`
	TIFD           hexBytes    `json:"T_IFD"`
	TIC            hexBytes    `json:"T_IC"`
	AIC            hexBytes    `json:"A_IC"`
	CAIC           hexBytes    `json:"CA_IC"`
	ChipPrivate    hexBytes    `json:"chip_sk"`
	ChipPublic     hexBytes    `json:"chip_pk"`
	KeyInfo        hexBytes    `json:"key_info"`
	Printed        [][2]string `json:"apdus"`
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

func loadExamples(t testing.TB) []example {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	if err := json.Unmarshal(b, &all); err != nil || len(all) != 7 {
		t.Fatalf("vectors: %d, %v", len(all), err)
	}
	return all
}

func (e example) info(t testing.TB) secinfo.PACEInfo {
	t.Helper()
	in := cryptobyte.String(append([]byte{6, byte(len(e.OID))}, e.OID...))
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1ObjectIdentifier(&oid) {
		t.Fatal("no object identifier")
	}
	info, ok := secinfo.PACEProtocol(oid)
	info.ParameterID = e.ParameterID
	if !ok {
		t.Fatalf("%v is no protocol", oid)
	}
	return info
}

func (e example) password() Password {
	if e.CAN != "" {
		return CAN(e.CAN)
	}
	return MRZ(e.MRZInformation)
}

// terminalRandom and chipRandom are what either side draws, in its order.
func (e example) terminalRandom() *bytes.Reader {
	return bytes.NewReader(bytes.Join([][]byte{e.T, e.MapIFD, e.KeyIFD}, nil))
}

func (e example) chipRandom() *bytes.Reader {
	return bytes.NewReader(bytes.Join([][]byte{e.S, e.MapIC, e.KeyIC}, nil))
}

func (e example) chip(t testing.TB) *Chip {
	t.Helper()
	chip := &Chip{Infos: []secinfo.PACEInfo{e.info(t)}, Passwords: []Password{e.password()}, Rand: e.chipRandom()}
	if e.ChipPrivate != nil {
		chip.Keys = map[int]PrivateKey{e.ParameterID: PrivateKey(e.ChipPrivate)}
	}
	return chip
}

// object writes a data object of one byte of tag the way the standard does, without the package that is tested.
func object(tag byte, value []byte) []byte {
	switch n := len(value); {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, value...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, value...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, value...)
	}
}

// dialogue gives the commands and responses of the example: those that are printed, or else put together by hand from
// the values that are.
func (e example) dialogue() [][2]string {
	if e.Printed != nil {
		return e.Printed
	}
	command := func(cla byte, objects []byte) string {
		data := object(0x7C, objects)
		return hex.EncodeToString(append(append([]byte{cla, 0x86, 0, 0, byte(len(data))}, data...), 0))
	}
	response := func(tag byte, value []byte) string {
		return hex.EncodeToString(append(object(0x7C, object(tag, value)), 0x90, 0))
	}
	mapIFD, mapIC := e.MapIFDPublic, e.MapICPublic
	if e.T != nil {
		mapIFD, mapIC = e.T, nil
	}
	reference := byte(1)
	if e.CAN != "" {
		reference = 2
	}
	template := append(object(0x80, e.OID), object(0x83, []byte{reference})...)
	return [][2]string{
		{hex.EncodeToString(append([]byte{0, 0x22, 0xC1, 0xA4, byte(len(template))}, template...)), "9000"},
		{command(0x10, nil), response(0x80, e.Z)},
		{command(0x10, object(0x81, mapIFD)), response(0x82, mapIC)},
		{command(0x10, object(0x83, e.KeyIFDPublic)), response(0x84, e.KeyICPublic)},
		{command(0x00, object(0x85, e.TIFD)), response(0x86, e.TIC)},
	}
}

// page is a chip that answers from the printed page and compares what it is asked. When the page ends, secure messaging
// under the printed keys begins.
type page struct {
	t       testing.TB
	lines   [][2]string
	session sm.Chip
}

func (p *page) Send(cmd apdu.Command) (apdu.Response, error) {
	if len(p.lines) == 0 {
		return p.session.Handle(cmd), nil
	}
	line := p.lines[0]
	p.lines = p.lines[1:]
	if got, err := cmd.Bytes(); err != nil || !bytes.Equal(got, unhex(p.t, line[0])) {
		p.t.Errorf("the terminal sends %X, %v; want %s", got, err, line[0])
	}
	return apdu.ParseResponse(unhex(p.t, line[1]))
}

// Handle answers what has passed secure messaging.
func (p *page) Handle(cmd apdu.Command) apdu.Response {
	return apdu.Response{Data: []byte{cmd.INS, 0x14, 0x5F, 0x01}, SW: apdu.SWOK}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTerminalVectors(t *testing.T) {
	for _, e := range loadExamples(t) {
		p := &page{t: t, lines: e.dialogue()}
		p.session.Next = p
		if err := p.session.Start(sm.Session{Suite: sm.AES128, Keys: sm.Keys{Enc: e.KSEnc, Mac: e.KSMac}}); err != nil {
			t.Fatal(err)
		}
		p.session.Next = p
		p.session.Handle(apdu.Command{}) // puts the session in force
		terminal, result, err := Run(p, e.info(t), e.password(), e.terminalRandom())
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		if resp, err := terminal.Send(apdu.Command{INS: 0xB0, Ne: 4}); err != nil || fmt.Sprintf("%X", resp.Bytes()) != "B0145F019000" {
			t.Errorf("%s: under the session keys: %X, %v", e.Name, resp.Bytes(), err)
		}
		if e.T == nil && !bytes.Equal(result.MappingKey, e.MapICPublic) {
			t.Errorf("%s: mapping key %X", e.Name, result.MappingKey)
		}
		if !bytes.Equal(result.ChipAuthenticationData, e.CAIC) {
			t.Errorf("%s: chip authentication data %X, want %X", e.Name, result.ChipAuthenticationData, e.CAIC)
		}
	}
}

func TestChipVectors(t *testing.T) {
	for _, e := range loadExamples(t) {
		chip, session := e.chip(t), (*sm.Session)(nil)
		for i, line := range e.dialogue() {
			if session != nil {
				t.Fatalf("%s: a session before the end", e.Name)
			}
			var resp apdu.Response
			if i == 0 {
				resp = chip.SetAT(command(t, line[0]))
			} else {
				resp, session = chip.Authenticate(command(t, line[0]))
			}
			if !bytes.Equal(resp.Bytes(), unhex(t, line[1])) {
				t.Errorf("%s: step %d: the chip answers %X, want %s", e.Name, i, resp.Bytes(), line[1])
				break
			}
		}
		switch {
		case session == nil:
			t.Errorf("%s: no session", e.Name)
		case session.Suite != sm.AES128 || session.SSC != nil || !bytes.Equal(session.Keys.Enc, e.KSEnc) || !bytes.Equal(session.Keys.Mac, e.KSMac):
			t.Errorf("%s: session %v %X %X", e.Name, session.Suite, session.Keys.Enc, session.Keys.Mac)
		}
	}
}

func command(t testing.TB, text string) apdu.Command {
	t.Helper()
	cmd, err := apdu.ParseCommand(unhex(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// The steps between the messages, each against its printed value.
func TestMappingVectors(t *testing.T) {
	for _, e := range loadExamples(t) {
		info := e.info(t)
		g, err := openGroup(info)
		if err != nil {
			t.Fatal(err)
		}
		if e.KPi != nil && !bytes.Equal(info.Suite.KDF(e.password().Key, 3), e.KPi) {
			t.Errorf("%s: KPi", e.Name)
		}
		if s, err := cryptNonce(info.Suite, e.password(), cipher.NewCBCDecrypter, e.Z); err != nil || !bytes.Equal(s, e.S) {
			t.Errorf("%s: s = %X, %v", e.Name, s, err)
		}
		generator := e.mapped(t, g, info)
		if !bytes.Equal(generator.Bytes(), e.Mapped) {
			t.Errorf("%s: mapped generator %X, want %X", e.Name, generator.Bytes(), e.Mapped)
		}
		peer, err := g.parse(e.KeyICPublic)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if shared, err := g.multiple(peer, e.KeyIFD); err != nil || !bytes.Equal(g.secret(shared), e.Shared) {
			t.Errorf("%s: shared secret, %v", e.Name, err)
		}
	}
}

func (e example) mapped(t *testing.T, g group, info secinfo.PACEInfo) element {
	t.Helper()
	if e.T == nil {
		peer, err := g.parse(e.MapIFDPublic)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		generator, err := mapGeneric(g, e.S, e.MapIC, peer)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		return generator
	}
	r, err := pseudoRandom(info.Suite, e.S, e.T, g.fieldBits())
	if err != nil || !bytes.Equal(r, e.R) {
		t.Errorf("%s: R(s, t) = %X, %v", e.Name, r, err)
	}
	if rp := new(big.Int).Mod(new(big.Int).SetBytes(r), prime(g)); rp.Cmp(new(big.Int).SetBytes(e.Rp)) != 0 {
		t.Errorf("%s: R_p(s, t) = %X", e.Name, rp)
	}
	generator, err := mapIntegrated(g, info.Suite, e.S, e.T)
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return generator
}

func prime(g group) *big.Int {
	if m, ok := g.(modpGroup); ok {
		p, _, _ := m.Parameters()
		return p
	}
	p, _, _, _, _, _, _ := g.(curveGroup).curve.Parameters()
	return p
}

// The chip of appendix I.1 is the one that its ChipAuthenticationPublicKeyInfo names, and no other key will do.
func TestCAMVectors(t *testing.T) {
	for _, e := range loadExamples(t) {
		if e.AIC == nil {
			continue
		}
		set := append([]byte{0x31, byte(len(e.KeyInfo))}, e.KeyInfo...)
		infos, err := secinfo.Parse(set)
		if err != nil {
			t.Fatal(err)
		}
		key, err := infos.ChipAuthenticationKeys[0].PublicKey()
		if err != nil || !bytes.Equal(key.Bytes(), e.ChipPublic) {
			t.Fatalf("%X, %v", key.Bytes(), err)
		}
		result := Result{Info: e.info(t), MappingKey: e.MapICPublic, ChipAuthenticationData: e.CAIC}
		if err := VerifyCAM(result, infos.ChipAuthenticationKeys); err != nil {
			t.Error(err)
		}
		keys := sm.Keys{Enc: e.KSEnc, Mac: e.KSMac}
		if sealed, err := sealChipData(sm.AES128, keys, e.CAIC); err != nil || !bytes.Equal(sealed, e.AIC) {
			t.Errorf("A_IC = %X, %v", sealed, err)
		}
		g, err := openGroup(e.info(t))
		if err != nil {
			t.Fatal(err)
		}
		if data, err := chipData(g.(curveGroup), e.ChipPrivate, e.MapIC); err != nil || !bytes.Equal(data, e.CAIC) {
			t.Errorf("CA_IC = %X, %v", data, err)
		}
		result.MappingKey = e.MapIFDPublic
		if err := VerifyCAM(result, infos.ChipAuthenticationKeys); !errors.Is(err, ErrNotGenuine) {
			t.Errorf("with the terminal's mapping key: %v", err)
		}
		return
	}
	t.Error("no example of chip authentication mapping")
}
