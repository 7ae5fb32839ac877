package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// writeField writes one line of an entry; nothing for an empty value.
func writeField(w io.Writer, name, value string) {
	if value != "" {
		fmt.Fprintf(w, "  %-18s  %s\n", name, printable(value))
	}
}

func writePKIEntries(w io.Writer, all []shownEntry) {
	for i, e := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, printable(e.name()))
		switch {
		case e.Certificate != nil:
			writeCertificate(w, e.Certificate)
		case e.RevocationList != nil:
			writeRevocationList(w, e.RevocationList)
		case e.MasterList != nil:
			writeListSummary(w, e.MasterList)
		case e.CardVerifiable != nil:
			writeCVC(w, e.CardVerifiable)
		}
		if e.Error != "" {
			fmt.Fprintf(w, "  ! %s\n", printable(e.Error))
		}
	}
}

// name tells where the entry stands.
func (e shownEntry) name() string {
	switch {
	case e.Entry == "":
		return e.File
	case e.Attribute == "":
		return e.File + ", " + e.Entry
	}
	return e.File + ", " + e.Attribute + " of " + e.Entry
}

func specimenMark(specimen bool) string {
	if specimen {
		return " (SPECIMEN / MẪU: of no real authority)"
	}
	return ""
}

func writeCertificate(w io.Writer, c *shownCertificate) {
	writeField(w, "what", "certificate: "+string(c.Kind)+specimenMark(c.Specimen))
	writeField(w, "subject", c.Subject)
	writeField(w, "issuer", c.Issuer)
	writeField(w, "serial number", c.Serial)
	writeField(w, "country", c.Country)
	writeField(w, "states", strings.Join(c.States, ", "))
	writeField(w, "signed with", c.Algorithm)
	writeField(w, "key", keyText(c))
	writeField(w, "valid", period(&c.NotBefore, &c.NotAfter))
	writeField(w, "private key used", period(c.KeyNotBefore, c.KeyNotAfter))
	writeField(w, "document types", strings.Join(c.DocumentTypes, ", "))
	writeField(w, "key identifier", c.KeyID)
	writeField(w, "issuer's key", c.AuthorityKeyID)
	for _, e := range c.Extensions {
		writeField(w, "extension", e.text())
	}
	writeField(w, "sha256", c.SHA256)
}

func keyText(c *shownCertificate) string {
	if c.Parameters == "" {
		return c.Key
	}
	return c.Key + ", " + c.Parameters
}

func (e shownExtension) text() string {
	text := e.ID
	if e.Name != "" {
		text = e.Name + " " + e.ID
	}
	if e.Critical {
		text += ", critical"
	}
	if e.Value != "" {
		text += ": " + e.Value
	}
	return text
}

// period writes two times of which each may be missing.
func period(from, to *time.Time) string {
	text := ""
	if from != nil {
		text = instant(*from)
	}
	if to != nil {
		text += " to " + instant(*to)
	}
	return strings.TrimSpace(text)
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05Z") }

func writeRevocationList(w io.Writer, l *shownRevocationList) {
	writeField(w, "what", "revocation list")
	writeField(w, "issuer", l.Issuer)
	writeField(w, "country", l.Country)
	writeField(w, "number", l.Number)
	writeField(w, "signed with", l.Algorithm)
	writeField(w, "this update", instant(l.ThisUpdate))
	writeField(w, "next update", period(l.NextUpdate, nil))
	writeField(w, "revoked", fmt.Sprint(len(l.Revoked)))
	for _, r := range l.Revoked {
		writeField(w, "", fmt.Sprintf("%s  %s  %s", instant(r.At), r.Serial, r.Reason))
	}
	writeField(w, "sha256", l.SHA256)
}

func writeListSummary(w io.Writer, l *shownListSummary) {
	writeField(w, "what", "master list")
	writeField(w, "certificates", fmt.Sprint(l.Count))
	if l.Unread > 0 {
		writeField(w, "unread", fmt.Sprint(l.Unread))
	}
	writeField(w, "kinds", counts(l.Kinds))
	writeField(w, "countries", counts(l.Countries))
	writeField(w, "signed with", l.Algorithm)
	writeField(w, "signed at", period(l.SignedAt, nil))
	writeField(w, "sha256", l.SHA256)
	if l.SignerError != "" {
		fmt.Fprintf(w, "  ! %s\n", printable(l.SignerError))
		return
	}
	fmt.Fprintln(w, "signer")
	writeCertificate(w, l.Signer)
}

// writePKITable writes one line for each entry and what they are in all.
func writePKITable(w io.Writer, all []shownEntry) {
	uses := map[string]int{}
	for _, e := range all {
		use := orDash(e.Use)
		uses[use]++
		fmt.Fprintf(w, "%-15s  %-2s  %s  %s\n", use, printable(e.country()), printable(e.subject()), printable(e.name()))
		if e.Error != "" {
			fmt.Fprintf(w, "  ! %s\n", printable(e.Error))
		}
	}
	for _, use := range slices.Sorted(maps.Keys(uses)) {
		fmt.Fprintf(w, "%5d  %s\n", uses[use], use)
	}
}

func (e shownEntry) country() string {
	switch {
	case e.Certificate != nil:
		return orDash(e.Certificate.Country)
	case e.RevocationList != nil:
		return orDash(e.RevocationList.Country)
	case e.MasterList != nil && e.MasterList.Signer != nil:
		return orDash(e.MasterList.Signer.Country)
	case e.CardVerifiable != nil:
		return e.CardVerifiable.Holder[:2]
	}
	return "-"
}

// subject tells in a line what an entry is.
func (e shownEntry) subject() string {
	switch {
	case e.Certificate != nil:
		return string(e.Certificate.Kind) + specimenMark(e.Certificate.Specimen) + ": " + e.Certificate.Subject
	case e.RevocationList != nil:
		return fmt.Sprintf("revocation list of %s with %d entries: %s", e.RevocationList.ThisUpdate.Format(time.DateOnly), len(e.RevocationList.Revoked), e.RevocationList.Issuer)
	case e.MasterList != nil:
		return fmt.Sprintf("master list of %d certificates", e.MasterList.Count)
	case e.CardVerifiable != nil:
		return e.CardVerifiable.Role + specimenMark(e.CardVerifiable.Specimen) + ": " + e.CardVerifiable.Holder
	}
	return "unread"
}
