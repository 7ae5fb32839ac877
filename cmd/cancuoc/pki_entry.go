package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// shownEntry is one entry of a file of an infrastructure, as JSON has it.
type shownEntry struct {
	File           string               `json:"file"`
	Entry          string               `json:"entry,omitempty"`
	Attribute      string               `json:"attribute,omitempty"`
	Use            string               `json:"use,omitempty"` // in a folder: what a verifier takes it for
	Certificate    *shownCertificate    `json:"certificate,omitempty"`
	RevocationList *shownRevocationList `json:"revocation_list,omitempty"`
	MasterList     *shownListSummary    `json:"master_list,omitempty"`
	CardVerifiable *shownCVC            `json:"card_verifiable_certificate,omitempty"`
	Error          string               `json:"error,omitempty"`

	unread bool
}

type shownCertificate struct {
	Kind           pki.Kind         `json:"kind"`
	Specimen       bool             `json:"specimen"`
	Subject        string           `json:"subject"`
	Issuer         string           `json:"issuer"`
	Serial         string           `json:"serial"`
	Country        string           `json:"country"`
	States         []string         `json:"states,omitempty"`
	Algorithm      string           `json:"algorithm"`
	Key            string           `json:"key"`
	Parameters     string           `json:"parameters,omitempty"` // "named" or "explicit", of a curve
	NotBefore      time.Time        `json:"not_before"`
	NotAfter       time.Time        `json:"not_after"`
	KeyNotBefore   *time.Time       `json:"key_not_before,omitempty"`
	KeyNotAfter    *time.Time       `json:"key_not_after,omitempty"`
	DocumentTypes  []string         `json:"document_types,omitempty"`
	KeyID          string           `json:"key_id,omitempty"`
	AuthorityKeyID string           `json:"authority_key_id,omitempty"`
	Extensions     []shownExtension `json:"extensions"`
	SHA256         string           `json:"sha256"`
}

type shownExtension struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Critical bool   `json:"critical"`
	Value    string `json:"value,omitempty"`
}

type shownRevocationList struct {
	Issuer     string            `json:"issuer"`
	Country    string            `json:"country"`
	Number     string            `json:"number,omitempty"`
	Algorithm  string            `json:"algorithm"`
	ThisUpdate time.Time         `json:"this_update"`
	NextUpdate *time.Time        `json:"next_update,omitempty"`
	Revoked    []shownRevocation `json:"revoked"`
	SHA256     string            `json:"sha256"`
}

type shownRevocation struct {
	Serial string    `json:"serial"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// shownListSummary is a master list without its certificates.
type shownListSummary struct {
	Count       int               `json:"certificates"`
	Unread      int               `json:"unread"`
	Countries   map[string]int    `json:"countries"`
	Kinds       map[string]int    `json:"kinds"`
	Algorithm   string            `json:"algorithm"`
	SignedAt    *time.Time        `json:"signed_at,omitempty"`
	Signer      *shownCertificate `json:"signer,omitempty"`
	SignerError string            `json:"signer_error,omitempty"`
	SHA256      string            `json:"sha256"`
}

func showSource(s pki.Source) shownEntry {
	e := shownEntry{File: s.File, Entry: s.Entry, Attribute: s.Attribute, Use: s.Use, unread: s.Unread}
	if s.Err != nil {
		e.Error = plain(s.Err.Error())
	}
	if s.Certificate.Raw != nil {
		e.Certificate = showCertificate(s.Certificate)
	}
	if s.RevocationList.Raw != nil {
		e.RevocationList = showRevocationList(s.RevocationList)
	}
	if s.MasterList.SignedData.Raw != nil {
		e.MasterList = summarise(s.MasterList)
	}
	return e
}

func showCertificate(c pki.Certificate) *shownCertificate {
	shown := &shownCertificate{
		Kind: c.Kind(), Specimen: c.Specimen(), Subject: c.Subject, Issuer: c.Issuer, Serial: c.Serial, Country: c.Country,
		States: c.States, Algorithm: c.Algorithm, Key: c.KeyAlgorithm, Parameters: c.CurveParameters, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, KeyNotBefore: stated(c.KeyNotBefore), KeyNotAfter: stated(c.KeyNotEnd), DocumentTypes: c.DocumentTypes,
		KeyID: c.KeyID, AuthorityKeyID: c.AuthorityKeyID, Extensions: []shownExtension{}, SHA256: fingerprint(c.Raw),
	}
	for _, e := range c.Extensions() {
		shown.Extensions = append(shown.Extensions, shownExtension{e.ID, e.Name, e.Critical, e.Value})
	}
	return shown
}

func showRevocationList(l pki.RevocationList) *shownRevocationList {
	shown := &shownRevocationList{Issuer: l.Issuer, Country: l.Country, Number: l.Number, Algorithm: l.Algorithm,
		ThisUpdate: l.ThisUpdate, NextUpdate: stated(l.NextUpdate), Revoked: []shownRevocation{}, SHA256: fingerprint(l.Raw)}
	for _, r := range l.Revoked {
		shown.Revoked = append(shown.Revoked, shownRevocation(r))
	}
	return shown
}

// summarise counts the certificates of a list by country and by kind.
func summarise(list pki.MasterList) *shownListSummary {
	s := &shownListSummary{Count: len(list.Certificates), Countries: map[string]int{}, Kinds: map[string]int{},
		Algorithm: list.SignedData.Algorithm, SignedAt: stated(list.SignedData.SigningTime), SHA256: fingerprint(list.SignedData.Raw)}
	for _, c := range list.Certificates {
		if c.Err != nil {
			s.Unread++
			continue
		}
		s.Countries[orDash(strings.ToUpper(c.Certificate.Country))]++
		s.Kinds[string(c.Certificate.Kind())]++
	}
	if signer, err := list.Signer(); err != nil {
		s.SignerError = plain(err.Error())
	} else {
		s.Signer = showCertificate(signer)
	}
	return s
}

// counts writes numbers by name, in the order of the names: "DE 12, VN 3".
func counts(numbers map[string]int) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s %d", name, numbers[name])
	}
	return text
}

func fingerprint(der []byte) string { return fmt.Sprintf("%x", sha256.Sum256(der)) }

// stated gives a time, nothing for one that is not stated.
func stated(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
