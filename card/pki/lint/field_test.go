package lint

import (
	"bytes"
	"encoding/pem"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cancuoc/cancuoc/card/pki"
)

const samples = "../../../../shared/samples/"

func sample(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(samples + name)
	if err != nil {
		t.Skip("the samples are not here: ", err)
	}
	return content
}

func lists() []string {
	return []string{"masterlists/DE_ML_2026-05-28-08-28-45.ml", "masterlists/NL_ML_2026-07-22.ml"}
}

// Every certificate of the master lists of the field is linted, and none is refused. What is found is counted by clause and
// field, for a person to read with -v.
func TestListsOfTheField(t *testing.T) {
	for _, name := range lists() {
		reports := Check(sample(t, name), Deduce)
		counts, roles := map[string]int{}, map[Role]int{}
		for _, r := range reports {
			roles[r.Role]++
			if r.Kind == "certificate" && (r.Role == Deduce || r.Role == Other || r.Subject == "") {
				t.Errorf("%s is taken for %q: %v", r.Entry, r.Role, r.Findings)
			}
			for _, f := range r.Findings {
				counts[string(f.Severity)+": "+f.Clause+": "+f.Field]++
			}
		}
		t.Logf("%s: %d things, roles %v; the list itself: %v", name, len(reports), roles, reports[0].Findings)
		for _, key := range slices.Sorted(maps.Keys(counts)) {
			t.Logf("%5d  %s", counts[key], key)
		}
	}
}

// What the parsers take although a profile excludes it is found, in the certificates of those states for which they take it.
func TestLenienciesOfTheField(t *testing.T) {
	found := map[string][]string{}
	for _, name := range lists() {
		for _, r := range Check(sample(t, name), Deduce) {
			for _, f := range r.Findings {
				if f.Severity == Violation {
					key := strings.TrimPrefix(f.Clause, part) + ": " + f.Field
					found[key] = append(found[key], country(r.Subject))
				}
			}
		}
	}
	for key, states := range map[string]string{
		"table 5: serialNumber":                 "AL KZ MZ VA",
		"table 5: validity":                     "KZ",
		"section 7.1: BasicConstraints":         "UA",
		"section 4.1.6.3: signatureAlgorithm":   "AE AT JP LT LV",
		"section 4.1.6.1: signatureAlgorithm":   "IS YE",
		"section 4.1.6.1: subjectPublicKeyInfo": "EE",
	} {
		slices.Sort(found[key])
		if got := strings.Join(slices.Compact(found[key]), " "); got != states {
			t.Errorf("%s: found in those of %s, not of %s", key, got, states)
		}
	}
}

func country(subject string) string {
	_, after, _ := strings.Cut(","+subject, ",C=")
	return strings.ToUpper(after[:min(2, len(after))])
}

// openssl sees what is found in every certificate of the German list, as far as it shows it: which extensions are missing,
// which are not critical, path lengths, names of curves, SHA-1.
func TestOpenSSLSeesTheSame(t *testing.T) {
	all, err := pki.ParseMasterList(sample(t, lists()[0]))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, c := range all.Certificates {
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "all.pem")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("openssl", "storeutl", "-noout", "-text", "-certs", file).Output()
	if err != nil {
		t.Fatal("openssl: ", err)
	}
	shown := strings.Split(string(out), "\nCertificate:\n")[1:]
	if len(shown) != len(all.Certificates) {
		t.Fatalf("openssl shows %d certificates of %d", len(shown), len(all.Certificates))
	}
	findings := 0
	for n, c := range all.Certificates {
		r := Certificate(c.Raw, Deduce)
		for finding, seen := range openSSLSees(shown[n]) {
			want := slices.ContainsFunc(r.Findings, func(f Finding) bool { return strings.Contains(line(f), finding) })
			if want {
				findings++
			}
			if want != seen {
				t.Errorf("%s, %s: openssl sees it: %t, found: %t", r.Subject, finding, seen, want)
			}
		}
	}
	t.Logf("openssl confirms %d findings and the lack of all others", findings)
}

// openSSLSees tells which findings the text that openssl prints of a CSCA certificate bears out.
func openSSLSees(text string) map[string]bool {
	has := func(part string) bool { return strings.Contains(text, part) }
	sees := map[string]bool{
		"the curve is given by name":  has("ASN1 OID:"),
		"KeyUsage: it is not":         has("X509v3 Key Usage: \n"),
		"BasicConstraints: it is not": has("X509v3 Basic Constraints: \n"),
		"there is no pathLen":         has("CA:TRUE\n") || has("CA:FALSE\n"),
		"cA is not set":               has("CA:FALSE"),
		"pathLenConstraint is":        has("CA:TRUE, pathlen:") && !has("CA:TRUE, pathlen:0\n"),
		"is by way of a hash":         has("Signature Algorithm: sha1With") || has("Signature Algorithm: ecdsa-with-SHA1") || has("Hash Algorithm: sha1") || has("mgf1 with sha1"),
	}
	for name, title := range map[string]string{"SubjectAltName": "Subject Alternative Name", "IssuerAltName": "Issuer Alternative Name",
		"CRLDistributionPoints": "CRL Distribution Points", "PrivateKeyUsagePeriod": "Private Key Usage Period", "KeyUsage": "Key Usage",
		"BasicConstraints": "Basic Constraints", "SubjectKeyIdentifier": "Subject Key Identifier"} {
		sees[name+": it is missing"] = !has("X509v3 " + title + ":")
	}
	return sees
}

// The CSCA of Viet Nam for passports departs from nothing that must be; its key is to be used two days longer than the five
// years that are recommended. openssl shows the time, and each thing beside it that is as it must be.
func TestVietNam(t *testing.T) {
	all, err := pki.ParseMasterList(sample(t, lists()[0]))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all.Certificates, func(c pki.Listed) bool { return c.Certificate.Country == "VN" })
	if i < 0 {
		t.Fatal("the list has none of VN")
	}
	r := Certificate(all.Certificates[i].Raw, Deduce)
	exactly(t, r.Subject, r.Findings,
		"advice Doc 9303-12, section 4.1.4.2: PrivateKeyUsagePeriod: the key is used from 2022-06-29 01:37:07Z to 2027-07-01 01:37:07Z")
	show := exec.Command("openssl", "x509", "-inform", "DER", "-noout", "-text")
	show.Stdin = bytes.NewReader(all.Certificates[i].Raw)
	out, err := show.Output()
	if err != nil {
		t.Fatal("openssl: ", err)
	}
	for _, text := range []string{"Version: 3", "ecdsa-with-SHA512", "Not After : Oct  1 01:37:06 2037 GMT", "Generator (uncompressed)", "Cofactor:  1",
		"Basic Constraints: critical\n                CA:TRUE, pathlen:0\n", "Key Usage: critical\n                Certificate Sign, CRL Sign\n",
		"Not Before: Jun 29 01:37:07 2022 GMT, Not After: Jul  1 01:37:07 2027 GMT", "DirName:/L=VNM", "URI:http://ca.gov.vn/crl/VNM.crl"} {
		if !strings.Contains(string(out), text) {
			t.Errorf("openssl does not show %q", text)
		}
	}
}
