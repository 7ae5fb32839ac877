// Package lds is the files of the logical data structure that an identity chip holds, and their one catalogue
// (Doc 9303-10).
//
// An issuer encodes the data groups, hashes each whole file into a [SecurityObject] and signs that as EF.SOD; EF.COM
// lists what is there:
//
//	EncodeDG1, EncodeDG2, ... -> Digest -> SignSOD -> EF.SOD
//	                             COM.Encode        -> EF.COM
//
// A verifier goes the other way: [ParseSOD], the signature ([cms.SignedData.Verify]), then
// [SecurityObject.Matches] for each file read, and only then the content.
//
// What is parsed here comes from a card that may lie. The parsers refuse what the standard does not have, copy
// nothing beyond the size of their input, and answer errors that carry no personal data.
package lds
