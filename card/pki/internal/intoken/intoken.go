// Package intoken tells keys that are in a PKCS #11 token from all others. Only package pkcs11 makes a [Key] that holds
// one, and no package outside of card/pki can name the type: a signer that pretends to be in a token cannot show one.
package intoken

import "crypto"

// Holder is a signer that shows the key in a token that it signs with. A wrapper that embeds one shows that key, and not
// itself: what it does with its own Public and Sign does not count.
type Holder interface{ InToken() Key }

// Key is a signing key that is in a token. The zero value is none.
type Key struct{ signer crypto.Signer }

// Of is for package pkcs11: it says that the signer's private key is in a token.
func Of(signer crypto.Signer) Key { return Key{signer} }

// Find gives the signer in the token that another shows; nothing where it shows none.
func Find(key crypto.Signer) (crypto.Signer, bool) {
	holder, ok := key.(Holder)
	if !ok {
		return nil, false
	}
	inside := holder.InToken().signer
	return inside, inside != nil
}
