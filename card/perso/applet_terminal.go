package perso

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/activeauth"
	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/tlv"
)

// jmrtdApplet is the terminal's end of the dialect of that name.
type jmrtdApplet struct{ card CardProfile }

func (a jmrtdApplet) check() error {
	if a.card.Rotates() {
		return fmt.Errorf("step %q: the applet has no keys of its own to replace", PutKeys)
	}
	return nil
}

// carries lists everything for which the applet has no place.
func (a jmrtdApplet) carries(data Data) error {
	var reasons []string
	refuse := func(missing bool, reason string, args ...any) {
		if missing {
			reasons = append(reasons, fmt.Sprintf(reason, args...))
		}
	}
	for _, f := range data.Files {
		known, _ := f.known()
		refuse(!appletHolds(known), "it has no %s", f.Name())
		refuse(len(f.Content) > appletMaxFile, "%s has %d bytes, its files hold %d", f.Name(), len(f.Content), appletMaxFile)
		refuse(appletHolds(known) && known.NeedsTerminalAuthentication(), "%s would be open to nobody", f.Name())
	}
	refuse(len(data.MRZ) > 0 || len(data.CAN) > 0 || len(data.Mapping) > 0, "it has no PACE")
	refuse(len(data.ChipAuthentication) > 0, "it has Chip Authentication over one binary curve alone")
	refuse(len(data.TrustPoints) > 0, "it has Terminal Authentication over one binary curve alone")
	refuse(len(data.Deviations) > 0, "it cannot be told to deviate (%s)", strings.Join(data.Deviations, ", "))
	refuse(len(data.BACSeed) == 0, "nothing would open it: it has Basic Access Control alone")
	if len(data.BACSeed) > 0 {
		_, err := accessOf(data)
		refuse(err != nil, "%v", err)
	}
	if len(data.ActiveAuthentication.Key) > 0 {
		_, _, err := appletKey(data.ActiveAuthentication)
		refuse(err != nil, "%v", err)
	}
	if len(reasons) > 0 {
		return fmt.Errorf("%w: the open passport applet: %s", ErrCannotCarry, strings.Join(reasons, "; "))
	}
	return nil
}

// appletKey gives modulus and private exponent of a key that the applet can have.
func appletKey(k SigningKey) (modulus, exponent []byte, err error) {
	key, err := activeauth.ParsePrivateKey(k.Key)
	if err != nil {
		return nil, nil, err
	}
	if key.RSA == nil || key.RSA.N.BitLen() != 8*appletModulus || k.Hash != appletHash {
		return nil, nil, errors.New("its Active Authentication is RSA-1024 with SHA-1 alone")
	}
	return key.RSA.N.FillBytes(make([]byte, appletModulus)), key.RSA.D.FillBytes(make([]byte, appletModulus)), nil
}

// open asks the security domain who the chip is, and the applet whether it is locked. Nothing is proven: the applet has no
// issuer's keys.
func (a jmrtdApplet) open(s *Session) error {
	s.through(s.wire)
	s.Buffers = a.card.buffers(lds.ShortBuffers())
	if err := a.identify(s); err != nil {
		return err
	}
	if err := selectApplication(s.wire, a.card.application()); err != nil {
		return fmt.Errorf("perso: select the passport applet: %w", err)
	}
	var err error
	s.State, err = a.lifeCycle(s)
	return err
}

func (a jmrtdApplet) identify(s *Session) error {
	if err := selectApplication(s.wire, a.card.domain()); err != nil {
		return fmt.Errorf("perso: select the security domain %s, which knows the chip's number: %w", a.card.domain(), err)
	}
	resp, err := s.ask(apdu.Command{CLA: 0x80, INS: 0xCA, P1: productionTag >> 8, P2: productionTag & 0xFF, Ne: apdu.MaxShortNe})
	if err != nil {
		return fmt.Errorf("perso: the chip does not say who it is, so the register could not know it (GET DATA 9F7F): %w", err)
	}
	production, err := tlv.ParseOne(resp.Data, productionTag)
	if err != nil || len(production) != productionSize {
		return fmt.Errorf("perso: the chip's production data (9F7F) are not %d bytes", productionSize)
	}
	s.ChipID = hex.EncodeToString(chipIDOf(production))
	return nil
}

func (a jmrtdApplet) lifeCycle(s *Session) (LifeCycle, error) {
	com, _ := lds.ByName("EF.COM")
	resp, err := s.send.Send(apdu.SelectFile(com.FID))
	switch {
	case err != nil:
		return "", fmt.Errorf("perso: is the applet locked: %w", err)
	case resp.SW == apdu.SWSecurityStatusNotSatisfied:
		return Locked, nil
	case resp.SW == apdu.SWOK, resp.SW == apdu.SWFileNotFound:
		return Blank, nil
	}
	return "", fmt.Errorf("perso: is the applet locked: %w", resp.SW)
}

func (jmrtdApplet) putKeys(*Session) error {
	return errors.New("perso: the applet has no keys of its own")
}

// commands puts the plan into CREATE FILE, UPDATE BINARY and PUT DATA.
func (a jmrtdApplet) commands(s *Session, plan []step) ([]command, Report, error) {
	w := appletWriter{room: min(appletMaxCommand, s.Buffers.Command-(4+1))}
	if w.room < 32 {
		return nil, Report{}, fmt.Errorf("perso: the chip's commands carry only %d bytes", w.room)
	}
	for _, step := range plan {
		if step.do == createFile {
			w.data.Files = append(w.data.Files, step.file)
		}
	}
	for _, step := range plan {
		if err := w.put(step); err != nil {
			return nil, Report{}, err
		}
	}
	w.report.Commands = len(w.commands)
	return w.commands, w.report, nil
}

type appletWriter struct {
	room     int
	data     Data // the files of the plan
	commands []command
	report   Report
}

func (w *appletWriter) add(name string, ins, p1, p2 byte, data []byte) {
	w.commands = append(w.commands, command{name, apdu.Command{INS: ins, P1: p1, P2: p2, Data: data}})
	w.report.Bytes += len(data)
}

func (w *appletWriter) put(s step) error {
	switch s.do {
	case createFile:
		size := binary.BigEndian.AppendUint16([]byte{appletCreate, 4}, uint16(len(s.file.Content)))
		w.add("CREATE FILE "+s.file.Name(), 0xE0, 0, 0, binary.BigEndian.AppendUint16(size, s.file.FID))
		w.commands = append(w.commands, command{"SELECT " + s.file.Name(), apdu.SelectFile(s.file.FID)})
	case writeFile:
		for at := 0; at < len(s.file.Content); at += w.room {
			part := s.file.Content[at:min(at+w.room, len(s.file.Content))]
			w.add("UPDATE BINARY "+s.file.Name(), 0xD6, byte(at>>8), byte(at), part)
		}
	case putSecret:
		return w.putSecret(s.secret)
	case setLifeCycle:
		w.add("PUT DATA DEAD, which locks the applet", 0xDA, 0xDE, 0xAD, nil)
	}
	return nil
}

func (w *appletWriter) putSecret(g secretGrouping) error {
	switch g.dgi {
	case dgiBACSeed:
		w.data.BACSeed = g.value
		parts, err := accessOf(w.data)
		if err != nil {
			return err
		}
		w.putData("key of Basic Access Control", appletPutAccess, []byte(parts.number), []byte(parts.birth), []byte(parts.expiry))
	case dgiActive:
		var s Secrets
		if err := s.putActive(g.value); err != nil {
			return err
		}
		modulus, exponent, err := appletKey(s.ActiveAuthentication)
		if err != nil {
			return err
		}
		w.putData("modulus of Active Authentication", appletPutModulus, modulus)
		w.putData("exponent of Active Authentication", appletPutExponent, exponent)
	case dgiCurrentDate: // it has no use for it without Terminal Authentication
	default:
		return fmt.Errorf("%w: the open passport applet has no place for grouping %04X", ErrCannotCarry, g.dgi)
	}
	return nil
}

func (w *appletWriter) putData(name string, tag byte, parts ...[]byte) {
	var inner [][]byte
	for _, part := range parts {
		inner = append(inner, tlv.Encode(appletPart, part))
	}
	w.add("PUT DATA "+name, 0xDA, 0, tag, tlv.Encode(uint32(tag), inner...))
}
