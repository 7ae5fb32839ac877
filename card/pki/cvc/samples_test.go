package cvc

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const samples = "../../../../shared/samples/cvc"

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("the sample certificates are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Chains that others made, for the three types of terminal, each with its private key.
func TestSampleChains(t *testing.T) {
	for _, test := range []struct {
		dir, cvca, dv, terminal, key string
		kind                         TerminalType
		holder, rights, date         string
	}{
		{"persosim-gtCertificates/CFG.DFLT.EAC.IS", "CVCA_Cert_01", "dv_is_cert_1", "is_cert_1", "IS_Key_01_default.pkcs8", InspectionSystem, "DETESTIS00001", "03", "2016-11-22"},
		{"persosim-gtCertificates/CFG.DFLT.EAC.AT", "CVCA_Cert_01", "dv_at_cert_1", "at_cert_1", "AT_Key_01_default.pkcs8", AuthenticationTerminal, "DETESTAT00001", "3e1ffffff7", "2016-11-22"},
		{"persosim-gtCertificates/CFG.DFLT.EAC.ST", "CVCA_Cert_01", "dv_st_cert_1", "st_cert_1", "ST_Key_01_default.pkcs8", SignatureTerminal, "DETESTST00001", "03", "2016-11-22"},
		{"jmrtd-certs/orig", "certCVCA_orig", "certDVD_orig", "certIS_orig", "keyIS_orig.der", InspectionSystem, "NLIS72000NL001", "01", "2009-05-18"},
	} {
		read := func(name string) *Certificate { return parse(t, sample(t, filepath.Join(test.dir, name+".cvcert"))) }
		root, err := Root(read(test.cvca))
		if err != nil {
			t.Fatalf("%s: %v", test.dir, err)
		}
		trust := &Trust{Points: []TrustPoint{root}, Type: test.kind}
		dv, err := trust.Import(read(test.dv), root)
		if err != nil {
			t.Fatalf("%s: %v", test.dir, err)
		}
		terminal, err := trust.Import(read(test.terminal), dv)
		if err != nil {
			t.Fatalf("%s: %v", test.dir, err)
		}
		if got := hex.EncodeToString(terminal.Authorization.Bits); got != test.rights || trust.Date.String() != test.date {
			t.Errorf("%s: %q has %s on %v", test.dir, terminal.Holder, got, trust.Date)
		}
		key, err := ParsePrivateKey(sample(t, filepath.Join(test.dir, test.key)), terminal.PublicKey.Algorithm)
		if err != nil {
			t.Fatalf("%s: %v", test.dir, err)
		}
		public, err := key.Public()
		if err != nil || !sameKey(public, terminal.PublicKey) {
			t.Errorf("%s: the private key is not the terminal's, %v", test.dir, err)
		}
	}
}

// A link certificate that others made.
func TestSampleLink(t *testing.T) {
	root, err := Root(parse(t, sample(t, "jmrtd-certs/orig/certCVCA_orig.cvcert")))
	if err != nil {
		t.Fatal(err)
	}
	trust := &Trust{Points: []TrustPoint{root}}
	point, err := trust.Import(parse(t, sample(t, "jmrtd-certs/new/certCVCA_new.cvcert")), root)
	if err != nil {
		t.Fatal(err)
	}
	if point.Holder != "NLCVCAA00002" || len(trust.Points) != 2 {
		t.Errorf("the trust points are %v", trust.Authorities())
	}
	if _, err := trust.Import(parse(t, sample(t, "jmrtd-certs/new/certDVD_new.cvcert")), point); err != nil {
		t.Error(err)
	}
}
