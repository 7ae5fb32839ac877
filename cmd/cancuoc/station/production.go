package station

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/perso"
	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/register"
)

// ErrNotProducible is answered where nothing is printed for real, for where the order stands: its chip is not verified
// yet, or what was signed for it has been erased since.
var ErrNotProducible = errors.New("station: the order cannot be printed for real now")

// ErrSignature says that what the register holds of an order is not what its document signer has signed.
var ErrSignature = errors.New("station: the production data is not as it was signed")

// producible lists the states in which an order may be printed for real: from when its chip is verified, or its record is
// signed where it has none, until it is issued, when the production data is erased.
func producible(doc card.Document) []register.State {
	if doc.OnPaper() {
		return []register.State{register.Signed, register.Queued, register.Printed}
	}
	return []register.State{register.Verified, register.Queued, register.Printed}
}

// Production proves now that an order may be printed as a real document: it is verified (signed, where it has no chip),
// what was signed is of its record, the certificate that signed it and the station's own belong to one authority that is
// no specimen's, and the station's key is in a token and answers. The proof is for the order's document signer alone; layout takes it in place of the overprint.
func (d *Desk) Production(ctx context.Context, id int64) (pki.Production, error) {
	order, err := d.Register.Order(ctx, id)
	if err != nil {
		return pki.Production{}, err
	}
	doc, err := card.ParseRecord(order.Record)
	if err != nil {
		return pki.Production{}, err
	}
	if states := producible(doc); !slices.Contains(states, order.State) {
		return pki.Production{}, fmt.Errorf("%w: order %d is %s, and would have to be %s, queued or printed", ErrNotProducible, id, order.State, states[0])
	}
	signed, err := (&job{Desk: d, order: order, doc: doc}).signedBy(ctx)
	if err != nil {
		return pki.Production{}, err
	}
	if signed.Specimen() { // whatever this station's own signer is
		return pki.Production{}, pki.ErrSpecimen
	}
	trust, err := d.Trust()
	if err != nil {
		return pki.Production{}, err
	}
	own, err := d.Signers.Ready(trust, d.Now())
	if err != nil {
		return pki.Production{}, err
	}
	if own.Certificate.Specimen() { // whose key nobody need open
		return pki.Production{}, pki.ErrSpecimen
	}
	key, err := d.Signers.key(own)
	if err != nil {
		return pki.Production{}, err
	}
	return pki.ProveProduction(signed, own.Certificate, key, trust, d.Now(), d.Rand)
}

// signedBy gives the certificate of who signed the order, having checked that the signature is right and covers what the
// register holds. Whether it is to be believed is for its chain to say.
func (j *job) signedBy(ctx context.Context) (pki.Certificate, error) {
	data, err := j.production(ctx)
	if err != nil {
		return pki.Certificate{}, err
	}
	file, _ := lds.ByName("EF.SOD")
	content, _ := data.File(file)
	sod, err := lds.ParseSOD(content)
	if err != nil {
		return pki.Certificate{}, err
	}
	der, err := sod.SignedData.SignerCertificate()
	if err == nil {
		err = sod.SignedData.Verify(der)
	}
	if err == nil {
		err = covers(sod.SecurityObject, data)
	}
	if err == nil && !j.isOf(data) {
		err = errors.New("the record is another one")
	}
	if err != nil {
		return pki.Certificate{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return pki.ParseCertificate(der)
}

// isOf tells whether what was signed is of the order's own record, portrait and fingerprints.
func (j *job) isOf(data perso.Data) bool {
	of := card.Issuance{Document: j.doc, Portrait: j.order.Chip, Fingerprints: j.order.Fingerprints}
	if !j.doc.OnPaper() {
		return of.Made(data)
	}
	of.Portrait = j.order.Face
	return of.Made(data) && card.IsOfRecord(data, j.doc, j.order.Record)
}

// covers tells whether the data groups are those that were hashed, all of them and no other.
func covers(object lds.SecurityObject, data perso.Data) error {
	groups := 0
	for _, f := range data.Files {
		file, known := lds.ByFID(f.FID)
		if f.MF || !known || file.DataGroup == 0 {
			continue
		}
		groups++
		if !object.Matches(file.DataGroup, f.Content) {
			return fmt.Errorf("%s has another hash in EF.SOD", f.Name())
		}
	}
	if groups != len(object.Hashes) {
		return fmt.Errorf("EF.SOD lists %d data groups, and %d are here", len(object.Hashes), groups)
	}
	return nil
}
