package station

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cancuoc/cancuoc/card/date"
	"github.com/cancuoc/cancuoc/card/eac"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cvc"
	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

// Terminal tells who may read fingerprints: the CVCA that chips are made to trust, and the inspection system as which
// this station reads back what it wrote. A station made before there were any has none of the three.
type Terminal struct {
	CVCA         string `toml:"cvca"`         // its certificate
	Certificates string `toml:"certificates"` // a folder: the inspection system's, and those between it and the CVCA
	Key          string `toml:"key"`          // a key reference: file:PATH or pkcs11:...
}

func (t Terminal) there() bool { return t != Terminal{} }

// LetsTerminalsIn tells whether the station's chips trust a CVCA, so that they can carry fingerprints.
func (c Config) LetsTerminalsIn() bool { return c.Terminal.there() }

const certificateEnding = ".cvcert"

// initTerminal makes a specimen CVCA, document verifier and inspection system, whole or not at all. A folder that is
// there is kept, if its key opens.
func initTerminal(folder string, passphrase []byte, at time.Time) error {
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		there := Config{Terminal: Terminal{CVCA: "cvca" + certificateEnding, Certificates: ".", Key: "file:inspection-system.key"}}
		if _, err := there.Credentials(folder, authority.Keys{Passphrase: passphrase}); err != nil {
			return fmt.Errorf("station: %s is there already, and its keys do not open: %w", folder, err)
		}
		return nil
	}
	next := folder + ".new"
	if err := os.RemoveAll(next); err != nil { // what an interrupted run left: it was never in use
		return fmt.Errorf("station: %w", err)
	}
	if err := os.MkdirAll(next, 0o700); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	specimen, err := cvc.NewSpecimen(rand.Reader, date.Of(at.UTC())) // Doc 9303-12, section 7.2.3.1.3
	if err != nil {
		return err
	}
	for name, issued := range map[string]cvc.Issued{"cvca": specimen.CVCA, "document-verifier": specimen.Verifier, "inspection-system": specimen.Terminal} {
		if err := writeIssued(filepath.Join(next, name), issued, passphrase); err != nil {
			return err
		}
	}
	if err := os.Rename(next, folder); err != nil {
		return fmt.Errorf("station: %w", err)
	}
	return regular.SyncFolder(filepath.Dir(folder))
}

func writeIssued(path string, issued cvc.Issued, passphrase []byte) error {
	encoded, err := issued.Encode()
	if err != nil {
		return err
	}
	err = regular.WriteFile(path+certificateEnding, func(w io.Writer) error {
		_, err := w.Write(encoded)
		return err
	})
	if err != nil {
		return err
	}
	key, err := issued.Key.Encode()
	if err != nil {
		return err
	}
	defer clear(key)
	return pki.WriteKeyInfo(path+".key", key, passphrase)
}

// CVCA loads the authorities that chips are made to trust: none where the station has none.
func (c Config) CVCA(folder string) ([]*cvc.Certificate, error) {
	if !c.Terminal.there() {
		return nil, nil
	}
	certificate, err := readCVC(Path(folder, c.Terminal.CVCA))
	if err != nil {
		return nil, err
	}
	return trustPoints(certificate, Path(folder, c.Terminal.Certificates), date.Of(time.Now().UTC()))
}

// trustPoints gives the present CVCA, and the one before as long as it is good: a chip may trust two keys, so that an
// inspection system under either is let in (Doc 9303-11, appendix K.2).
func trustPoints(now *cvc.Certificate, folder string, on date.Date) ([]*cvc.Certificate, error) {
	all, err := readCVCs(folder)
	if err != nil {
		return nil, err
	}
	for _, link := range all {
		if link.Holder != now.Holder || link.SelfSigned() || link.Authorization.Role() != cvc.CVCA {
			continue
		}
		for _, before := range all {
			if before.Holder == link.Authority && before.SelfSigned() && !before.Expiration.Before(on) {
				return []*cvc.Certificate{now, before}, nil
			}
		}
	}
	return []*cvc.Certificate{now}, nil
}

// Credentials loads the inspection system as which the station reads: none where it has none.
func (c Config) Credentials(folder string, keys authority.Keys) (*eac.Credentials, error) {
	if !c.Terminal.there() {
		return nil, nil
	}
	keys.Folder = folder
	key, err := keys.Open(c.Terminal.Key)
	if err != nil {
		return nil, fmt.Errorf("station: terminal.key: %w", err)
	}
	certificates, err := readCVCs(Path(folder, c.Terminal.Certificates))
	if err != nil {
		return nil, err
	}
	for _, certificate := range certificates {
		if certificate.Authorization.Role() != cvc.Terminal {
			continue
		}
		signer, err := cvc.SignerOf(key, certificate.PublicKey.Algorithm)
		if err == nil && certificate.Holds(signer) {
			return &eac.Credentials{Certificates: certificates, Holder: certificate.Holder, Key: signer}, nil
		}
	}
	return nil, fmt.Errorf("station: no inspection system's certificate in %s belongs to %s, or its passphrase is another", c.Terminal.Certificates, c.Terminal.Key)
}

// SealedCredentials gives the inspection system without its key, where that is encrypted: the latest whose certificate is
// here. It is for who wants to know until when it is good.
func (c Config) SealedCredentials(folder string) (*eac.Credentials, error) {
	certificates, err := readCVCs(Path(folder, c.Terminal.Certificates))
	if err != nil {
		return nil, err
	}
	var latest *cvc.Certificate
	for _, certificate := range certificates {
		if certificate.Authorization.Role() != cvc.Terminal {
			continue
		}
		if latest == nil || certificate.Effective.After(latest.Effective) || certificate.Effective == latest.Effective && certificate.Holder > latest.Holder {
			latest = certificate
		}
	}
	if latest == nil {
		return nil, fmt.Errorf("station: no inspection system's certificate in %s", c.Terminal.Certificates)
	}
	return &eac.Credentials{Certificates: certificates, Holder: latest.Holder}, nil
}

func readCVC(path string) (*cvc.Certificate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("station: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > cvc.MaxSize {
		return nil, fmt.Errorf("station: %s is no file of a card verifiable certificate", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("station: %w", err)
	}
	certificate, err := cvc.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return certificate, nil
}

// readCVCs reads every certificate in a folder.
func readCVCs(folder string) ([]*cvc.Certificate, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("station: %w", err)
	}
	var all []*cvc.Certificate
	for _, e := range entries {
		if filepath.Ext(e.Name()) != certificateEnding {
			continue
		}
		certificate, err := readCVC(filepath.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, certificate)
	}
	return all, nil
}
