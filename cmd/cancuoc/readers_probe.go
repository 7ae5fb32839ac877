package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/secinfo"
	"github.com/cancuoc/cancuoc/reader/pcsc"
)

// probed is what a card answers when it is asked what it has.
type probed struct {
	Answers []answers `json:"answers"`
	Carries string    `json:"carries,omitempty"` // what is known of command lengths on the way to it
	Problem string    `json:"problem,omitempty"` // why it was not asked, or not to the end
	left    bool      // it was taken out meanwhile
}

type answers struct {
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"`
}

func (p *probed) write(w io.Writer) {
	for _, a := range p.Answers {
		line := a.What
		if a.Detail != "" {
			line += ": " + a.Detail
		}
		fmt.Fprintf(w, "  answers    %s\n", printable(line))
	}
	if p.Carries != "" {
		fmt.Fprintf(w, "  carries    %s\n", p.Carries)
	}
	if p.Problem != "" {
		fmt.Fprintf(w, "  not asked  %s\n", printable(p.Problem))
	}
}

// probe asks the card in a reader what it has, by SELECT and by reading what is open to everybody. No key and no password
// takes part. A card that another program uses is left alone, and so is a memory card, which has no such commands.
func (d *desk) probe(ctx context.Context, r pcsc.Reader) *probed {
	if !r.Card {
		return nil
	}
	switch {
	case r.Mute:
		return &probed{Problem: plain(pcsc.ErrMute.Error())}
	case r.InUse, r.Shared:
		return &probed{Problem: "another program uses the card / chương trình khác đang dùng thẻ"}
	case newATRResult(r.ATR).Storage:
		return &probed{Problem: "a memory card has no such commands"}
	}
	p := &probed{}
	if err := p.ask(ctx, d, r.Name); err != nil {
		p.Problem, p.left = plain(err.Error()), errors.Is(err, pcsc.ErrRemoved) || errors.Is(err, pcsc.ErrNoCard)
		if vi := pcsc.Vietnamese(err); vi != "" {
			p.Problem += " / " + vi
		}
	}
	return p
}

func (p *probed) ask(ctx context.Context, d *desk, name string) (err error) {
	trace, err := d.tracing()
	if err != nil {
		return err
	}
	c, err := pcsc.ConnectShared(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	conn := &apdu.Conn{Wire: trace.Wire(c)}
	p.Carries = carries(c.Limits())
	for _, step := range []func(apdu.Sender) error{p.askMasterFile, p.askPassport, p.askIssuer} {
		if err := step(conn); err != nil {
			return err
		}
	}
	return nil
}

// carries says what is known of command lengths.
func carries(l apdu.Limits) string {
	switch {
	case l.Short():
		return "commands with short length fields alone"
	case l.Command > 0:
		return fmt.Sprintf("commands of up to %d bytes", l.Command)
	}
	return ""
}

func (p *probed) add(what, detail string) { p.Answers = append(p.Answers, answers{what, detail}) }

// askMasterFile reads EF.CardAccess, which says how PACE is done (Doc 9303-11, section 4.2).
func (p *probed) askMasterFile(send apdu.Sender) error {
	if _, err := send.Send(apdu.SelectMasterFile()); err != nil {
		return err
	}
	file, _ := lds.ByName("EF.CardAccess")
	resp, err := send.Send(apdu.Command{INS: 0xB0, P1: 0x80 | file.SFI, Ne: apdu.MaxShortNe})
	if err != nil || resp.SW != apdu.SWOK && resp.SW != apdu.SWEndOfFile {
		return err
	}
	infos, err := secinfo.Parse(resp.Data)
	if err != nil {
		p.add("EF.CardAccess", plain(err.Error()))
		return nil
	}
	for _, info := range infos.PACE {
		p.add("PACE", info.String())
	}
	return nil
}

// askPassport selects the eMRTD application, and finds out whether its files are closed as those of an issued card are.
func (p *probed) askPassport(send apdu.Sender) error {
	resp, err := send.Send(apdu.SelectApplication(lds.AID()))
	if err != nil || resp.SW != apdu.SWOK {
		return err
	}
	com, _ := lds.ByName("EF.COM")
	closed, err := send.Send(apdu.SelectFile(com.FID))
	if err != nil {
		return err
	}
	detail := ""
	if closed.SW != apdu.SWSecurityStatusNotSatisfied {
		detail = "not closed: blank, or not locked yet, as the open passport applet is before it is personalised"
	}
	p.add("eMRTD application", detail)
	challenge, err := send.Send(apdu.Command{INS: 0x84, Ne: 8})
	if err == nil && challenge.SW == apdu.SWOK && len(challenge.Data) == 8 {
		p.add("Basic Access Control", "")
	}
	return err
}

// askIssuer selects the issuer security domain: the name that GlobalPlatform gives it, and an older one that chips have.
func (p *probed) askIssuer(send apdu.Sender) error {
	for _, aid := range [][]byte{perso.IssuerSecurityDomain(), {0xA0, 0, 0, 0, 0x03, 0, 0, 0}} {
		resp, err := send.Send(apdu.SelectForInformation(aid))
		if err != nil {
			return err
		}
		if resp.SW == apdu.SWOK {
			p.add("GlobalPlatform issuer security domain", upperHex(aid))
			return nil
		}
	}
	return nil
}
