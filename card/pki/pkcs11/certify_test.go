//go:build cgo

package pkcs11

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/internal/x509"
	"github.com/cancuoc/cancuoc/card/pki/cms"
)

// A key on a token signs a certificate and a SignedData with every algorithm that a state uses; we verify both, and so
// does OpenSSL.
func TestCertificatesAndSignedData(t *testing.T) {
	h := newHSM(t)
	h.token("ds-test")
	for i, kind := range []string{"EC:prime256v1", "EC:secp384r1", "EC:brainpoolP256r1", "EC:brainpoolP384r1", "EC:brainpoolP512r1", "rsa:3072"} {
		label := fmt.Sprintf("k%d", i)
		h.key("ds-test", kind, label, fmt.Sprintf("b%d", i))
		k := h.open("object=" + label)
		t.Run(kind, func(t *testing.T) { (&hsm{t, h.folder, h.module}).certifies(k, false) })
		if kind == "rsa:3072" {
			t.Run(kind+" PSS", func(t *testing.T) { (&hsm{t, h.folder, h.module}).certifies(k, true) })
		}
	}
}

func (h *hsm) certifies(k *Key, pss bool) {
	spelt := h.certificate(k, pss, false)
	named := h.certificate(k, pss, true)
	authority := h.write("authority.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: named})))
	run(h, "openssl", "verify", "-check_ss_sig", "-CAfile", authority, authority)

	content, contentType := []byte("the hashes of the data groups"), asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1}
	for _, certificate := range [][]byte{spelt, named} {
		der, err := cms.Sign(content, contentType, cms.Signer{Certificate: certificate, Key: k, PSS: pss}, time.Now())
		if err != nil {
			h.Fatal(err)
		}
		data, err := cms.Parse(der)
		if err != nil {
			h.Fatal(err)
		}
		if err := data.Verify(certificate); err != nil {
			h.Errorf("the SignedData: %v", err)
		}
		out := filepath.Join(h.folder, "content")
		if bytes.Equal(certificate, named) {
			run(h, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile", authority, "-in", h.write("signed", string(der)), "-out", out)
			if got, err := os.ReadFile(out); !bytes.Equal(got, content) {
				h.Errorf("OpenSSL reads %q, %v", got, err)
			}
		}
	}
}

// certificate has a key sign its own certificate, which it must verify under.
func (h *hsm) certificate(k *Key, pss, named bool) []byte {
	h.Helper()
	name, err := x509.NewName("UT", "Utopia", "SPECIMEN "+k.String())
	if err != nil {
		h.Fatal(err)
	}
	algorithm, err := x509.AlgorithmFor(k.Public(), crypto.Hash(0), pss)
	if err != nil {
		h.Fatal(err)
	}
	der, err := x509.Template{
		Serial: big.NewInt(1), Issuer: name, Subject: name, NamedCurve: named,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}.Create(nil, k.Public(), algorithm, k)
	if err != nil {
		h.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		h.Fatal(err)
	}
	public, err := c.Key()
	if err != nil || !public.(interface{ Equal(crypto.PublicKey) bool }).Equal(k.Public()) {
		h.Errorf("the certificate has another key, %T: %v", public, err)
	}
	if err := x509.Verify(c.Algorithm, public, c.RawTBS, c.Signature); err != nil {
		h.Errorf("the certificate: %v", err)
	}
	return der
}
