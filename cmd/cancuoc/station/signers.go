package station

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/cms"
	"github.com/cancuoc/cancuoc/card/register"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/authority"
)

// Signers are the document signers of a station. Which of them signs is asked anew for each card: a signer that is issued
// while a batch runs takes over with the next one.
type Signers struct {
	list      func() ([]authority.Signer, error)
	keys      authority.Keys
	signature pki.Signature
	Hash      crypto.Hash // of the data groups
	Limit     int64       // how often each key may sign; 0: as often as asked

	mu   sync.Mutex
	open map[string]crypto.Signer // by the key's identifier
}

// String hides the keys.
func (*Signers) String() string { return "[secret]" }

// newestFirst gives the station's signers, the one whose key began last before the others: that is the one in force.
func (s *Signers) newestFirst() ([]authority.Signer, error) {
	all, err := s.list()
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%w: there is none; `cancuoc pki ds issue` makes one", authority.ErrNoSigner)
	}
	slices.SortStableFunc(all, func(a, b authority.Signer) int {
		if begun := b.Certificate.KeyNotBefore.Compare(a.Certificate.KeyNotBefore); begun != 0 {
			return begun
		}
		return b.Number - a.Number
	})
	return all, err
}

// Newest gives the certificate of the signer in force at a time, and where none is, of the newest there is.
func (s *Signers) Newest(at time.Time) (authority.Signer, error) {
	all, err := s.newestFirst()
	if err != nil {
		return authority.Signer{}, err
	}
	for _, one := range all {
		if one.Key != "" && one.Certificate.KeyUsable(at) == nil {
			return one, nil
		}
	}
	return all[0], nil
}

// Ready gives the signer that would sign the next card, or says of each why it cannot. No key is opened.
func (s *Signers) Ready(trust pki.Trust, at time.Time) (authority.Signer, error) {
	all, err := s.newestFirst()
	if err != nil {
		return authority.Signer{}, err
	}
	var reasons []error
	for _, one := range all {
		err := mayNow(one, trust, at)
		if err == nil {
			return one, nil
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", one.Certificate.Subject, err))
	}
	return authority.Signer{}, &noSigner{reasons}
}

// signing is a document signer about to sign, the use of its key counted.
type signing struct {
	certificate pki.Certificate
	signer      cms.Signer
	use         register.KeyUse
}

// String tells who signs, and how often the key has by now.
func (s signing) String() string {
	if s.use.Number == 0 {
		return "by " + s.certificate.Subject
	}
	return fmt.Sprintf("by %s, use %d of its key", s.certificate.Subject, s.use.Number)
}

// begin chooses the document signer for the next card: the newest whose key is in its time, that stands below the station's
// trust, is not revoked, and has not signed as often as it may. Its use is counted before it signs.
func (j *job) begin(ctx context.Context) (signing, error) {
	trust, err := j.Trust()
	if err != nil {
		return signing{}, err
	}
	all, err := j.Signers.newestFirst()
	if err != nil {
		return signing{}, fmt.Errorf("%w: %w", ErrAuthority, err)
	}
	var reasons []error
	for _, one := range all {
		err := mayNow(one, trust, j.Now())
		if err == nil && !j.doc.OnPaper() {
			err = j.checkTerminal(one.Certificate)
		}
		if err == nil {
			var s signing
			if s, err = j.take(ctx, one); err == nil {
				return s, nil
			}
			if !errors.Is(err, register.ErrKeyLimit) {
				return signing{}, err // a key that does not open is for the operator to see, not to step over
			}
		}
		reasons = append(reasons, fmt.Errorf("%s: %w", one.Certificate.Subject, err))
	}
	return signing{}, &noSigner{reasons}
}

// noSigner tells of each signer why it cannot sign.
type noSigner struct{ reasons []error }

func (e *noSigner) Error() string {
	var texts []string
	for _, reason := range e.reasons {
		texts = append(texts, reason.Error())
	}
	return fmt.Sprintf("%v: %s; `cancuoc pki ds rotate` makes the next", ErrAuthority, strings.Join(texts, "; "))
}

// Unwrap gives what went wrong.
func (e *noSigner) Unwrap() []error { return append([]error{ErrAuthority}, e.reasons...) }

// mayNow tells whether a document signer may sign now so that a verifier takes it.
func mayNow(s authority.Signer, trust pki.Trust, now time.Time) error {
	if s.Key == "" {
		return errors.New("station: its key is not here any more")
	}
	if err := s.Certificate.KeyUsable(now); err != nil {
		return err
	}
	path, err := trust.Path(s.Certificate)
	if err != nil {
		return err
	}
	return trust.Current(s.Certificate, path, now)
}

// take opens the key, once, and counts its use.
func (j *job) take(ctx context.Context, one authority.Signer) (signing, error) {
	key, err := j.Signers.key(one)
	if err != nil {
		return signing{}, err
	}
	use := register.KeyUse{}
	if !j.dry {
		if use, err = j.Register.UseKey(ctx, one.Certificate.KeyHash(), j.Signers.Limit, j.Now()); err != nil {
			return signing{}, err
		}
	}
	return signing{one.Certificate, j.Signers.with(one.Certificate, key), use}, nil
}

// with makes the signer of a certificate and its key. RSASSA-PSS is for keys of RSA; those of the next signer may be others.
func (s *Signers) with(c pki.Certificate, key crypto.Signer) cms.Signer {
	_, isRSA := c.PublicKey.(*rsa.PublicKey)
	return cms.Signer{Certificate: c.Raw, Key: key, Hash: s.signature.Hash, PSS: s.signature.PSS && isRSA}
}

// Signer opens the signer in force, for samples: no use is counted.
func (s *Signers) Signer(at time.Time) (cms.Signer, error) {
	one, err := s.Newest(at)
	if err != nil {
		return cms.Signer{}, err
	}
	key, err := s.key(one)
	return s.with(one.Certificate, key), err
}

func (s *Signers) key(one authority.Signer) (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := one.Certificate.KeyHash()
	if key := s.open[id]; key != nil {
		return key, nil
	}
	key, err := s.keys.OpenFor(one.Certificate, one.Key)
	if err != nil {
		return nil, err
	}
	if s.open == nil {
		s.open = map[string]crypto.Signer{}
	}
	s.open[id] = key
	return key, nil
}

// Open opens the key of the signer in force, so that a wrong passphrase or PIN shows before a batch begins.
func (s *Signers) Open(at time.Time) error {
	one, err := s.Newest(at)
	if err != nil {
		return err
	}
	if one.Key == "" {
		return nil // whoever signs will say it
	}
	_, err = s.key(one)
	return err
}

// settled is after what time a folder that has changed again shows another time of change on every file system.
const settled = 3 * time.Second

// follow loads trust from a path, and again when something has been put there.
func follow(path string) func() (pki.Trust, error) {
	var mu sync.Mutex
	var trust pki.Trust
	var stamp time.Time
	return func() (pki.Trust, error) {
		mu.Lock()
		defer mu.Unlock()
		info, err := os.Stat(path)
		if err == nil && !stamp.IsZero() && info.ModTime().Equal(stamp) {
			return trust, nil
		}
		loaded, err := pki.LoadTrust(path, time.Now())
		if err == nil {
			trust, stamp = loaded, info.ModTime()
		}
		if time.Since(stamp) < settled {
			stamp = time.Time{}
		}
		return loaded, err
	}
}
