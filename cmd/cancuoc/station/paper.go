package station

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cancuoc/cancuoc/card"
)

// signRecord makes what the office keeps of a certificate on paper, and counts the use of the key: with the portrait and
// the fingerprints that are printed. It is erased with the fingerprints once the certificate is issued.
func (j *job) signRecord(ctx context.Context) (outcome, error) {
	s, err := j.begin(ctx)
	if err != nil {
		return outcome{}, err
	}
	data, err := card.SignRecord(card.Issuance{
		Document: j.doc, Portrait: j.order.Face, Fingerprints: j.order.Fingerprints, Signer: s.signer, Hash: j.Signers.Hash, At: j.Now(),
	}, j.order.Record)
	if err != nil {
		return outcome{}, err
	}
	stored, err := json.Marshal(data)
	if err != nil {
		return outcome{}, err
	}
	return outcome{detail: fmt.Sprintf("the record in %d files, no chip, %v", len(data.Files), s), data: stored, use: s.use}, nil
}
