package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cancuoc/cancuoc/card/pki/pkcs11"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
)

// examineChips tells what kind of chips the station writes, and whether their keys are there. A token is not asked for its
// PIN.
func examineChips(folder string, config station.Config) finding {
	profile := config.CardProfile()
	text := fmt.Sprintf("profile %s", profile.Name)
	_, err := config.LoadChipKeys(folder, authority.Keys{PIN: func() ([]byte, error) { return nil, pkcs11.ErrNoPIN }})
	if errors.Is(err, pkcs11.ErrNoPIN) {
		text, err = text+", keys in a token, which was not opened", nil
	}
	if config.DefaultKeys() {
		text += ", chips come with the keys that everybody knows"
	}
	if profile.Rotates() && !strings.HasPrefix(config.Chip.OwnKeys, "pkcs11:") {
		text += ", the issuer's own keys come from a file"
	}
	return found("chips", err, text, "set chip.profile, chip.keys and chip.own_keys in "+station.ConfigName)
}
