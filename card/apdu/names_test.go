package apdu

import (
	"encoding/hex"
	"strings"
	"testing"
)

func command(t testing.TB, text string) Command {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCommand(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"00A4040C": "SELECT", "0CB08100": "READ BINARY", "00CB3FFF": "GET DATA", "80CA00E0": "GET DATA", "84E62000": "INSTALL [for personalization]",
		"80E60C00": "INSTALL [for install and make selectable]", "80E60200": "INSTALL [for load]", "80E68200": "INSTALL [for load]", "80E60800": "INSTALL [for make selectable]",
		"80E64000": "INSTALL [for registry update]", "80E60400": "INSTALL [for install]", "80E61000": "INSTALL [for extradition]", "80E60000": "INSTALL",
		"80D80101": "PUT KEY", "80E28800": "STORE DATA", "80E88000": "LOAD", "80E40000": "DELETE", "00E40000": "DELETE FILE", "00E00000": "CREATE FILE", "00DA0062": "PUT DATA",
		"00DB3FFF": "PUT DATA", "00DADEAD": "PUT DATA [lock of the open passport applet]", "00C20000": "ENVELOPE", "00C30000": "ENVELOPE", "00700000": "MANAGE CHANNEL",
		"00200080": "VERIFY", "00440000": "ACTIVATE FILE", "00E60000": "TERMINATE DF", "00E80000": "TERMINATE EF", "00FE0000": "TERMINATE CARD USAGE", "80F0800F": "SET STATUS",
		"00D80000": "INS D8", "00F00000": "INS F0", "807A1001": "BEGIN R-MAC SESSION", "80840000": "GET CHALLENGE", "00010000": "INS 01",
	} {
		if got := command(t, text).Name(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// What nothing undoes is said, and of nothing else, whatever else its class says.
func TestWhatCannotBeUndone(t *testing.T) {
	for text, want := range map[string]string{
		"80F080FF": "ends the card's life", "84F080FF": "ends the card's life", "80F0807F": "locks the card", "80F0800F": "SECURED", "80F08007": "INITIALIZED",
		"80F04087": "locks an application", "80F060FF": "locks an application", "80D80181": "a key of the card", "80E40080": "deletes an application", "00E40000": "deletes a file",
		"00E60000": "application's files", "0CE80000": "life of a file", "00FE0000": "no SELECT any more", "00DADEAD": "locks the open passport applet", "00DADEAF": "personalised",
		// Chips that do not look at the class, or not at all of P1; other channels, chaining, secure messaging.
		"80DADEAD": "locks the open passport applet", "84DADEAD": "locks the open passport applet", "01DADEAD": "locks the open passport applet", "80FE0000": "no SELECT any more",
		"00D80181": "a key of the card", "90D80181": "a key of the card", "C4D80181": "a key of the card", "00F080FF": "ends the card's life", "80F0C0FF": "ends the card's life",
		"80F0907F": "locks the card", "41E40000": "deletes a file", "0CFE0000": "no SELECT any more", "10E60000": "application's files",
		// A command in a command, and what a reader hands on.
		"00C200000400FE0000": "no SELECT any more", "00C200000900C200000400DADEAD": "locks the open passport applet",
		"00C2000000000400FE0000": "no SELECT any more", "10C200000200FE": "cannot be read", "0CC200000400A4000C": "cannot be read", "00C300000400A4000C": "cannot be read",
		"FF00000004D44080FE": "cannot be read", "FFC200010495020FFE": "cannot be read",
	} {
		if got := command(t, text).Lasting(); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"00A4040C", "80F04007", "80E68200", "80E88000", "80E62000", "80E28800", "00DA0062", "00DB3FFF", "00D60000", "00E00000", "00440000", "00040000", "80F20000", "8050000008",
		"00C200000500A4000C00", "00C2000000", "80C200000100", "FFCA000000", "FF82000006FFFFFFFFFFFF", "00000000", "80F04007", "80F04003",
	} {
		if got := command(t, text).Lasting(); got != "" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestMeanings(t *testing.T) {
	for sw, want := range map[StatusWord]string{
		0x9000: "done", 0x6110: "done, 16 bytes are ready (GET RESPONSE)", 0x6100: "done, 256 bytes or more are ready (GET RESPONSE)", 0x6C08: "wrong Le, 8 bytes are there",
		0x63C0: "verification failed, no try is left", 0x63C1: "verification failed, 1 try is left", 0x63CF: "verification failed, 15 tries are left", 0x6300: "authentication failed",
		0x6242: "warning, nothing was changed, for the reason 42", 0x6482: "the logical channel cannot be opened", 0x6490: "the command failed, nothing was changed, for the reason 90",
		0x65FF: "the command failed, something was changed, for the reason FF", 0x6A88: "referenced data not found", 0x9485: "invalid key check value (GlobalPlatform)",
		0x6A99: "", 0x9100: "", 0x0000: "", 0xFFFF: "",
	} {
		if got := sw.Meaning(); got != want {
			t.Errorf("%04X: %q, want %q", uint16(sw), got, want)
		}
	}
}

// A row that an earlier one hides says nothing to anyone.
func TestNoRowIsHidden(t *testing.T) {
	for i, row := range meanings() {
		for _, before := range meanings()[:i] {
			if row.sw&before.of == before.sw && row.of&before.of == before.of {
				t.Errorf("%04X %q is hidden by %q", uint16(row.sw), row.text, before.text)
			}
		}
	}
	for _, table := range [][]instruction{interindustry(), globalPlatform()} {
		for i, row := range table {
			for _, before := range table[:i] {
				if row.ins == before.ins && row.p12&before.p12Of == before.p12 && row.p12Of&before.p12Of == before.p12Of {
					t.Errorf("%02X %q is hidden by %q", row.ins, row.name, before.name)
				}
			}
		}
	}
}
