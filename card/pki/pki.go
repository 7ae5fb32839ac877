// Package pki is the public key infrastructure of identity chips (Doc 9303-12): the country signing authority
// (CSCA), the document signers below it, the keys of both, and what a verifier trusts.
//
//	authority: [NewCSCA] -> [CSCA.IssueSigner], [CSCA.IssueRevocationList], and in time [CSCA.Renew]: a new root and the
//	           link to it; keys by [GenerateKey], [WriteKey], [ReadKey], or on a token (package pkcs11)
//	signer:    certificate and key -> cms.Signer -> lds.SignSOD, and a master list
//	verifier:  [LoadTrust] -> [Trust.Chain] (is the document signer genuine) and, apart from it,
//	           [Certificate.Validity] (is it valid now)
//
// A CSCA signs a document signer; where a CSCA has changed its key, links lead from one that is trusted to the one that
// signed. Every algorithm of Doc 9303-12, section 4.1.6, but DSA is verified, on curves of NIST and of RFC 5639, named or
// spelt out; SHA-1 too, which [Certificate.Weak] tells. Anything else is [ErrUnsupported]. A [Profile] says with which of
// them an authority signs.
package pki

import "errors"

// What can be wrong with a key file.
var (
	ErrPassphrase = errors.New("pki: the passphrase is missing or wrong")
	ErrKeyFile    = errors.New("pki: not a private key file (PKCS #8, PEM)")
)

// ErrUnsupported says that a certificate or key cannot be judged here: it takes an algorithm that this package does
// not have.
var ErrUnsupported = errors.New("pki: unsupported algorithm")

// What can be wrong with a chain (Doc 9303-12, sections 6 and 7.1.1).
var (
	ErrNoAnchor          = errors.New("pki: no trust anchor for the issuer of this certificate")
	ErrSignature         = errors.New("pki: wrong signature on the certificate")
	ErrNotAuthority      = errors.New("pki: not an authority that signs certificates")
	ErrPathLength        = errors.New("pki: the authority's path length is neither 0 nor 1")
	ErrNotSigner         = errors.New("pki: the certificate is not one for signing documents")
	ErrNotListSigner     = errors.New("pki: the certificate is not one for signing this kind of list")
	ErrCountry           = errors.New("pki: issuer and subject are not of one country")
	ErrCriticalExtension = errors.New("pki: the certificate has a critical extension that is not understood")
)

// What can be wrong with the time: a card whose signer has expired is genuine all the same, so this is never part of
// the chain.
var (
	ErrNotYetValid = errors.New("pki: the certificate is not valid yet")
	ErrExpired     = errors.New("pki: the certificate has expired")
	ErrKeyPeriod   = errors.New("pki: outside the time in which the signer's key was to be used")
)
