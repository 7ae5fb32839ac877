package lint_test

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
	"github.com/cancuoc/cancuoc/card/pki/lint"
)

// A root whose curve is given by its name, as most programs expect it, departs from one clause.
func ExampleCheck() {
	key, err := pki.GenerateKey("P-256", rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	id := pki.Identity{Country: "UT", State: "UTO", CommonName: "CSCA", Contact: "csca@utopia.invalid", CRL: []string{"https://utopia.invalid/crl"}, NamedCurves: true}
	csca, err := pki.NewCSCA(rand.Reader, id, pki.Validity{From: from, KeyUntil: from.AddDate(5, 0, 0), Until: from.AddDate(15, 0, 0)}, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, report := range lint.Check(csca.Certificate.Raw, lint.Deduce) {
		fmt.Println(report.Kind, report.Role, report.Subject)
		for _, f := range report.Findings {
			fmt.Printf("%s: %s: %s: %s\n", f.Severity, f.Clause, f.Field, f.Text)
		}
	}
	// Output:
	// certificate csca-root CN=CSCA,C=UT
	// violation: Doc 9303-12, section 4.1.6.3: subjectPublicKeyInfo: the curve is given by name (P-256), not by its parameters
}
