package cms_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cancuoc/cancuoc/card/pki/cms"
)

const samples = "../../../../shared/samples/"

// What states have signed, each kind by the algorithm that it names: its signature is right.
func TestSignedDataOfTheField(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, algorithm string
		weak                   bool
	}{
		"lds-bsi2008/EF_SOD.bin":                   {"2.23.136.1.1.1", "ECDSA with SHA-1", true},
		"masterlists/DE_ML_2026-05-28-08-28-45.ml": {"2.23.136.1.1.2", "ECDSA with SHA-256", false},
		"masterlists/NL_ML_2026-07-22.ml":          {"2.23.136.1.1.2", "RSA PKCS #1 v1.5 with SHA-256", false},
		"masterlists/BSI_deviation_list_erp.bin":   {"2.23.136.1.1.7", "RSA PKCS #1 v1.5 with SHA-512", false},
	} {
		file, err := os.ReadFile(filepath.Join(samples, name))
		if err != nil {
			t.Skip("the samples are not here: ", err)
		}
		if filepath.Base(name) == "EF_SOD.bin" {
			file = file[4:] // the tag and length of EF.SOD
		}
		signed, err := cms.Parse(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		certificate, err := signed.SignerCertificate()
		if err == nil {
			err = signed.Verify(certificate)
		}
		if err != nil || signed.ContentType.String() != c.contentType || signed.Algorithm != c.algorithm || signed.Weak() != c.weak {
			t.Errorf("%s: %v, %s, weak %v: %v", name, signed.ContentType, signed.Algorithm, signed.Weak(), err)
		}
		t.Logf("%s: %s, %d certificates, %s", name, signed.ContentType, len(signed.Certificates), signed.Algorithm)
	}
}
