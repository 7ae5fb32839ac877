package pace

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/card/sm"
)

// buildLibeac compiles the stranger.
func buildLibeac(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "libeac")
	out, err := exec.Command("gcc", "-o", program, "testdata/libeac.c", "-leac", "-lcrypto").CombinedOutput()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("libeac: %v\n%s", err, out)
		}
		t.Skip("gcc and libeac-dev are not installed")
	}
	return program
}

// libeac is a stranger that plays one side.
type libeac struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err bytes.Buffer
}

func start(t *testing.T, program, role string, info secinfo.PACEInfo, can string) *libeac {
	t.Helper()
	access, err := secinfo.Infos{PACE: []secinfo.PACEInfo{info}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p := &libeac{cmd: exec.Command(program, role, hex.EncodeToString(access), can)}
	p.cmd.Stderr = &p.err
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *libeac) say(b []byte) { fmt.Fprintf(p.in, "%x\n", b) }

func (p *libeac) hear() ([]byte, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.TrimSpace(line))
}

// end gives what the stranger thinks of the other side.
func (p *libeac) end() error {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, p.err.String())
	}
	return nil
}

// Send makes a chip of the stranger: it knows the messages and we add the commands.
func (p *libeac) Send(cmd apdu.Command) (apdu.Response, error) {
	if cmd.INS == 0x22 {
		return apdu.Response{SW: apdu.SWOK}, nil
	}
	objects, err := parseDynamic(cmd.Data)
	if err != nil {
		return apdu.Response{}, err
	}
	tag := byte(tagNonce)
	if len(objects) == 1 {
		tag = byte(objects[0].Tag) + 1
		p.say(objects[0].Value)
	}
	value, err := p.hear()
	if err != nil {
		return apdu.Response{SW: apdu.SWAuthenticationFailed}, nil
	}
	return apdu.Response{Data: object(0x7C, object(tag, value)), SW: apdu.SWOK}, nil
}

// forStranger lists what libeac knows: generic mapping with every cipher, curve and group.
func forStranger() []secinfo.PACEInfo {
	var all []secinfo.PACEInfo
	for _, info := range every() {
		first := info.ParameterID == 13 || info.ParameterID == 0
		if info.Mapping == secinfo.GenericMapping && (first || info.Suite == sm.AES128) {
			all = append(all, info)
		}
	}
	return all
}

// again runs a dialogue in a MODP group up to three times. libeac drops the leading zeros of a shared secret, one in 256
// or so, where PKCS #3, section 8.3, keeps them: then the two sides have different keys, and it is not ours that are
// wrong.
func again(info secinfo.PACEInfo, run func() error) error {
	err := run()
	for range 2 {
		if err == nil || info.Agreement != secinfo.DH {
			return err
		}
		err = run()
	}
	return err
}

func TestTerminalAgainstLibeac(t *testing.T) {
	program := buildLibeac(t)
	for _, info := range forStranger() {
		if err := again(info, func() error {
			chip := start(t, program, "chip", info, "123456")
			_, _, err := Run(chip, info, CAN("123456"), rand.Reader)
			return errors.Join(err, chip.end())
		}); err != nil {
			t.Errorf("%v: %v", info, err)
		}
	}
	chip := start(t, program, "chip", gm(13), "123456")
	_, _, err := Run(chip, gm(13), CAN("123457"), rand.Reader)
	if opinion := chip.end(); !errors.Is(err, ErrRefused) || opinion == nil {
		t.Errorf("a wrong password: %v; libeac: %v", err, opinion)
	}
}

func TestChipAgainstLibeac(t *testing.T) {
	program := buildLibeac(t)
	for _, info := range forStranger() {
		if err := again(info, func() error {
			session, opinion, err := driveChip(t, program, info, "123456")
			if err == nil && session == nil {
				err = errors.New("no session")
			}
			return errors.Join(err, opinion)
		}); err != nil {
			t.Errorf("%v: %v", info, err)
		}
	}
	if session, _, err := driveChip(t, program, gm(13), "123457"); !errors.Is(err, apdu.SWAuthenticationFailed) || session != nil {
		t.Errorf("a wrong password: %v", err)
	}
}

// driveChip lets the stranger's terminal talk to our chip.
func driveChip(t *testing.T, program string, info secinfo.PACEInfo, can string) (session *sm.Session, opinion, err error) {
	t.Helper()
	chip, terminal := newChip(info), start(t, program, "terminal", info, can)
	defer func() { opinion = terminal.end() }()
	if resp := chip.SetAT(apdu.Command{P1: 0xC1, P2: 0xA4, Data: append(object(0x80, protocolBytes(info)), object(0x83, []byte{2})...)}); resp.SW != apdu.SWOK {
		return nil, nil, resp.SW
	}
	cmd := apdu.Command{CLA: 0x10, Data: object(0x7C, nil)}
	for _, tag := range []byte{tagMapTerminal, tagKeyTerminal, tagTokenTerminal, 0} {
		var resp apdu.Response
		if resp, session = chip.Authenticate(cmd); resp.SW != apdu.SWOK {
			return session, nil, resp.SW
		}
		objects, err := parseDynamic(resp.Data)
		if err != nil {
			return nil, nil, err
		}
		terminal.say(objects[0].Value)
		if tag == 0 {
			break
		}
		value, err := terminal.hear()
		if err != nil {
			return nil, nil, err
		}
		cmd = apdu.Command{CLA: 0x10, Data: object(0x7C, object(tag, value))}
		if tag == tagTokenTerminal {
			cmd.CLA = 0
		}
	}
	return session, nil, nil
}
