package reader

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cancuoc/cancuoc/card/pki"
)

// The specimen data set of 2008, signed by way of SHA-1 on a curve with explicit parameters: right, and weak unless the
// policy takes SHA-1 for documents of its time.
func TestSpecimenOf2008(t *testing.T) {
	r := Reading{Files: map[string][]byte{}}
	for name, file := range map[string]string{"EF.COM": "EF_COM", "EF.SOD": "EF_SOD", "EF.DG1": "Datagroup1", "EF.DG2": "Datagroup2", "EF.DG3": "Datagroup3", "EF.DG14": "Datagroup14"} {
		content, err := os.ReadFile("../../shared/samples/lds-bsi2008/" + file + ".bin")
		if err != nil {
			t.Skip("the samples are not here: ", err)
		}
		r.Files[name] = content
	}
	for until, want := range map[time.Time]Result{{}: Weak, time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC): Weak, time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC): Pass} {
		v := Policy{SHA1Until: until}.Verify(r, at)
		for _, name := range []string{"hashes", "signature"} {
			if c := checkOf(t, v, name); c.Result != want {
				t.Errorf("SHA-1 until %s: %+v", until, c)
			}
		}
		if v.Verdict == Genuine {
			t.Error("genuine without an anchor")
		}
	}
}

// A document signer on its authority's list, made by openssl with the authority's key.
func TestRevokedSigner(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("openssl is not installed")
		}
		t.Skip("openssl is not installed")
	}
	a, dir := newAuthority(t), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := pki.WriteCertificate(in("csca.pem"), a.CSCA); err != nil {
		t.Fatal(err)
	}
	if err := pki.WriteKey(in("csca.key"), a.CSCAKey, nil); err != nil {
		t.Fatal(err)
	}
	// An odd number of digits is none to openssl.
	serial := strings.ToUpper(strings.Repeat("0", len(a.DocumentSigner.Serial)%2) + a.DocumentSigner.Serial)
	for index, want := range map[string]Result{
		"": Pass,
		"R\t991231235959Z\t261001000000Z,keyCompromise\t" + serial + "\tunknown\t/C=VN\n": Fail,
	} {
		for name, text := range map[string]string{"index": index, "number": "01\n", "config": "[ca]\ndefault_ca=d\n[d]\ndatabase=" + in("index") + "\ncrlnumber=" + in("number") + "\ndefault_md=sha256\ndefault_crl_days=30\n"} {
			if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command("openssl", "ca", "-config", in("config"), "-gencrl", "-cert", in("csca.pem"), "-keyfile", in("csca.key"), "-out", in("list.crl"),
			"-crl_lastupdate", at.UTC().Format("20060102150405Z"), "-crl_nextupdate", at.AddDate(0, 1, 0).UTC().Format("20060102150405Z")).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		trust, err := pki.LoadTrust(dir, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		r := issued(t, "le-mau-nhi", a, at)
		v := Verify(r, trust, at)
		if c := checkOf(t, v, "revocation"); c.Result != want || (v.Verdict == Genuine) != (want == Pass) {
			t.Errorf("%+v, verdict %s", c, v.Verdict)
		}
		v = Verify(r, trust, at.AddDate(0, 2, 0))
		if c := checkOf(t, v, "revocation"); want == Pass && c.Result != Unknown {
			t.Errorf("a list that is out of date: %+v", c)
		}
	}
}
