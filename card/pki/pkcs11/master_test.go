//go:build cgo

package pkcs11

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"github.com/cancuoc/cancuoc/card/scp"
)

// Both kinds of master key are one to package scp.
var _ scp.Master = (*Master)(nil)

// importKey puts a secret key on the token that never leaves it again: sensitive and not extractable.
func (h *hsm) importKey(token, label, id string, kind uint, value []byte, usage ...uint) {
	h.Helper()
	module := p11.New(softHSM)
	if module == nil {
		h.Fatal("SoftHSM does not load")
	}
	if err := module.Initialize(); err == nil {
		defer module.Finalize()
	} else if !is(err, p11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		h.Fatal(err)
	}
	session, err := module.OpenSession(h.slot(module, token), p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	if err != nil {
		h.Fatal(err)
	}
	defer module.CloseSession(session)
	if err := module.Login(session, p11.CKU_USER, goodPIN); err != nil && !is(err, p11.CKR_USER_ALREADY_LOGGED_IN) {
		h.Fatal(err)
	}
	template := []*p11.Attribute{
		p11.NewAttribute(p11.CKA_CLASS, p11.CKO_SECRET_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, kind), p11.NewAttribute(p11.CKA_TOKEN, true),
		p11.NewAttribute(p11.CKA_PRIVATE, true), p11.NewAttribute(p11.CKA_SENSITIVE, true), p11.NewAttribute(p11.CKA_EXTRACTABLE, false),
		p11.NewAttribute(p11.CKA_LABEL, label), p11.NewAttribute(p11.CKA_ID, id), p11.NewAttribute(p11.CKA_VALUE, value),
	}
	for _, use := range []uint{p11.CKA_SIGN, p11.CKA_VERIFY, p11.CKA_ENCRYPT, p11.CKA_DECRYPT, p11.CKA_WRAP, p11.CKA_UNWRAP} {
		allowed := len(usage) > 0 && use == usage[0]
		template = append(template, p11.NewAttribute(use, allowed))
	}
	handle, err := module.CreateObject(session, template)
	if err != nil {
		h.Fatalf("%s: %v", label, err)
	}
	wanted := []*p11.Attribute{p11.NewAttribute(p11.CKA_VALUE, nil)}
	if _, err := module.GetAttributeValue(session, handle, wanted); !is(err, p11.CKR_ATTRIBUTE_SENSITIVE) {
		h.Fatalf("%s leaves the token: %v", label, err)
	}
}

func (h *hsm) slot(module *p11.Ctx, token string) uint {
	h.Helper()
	slots, err := module.GetSlotList(true)
	if err != nil {
		h.Fatal(err)
	}
	for _, slot := range slots {
		if info, err := module.GetTokenInfo(slot); err == nil && info.Label == token {
			return slot
		}
	}
	h.Fatalf("there is no token %s", token)
	return 0
}

func (h *hsm) master(path string) *Master {
	h.Helper()
	m, err := OpenMaster(h.uri(path), thePIN(goodPIN))
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		if err := m.Close(); err != nil {
			h.Error(err)
		}
	})
	return m
}

// The published diversifications of package scp, with their master keys in a token that does not give them away.
func TestMasterVectors(t *testing.T) {
	h := newHSM(t)
	h.token("masters")
	v := diversifications(t)
	for i, size := range []string{"16", "24", "32"} {
		h.importKey("masters", "aes-"+size, fmt.Sprintf("a%d", i), p11.CKK_AES, v.master(t, size), p11.CKA_SIGN)
	}
	des := v.master(t, "16")
	h.importKey("masters", "des3", "d3", p11.CKK_DES3, append(des[:16:16], des[:8]...), p11.CKA_ENCRYPT)
	h.importKey("masters", "des2", "d2", p11.CKK_DES2, des, p11.CKA_ENCRYPT)
	seen := 0
	for _, set := range v.Sets {
		labels := []string{fmt.Sprintf("aes-%d", set.Size)}
		if set.Method != scp.DiversifyKDF3 {
			labels = []string{"des2", "des3"}
		}
		for _, label := range labels {
			keys, err := scp.Diversify(set.Method, h.master("token=masters;type=secret-key;object="+label), v.number(t), set.Size)
			if err != nil {
				t.Errorf("%s: %v", label, err)
				continue
			}
			want := fmt.Sprintf("%v-%s-%s-%s", set.Protocol, set.ENC, set.MAC, set.DEK)
			if got, err := keys.ID(set.Protocol); got != want || err != nil {
				t.Errorf("%s with %s: %s, %v; want %s", set.Method, label, got, err, want)
			}
			seen++
		}
	}
	if seen != 7 {
		t.Errorf("%d diversifications, want 7", seen)
	}
}

type diversificationVectors struct {
	Number  string            `json:"number"`
	Masters map[string]string `json:"masters"`
	Sets    []struct {
		Method   scp.Diversification `json:"method"`
		Size     int                 `json:"size"`
		Protocol scp.Protocol        `json:"protocol"`
		ENC      string              `json:"enc"`
		MAC      string              `json:"mac"`
		DEK      string              `json:"dek"`
	} `json:"sets"`
}

func diversifications(t *testing.T) (v diversificationVectors) {
	t.Helper()
	b, err := os.ReadFile("../../scp/testdata/diversification.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (v diversificationVectors) master(t *testing.T, size string) []byte {
	return unhexed(t, v.Masters[size])
}
func (v diversificationVectors) number(t *testing.T) [10]byte { return [10]byte(unhexed(t, v.Number)) }

func unhexed(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil || len(b) == 0 {
		t.Fatalf("%q: %v", text, err)
	}
	return b
}

func TestMasterRefusals(t *testing.T) {
	h := newHSM(t)
	h.token("masters")
	h.importKey("masters", "aes", "01", p11.CKK_AES, make([]byte, 16), p11.CKA_SIGN)
	h.importKey("masters", "des", "02", p11.CKK_DES3, bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 3), p11.CKA_ENCRYPT)
	h.importKey("masters", "twice", "03", p11.CKK_AES, make([]byte, 32), p11.CKA_SIGN)
	h.importKey("masters", "twice", "04", p11.CKK_AES, make([]byte, 32), p11.CKA_SIGN)
	h.importKey("masters", "other", "05", p11.CKK_GENERIC_SECRET, make([]byte, 32), p11.CKA_SIGN)
	h.importKey("masters", "unusable", "06", p11.CKK_AES, make([]byte, 32), p11.CKA_ENCRYPT)
	h.key("masters", "EC:prime256v1", "signing", "07")
	for path, want := range map[string]error{
		"object=none": ErrNoMaster, "object=twice": ErrAmbiguous, "object=other": ErrUnsupported, "object=signing": ErrNoMaster,
		"token=gone;object=aes": ErrNoToken, "object=aes;type=private": ErrURI,
	} {
		if m, err := OpenMaster(h.uri(path), thePIN(goodPIN)); !errors.Is(err, want) || m != nil {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if _, err := OpenMaster(h.uri("object=aes"), thePIN("000000")); !errors.Is(err, ErrPIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
	if _, err := OpenMaster(h.uri("object=aes"), nil); !errors.Is(err, ErrNoPIN) {
		t.Errorf("no PIN: %v", err)
	}
	if _, err := h.try("object=aes", goodPIN); !errors.Is(err, ErrNoKey) {
		t.Errorf("a master key to sign with: %v", err)
	}
	aes, des := h.master("object=aes"), h.master("object=des")
	if _, err := aes.EncryptTripleDES(make([]byte, 16)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("triple DES with AES: %v", err)
	}
	if _, err := des.CMAC([]byte("message")); !errors.Is(err, ErrUnsupported) {
		t.Errorf("CMAC with triple DES: %v", err)
	}
	for _, n := range []int{0, 7, 12} {
		if _, err := des.EncryptTripleDES(make([]byte, n)); err == nil {
			t.Errorf("%d bytes: no error", n)
		}
	}
	if _, err := h.master("object=unusable").CMAC([]byte("message")); err == nil || !strings.Contains(err.Error(), "CKM_AES_CMAC") {
		t.Errorf("a key that must not sign: %v", err)
	}
	aes.Close()
	if _, err := aes.CMAC([]byte("message")); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// A token that lacks a mechanism says so by its name; a session that is lost is found again once.
func TestMasterOnATokenThatFails(t *testing.T) {
	h := newHSM(t)
	h.token("masters")
	h.importKey("masters", "aes", "01", p11.CKK_AES, make([]byte, 16), p11.CKA_SIGN)
	h.importKey("masters", "des", "02", p11.CKK_DES3, bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, 3), p11.CKA_ENCRYPT)
	say := h.shimmed()
	aes, des := h.master("object=aes"), h.master("object=des")
	for mechanism, c := range map[string]struct {
		functions []string
		do        func() ([]byte, error)
	}{
		"CKM_AES_CMAC": {[]string{"C_SignInit", "C_Sign"}, func() ([]byte, error) { return aes.CMAC([]byte("message")) }},
		"CKM_DES3_ECB": {[]string{"C_EncryptInit", "C_Encrypt"}, func() ([]byte, error) { return des.EncryptTripleDES(make([]byte, 16)) }},
	} {
		good, err := c.do()
		if err != nil {
			t.Fatal(err)
		}
		for _, function := range c.functions {
			say(function, fmt.Sprintf("error %x", p11.CKR_MECHANISM_INVALID))
			if _, err := c.do(); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), mechanism+":") ||
				!strings.Contains(err.Error(), "object=") {
				t.Errorf("%s: no such mechanism: %v", function, err)
			}
			for _, code := range []uint{p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_DEVICE_ERROR, p11.CKR_USER_NOT_LOGGED_IN} {
				say(function, fmt.Sprintf("once %x", code))
				if got, err := c.do(); err != nil || !bytes.Equal(got, good) {
					t.Errorf("%s answered %#x once: %x, %v", function, code, got, err)
				}
			}
			say(function, "")
		}
	}
}

// The command that the error for a missing key names makes one that works.
func TestMasterAsTheErrorAdvises(t *testing.T) {
	h := newHSM(t)
	h.token("masters")
	_, err := OpenMaster(h.uri("object=chips"), thePIN(goodPIN))
	if !errors.Is(err, ErrNoMaster) {
		t.Fatal(err)
	}
	_, command, found := strings.Cut(err.Error(), "make one with pkcs11-tool ")
	if !found {
		t.Fatal(err)
	}
	command = strings.NewReplacer(`"masters"`, "masters", "--label LABEL", "--label chips").Replace(command)
	run(t, "pkcs11-tool", append(strings.Fields(command), "--pin", goodPIN)...)
	keys, err := scp.Diversify(scp.DiversifyKDF3, h.master("object=chips"), [10]byte{}, 32)
	if err != nil || len(keys.ENC) != 32 {
		t.Error(err)
	}
}

func TestMasterForManyGoroutines(t *testing.T) {
	h := newHSM(t)
	h.token("masters")
	v := diversifications(t)
	h.importKey("masters", "aes", "01", p11.CKK_AES, v.master(t, "32"), p11.CKA_SIGN)
	m := h.master("object=aes")
	want, err := scp.Diversify(scp.DiversifyKDF3, m, v.number(t), 32)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got, err := scp.Diversify(scp.DiversifyKDF3, m, v.number(t), 32); err != nil || !bytes.Equal(got.DEK, want.DEK) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if said := fmt.Sprintf("%v %+v %#v", m, m, m); strings.Contains(said, goodPIN) || !strings.Contains(said, "object=aes") {
		t.Errorf("printed as %s", said)
	}
}
