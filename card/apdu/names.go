package apdu

import "fmt"

// instruction is a row of the tables of commands: the instruction byte, and which P1 and P2 the name belongs to; with
// masks of zero, all.
type instruction struct {
	ins        byte
	name       string
	p12, p12Of uint16 // the value of P1-P2 in the bits of the mask
}

// interindustry are the commands of the classes 00 to 7F (ISO/IEC 7816-4, table 4; from -8 and -9 those that chips of
// documents know). The first row that fits counts.
func interindustry() []instruction {
	return []instruction{
		{ins: 0x04, name: "DEACTIVATE FILE"}, {ins: 0x0C, name: "ERASE RECORD"}, {ins: 0x0E, name: "ERASE BINARY"}, {ins: 0x0F, name: "ERASE BINARY"},
		{ins: 0x10, name: "PERFORM SCQL OPERATION"}, {ins: 0x12, name: "PERFORM TRANSACTION OPERATION"}, {ins: 0x14, name: "PERFORM USER OPERATION"},
		{ins: 0x20, name: "VERIFY"}, {ins: 0x21, name: "VERIFY"},
		{ins: 0x22, name: "MANAGE SECURITY ENVIRONMENT"}, {ins: 0x24, name: "CHANGE REFERENCE DATA"}, {ins: 0x25, name: "CHANGE REFERENCE DATA"},
		{ins: 0x26, name: "DISABLE VERIFICATION REQUIREMENT"}, {ins: 0x28, name: "ENABLE VERIFICATION REQUIREMENT"},
		{ins: 0x2A, name: "PERFORM SECURITY OPERATION"}, {ins: 0x2B, name: "PERFORM SECURITY OPERATION"},
		{ins: 0x2C, name: "RESET RETRY COUNTER"}, {ins: 0x2D, name: "RESET RETRY COUNTER"},
		{ins: 0x44, name: "ACTIVATE FILE"}, {ins: 0x46, name: "GENERATE ASYMMETRIC KEY PAIR"}, {ins: 0x47, name: "GENERATE ASYMMETRIC KEY PAIR"},
		{ins: 0x70, name: "MANAGE CHANNEL"}, {ins: 0x82, name: "EXTERNAL AUTHENTICATE"}, {ins: 0x84, name: "GET CHALLENGE"},
		{ins: 0x86, name: "GENERAL AUTHENTICATE"}, {ins: 0x87, name: "GENERAL AUTHENTICATE"}, {ins: 0x88, name: "INTERNAL AUTHENTICATE"},
		{ins: 0xA0, name: "SEARCH BINARY"}, {ins: 0xA1, name: "SEARCH BINARY"}, {ins: 0xA2, name: "SEARCH RECORD"}, {ins: 0xA4, name: "SELECT"},
		{ins: 0xB0, name: "READ BINARY"}, {ins: 0xB1, name: "READ BINARY"}, {ins: 0xB2, name: "READ RECORD"}, {ins: 0xB3, name: "READ RECORD"},
		{ins: 0xC0, name: "GET RESPONSE"}, {ins: 0xC2, name: "ENVELOPE"}, {ins: 0xC3, name: "ENVELOPE"},
		{ins: 0xCA, name: "GET DATA"}, {ins: 0xCB, name: "GET DATA"},
		{ins: 0xD0, name: "WRITE BINARY"}, {ins: 0xD1, name: "WRITE BINARY"}, {ins: 0xD2, name: "WRITE RECORD"},
		{ins: 0xD6, name: "UPDATE BINARY"}, {ins: 0xD7, name: "UPDATE BINARY"},
		{ins: 0xDA, name: "PUT DATA [lock of the open passport applet]", p12: 0xDEAD, p12Of: 0xFFFF}, {ins: 0xDA, name: "PUT DATA"}, {ins: 0xDB, name: "PUT DATA"},
		{ins: 0xDC, name: "UPDATE RECORD"}, {ins: 0xDD, name: "UPDATE RECORD"},
		{ins: 0xE0, name: "CREATE FILE"}, {ins: 0xE2, name: "APPEND RECORD"}, {ins: 0xE4, name: "DELETE FILE"},
		{ins: 0xE6, name: "TERMINATE DF"}, {ins: 0xE8, name: "TERMINATE EF"},
		{ins: 0xFE, name: "TERMINATE CARD USAGE"},
	}
}

// globalPlatform are the commands of the classes 80 to FF that have other names there (GlobalPlatform Card Specification
// 2.3, section 11; those of its secure channels from appendix E and Amendment D). INSTALL is for what the bits of P1 say
// (section 11.5.2.1), of several the last.
func globalPlatform() []instruction {
	return []instruction{
		{ins: 0x50, name: "INITIALIZE UPDATE"}, {ins: 0x78, name: "END R-MAC SESSION"}, {ins: 0x7A, name: "BEGIN R-MAC SESSION"},
		{ins: 0x82, name: "EXTERNAL AUTHENTICATE"}, {ins: 0xD8, name: "PUT KEY"}, {ins: 0xE2, name: "STORE DATA"}, {ins: 0xE4, name: "DELETE"},
		{ins: 0xE6, name: "INSTALL [for registry update]", p12: 0x4000, p12Of: 0x4000},
		{ins: 0xE6, name: "INSTALL [for personalization]", p12: 0x2000, p12Of: 0x2000},
		{ins: 0xE6, name: "INSTALL [for extradition]", p12: 0x1000, p12Of: 0x1000},
		{ins: 0xE6, name: "INSTALL [for install and make selectable]", p12: 0x0C00, p12Of: 0x0C00},
		{ins: 0xE6, name: "INSTALL [for make selectable]", p12: 0x0800, p12Of: 0x0800},
		{ins: 0xE6, name: "INSTALL [for install]", p12: 0x0400, p12Of: 0x0400},
		{ins: 0xE6, name: "INSTALL [for load]", p12: 0x0200, p12Of: 0x0200},
		{ins: 0xE6, name: "INSTALL"}, {ins: 0xE8, name: "LOAD"}, {ins: 0xF0, name: "SET STATUS"}, {ins: 0xF2, name: "GET STATUS"},
	}
}

func (c Command) p12() uint16 { return uint16(c.P1)<<8 | uint16(c.P2) }

// proprietary tells the classes whose commands the interindustry standard leaves to others.
func (c Command) proprietary() bool { return c.CLA&0x80 != 0 }

// known finds the row of the command.
func (c Command) known() (instruction, bool) {
	table := interindustry()
	if c.proprietary() {
		table = append(globalPlatform(), table...)
	}
	for _, row := range table {
		if row.ins == c.INS && c.p12()&row.p12Of == row.p12 {
			return row, true
		}
	}
	return instruction{}, false
}

// Name gives the standard's name of the command, or its instruction byte where it has none here.
func (c Command) Name() string {
	if row, known := c.known(); known {
		return row.name
	}
	return fmt.Sprintf("INS %02X", c.INS)
}

// lasting is a row of the table of commands that cannot be undone: which they are, and what they do.
type lasting struct {
	class      class
	ins        byte
	p12, p12Of uint16
	what       string
}

// class says of which classes a row is. A chip that looks at the instruction byte alone obeys in every class: where a command
// means nothing else in the others, it is taken for itself in all.
type class int

const (
	everyClass class = iota
	interindustryClass
	proprietaryClass
	readerClass // FF: of the reader, not of the card (PC/SC part 3, section 3.2.2)
)

func (c Command) of(k class) bool {
	switch k {
	case interindustryClass:
		return !c.proprietary()
	case proprietaryClass:
		return c.proprietary()
	case readerClass:
		return c.CLA == 0xFF
	}
	return true
}

// lastings are those of ISO/IEC 7816-9, of GlobalPlatform (Card Specification 2.3, sections 5.1.1, 11.2, 11.8 and 11.10) and
// of the open passport applet. The first row that fits counts.
func lastings() []lasting {
	return []lasting{
		{everyClass, 0xF0, 0x80FF, 0x80FF, "it ends the card's life: the card answers nothing any more, and nothing brings it back"},
		{everyClass, 0xF0, 0x807F, 0x80FF, "it locks the card: only an application with the right to unlock cards opens it again"},
		{everyClass, 0xF0, 0x8007, 0x80FF, "it moves the card on to INITIALIZED, and no command leads back to OP_READY"},
		{everyClass, 0xF0, 0x800F, 0x80FF, "it moves the card on to SECURED, and no command leads back to OP_READY or INITIALIZED"},
		{everyClass, 0xF0, 0x0080, 0x0080, "it locks an application or a security domain: only the domain over it can unlock it"},
		{everyClass, 0xD8, 0, 0, "it changes a key of the card: who does not have the new one has lost the card"},
		{proprietaryClass, 0xE4, 0, 0, "it deletes an application, its data or a key from the card"},
		{interindustryClass, 0xE4, 0, 0, "it deletes a file and all that is in it"},
		{interindustryClass, 0xE6, 0, 0, "it ends the life of an application's files: they are never again to be written or activated"},
		{interindustryClass, 0xE8, 0, 0, "it ends the life of a file: it is never again to be written or activated"},
		{everyClass, 0xFE, 0, 0, "it ends the card's life: the card answers no SELECT any more, and nothing brings it back"},
		{everyClass, 0xDA, 0xDEAD, 0xFFFF, "it locks the open passport applet: nothing can be written to it any more"},
		{everyClass, 0xDA, 0xDEAF, 0xFFFF, "it moves a variant of the open passport applet on to personalised, and no command leads back"},
		{readerClass, 0x00, 0, 0, "it has the reader send what is in it to the card, and that cannot be read here"},
		{readerClass, 0xC2, 0, 0, "it has the reader send what is in it to the card, and that cannot be read here"},
	}
}

// Lasting says what the command does that no other command undoes; nothing of commands that do no such thing, or that are
// not known here. Under secure messaging it is the header that tells; of ENVELOPE the command that is in it (ISO/IEC 7816-4,
// section 11.8.2), and one that cannot be read may be any.
func (c Command) Lasting() string {
	if c.INS&^1 == 0xC2 && !c.proprietary() && len(c.Data) > 0 {
		inner, err := ParseCommand(c.Data)
		if err != nil || c.INS != 0xC2 || c.CLA != 0 {
			return "it carries a command, or a part of one, that cannot be read here"
		}
		return inner.Lasting()
	}
	for _, row := range lastings() {
		if c.of(row.class) && row.ins == c.INS && c.p12()&row.p12Of == row.p12 {
			return row.what
		}
	}
	return ""
}
