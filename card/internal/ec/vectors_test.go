package ec

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

// agreement is what both sides of a key agreement over a mapped generator compute.
type agreement struct {
	Name     string
	ParamID  int      `json:"param_id"`
	MappedG  hexBytes `json:"mapped_G"`
	KAIFDSK  hexBytes `json:"ka_ifd_sk"`
	KAIFDPK  hexBytes `json:"ka_ifd_pk"`
	KAICSK   hexBytes `json:"ka_ic_sk"`
	KAICPK   hexBytes `json:"ka_ic_pk"`
	Shared   hexBytes
	S        hexBytes
	MapIFDSK hexBytes `json:"map_ifd_sk"`
	MapIFDPK hexBytes `json:"map_ifd_pk"`
	MapICSK  hexBytes `json:"map_ic_sk"`
	MapICPK  hexBytes `json:"map_ic_pk"`
	MapH     hexBytes `json:"map_shared"`
	T        hexBytes
}

type vectors struct {
	Generic, Integrated []agreement
	Agreements          []struct {
		Name    string
		ParamID int `json:"param_id"`
		SK, PK  hexBytes
		PeerSK  hexBytes `json:"peer_sk"`
		PeerPK  hexBytes `json:"peer_pk"`
		Shared  hexBytes
	}
}

func loadVectors(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Generic) != 3 || len(v.Integrated) != 1 || len(v.Agreements) != 1 {
		t.Fatalf("vectors are missing: %d, %d, %d", len(v.Generic), len(v.Integrated), len(v.Agreements))
	}
	return v
}

func TestGenericMappingVectors(t *testing.T) {
	for _, v := range loadVectors(t).Generic {
		t.Run(v.Name, func(t *testing.T) {
			c := curve(t, v.ParamID)
			multiple(t, c, c.Generator().Bytes(), v.MapIFDSK, v.MapIFDPK)
			multiple(t, c, c.Generator().Bytes(), v.MapICSK, v.MapICPK)
			multiple(t, c, v.MapICPK, v.MapIFDSK, v.MapH)
			multiple(t, c, v.MapIFDPK, v.MapICSK, v.MapH)
			nonce, err := c.MulBase(v.S)
			if err != nil {
				t.Fatal(err)
			}
			mapped, err := c.Add(nonce, point(t, c, v.MapH))
			if err != nil || !bytes.Equal(mapped.Bytes(), v.MappedG) {
				t.Errorf("mapped generator %X, %v; want %X", mapped.Bytes(), err, v.MappedG)
			}
			agree(t, c, v)
		})
	}
}

func TestIntegratedMappingVectors(t *testing.T) {
	for _, v := range loadVectors(t).Integrated {
		c := curve(t, v.ParamID)
		mapped, err := c.EncodeIntegrated(v.T)
		if err != nil || !bytes.Equal(mapped.Bytes(), v.MappedG) {
			t.Errorf("%s: mapped generator %X, %v; want %X", v.Name, mapped.Bytes(), err, v.MappedG)
		}
		agree(t, c, v)
	}
}

func TestKeyAgreementVectors(t *testing.T) {
	for _, v := range loadVectors(t).Agreements {
		c := curve(t, v.ParamID)
		multiple(t, c, c.Generator().Bytes(), v.SK, v.PK)
		multiple(t, c, c.Generator().Bytes(), v.PeerSK, v.PeerPK)
		for _, side := range [][2][]byte{{v.SK, v.PeerPK}, {v.PeerSK, v.PK}} {
			p, err := c.Mul(point(t, c, side[1]), side[0])
			if err != nil || !bytes.Equal(p.X(), v.Shared) {
				t.Errorf("%s: shared %X, %v; want %X", v.Name, p.X(), err, v.Shared)
			}
		}
	}
}

// agree checks the second half of an example: both keys and the shared secret over the mapped generator.
func agree(t *testing.T, c *Curve, v agreement) {
	t.Helper()
	multiple(t, c, v.MappedG, v.KAIFDSK, v.KAIFDPK)
	multiple(t, c, v.MappedG, v.KAICSK, v.KAICPK)
	for _, side := range [][2][]byte{{v.KAIFDSK, v.KAICPK}, {v.KAICSK, v.KAIFDPK}} {
		p, err := c.Mul(point(t, c, side[1]), side[0])
		if err != nil || !bytes.Equal(p.X(), v.Shared) {
			t.Errorf("shared %X, %v; want %X", p.X(), err, v.Shared)
		}
	}
}

// multiple checks that k times a point is another.
func multiple(t *testing.T, c *Curve, p, k, want []byte) {
	t.Helper()
	q, err := c.Mul(point(t, c, p), k)
	if err != nil || !bytes.Equal(q.Bytes(), want) {
		t.Errorf("multiple %X, %v; want %X", q.Bytes(), err, want)
	}
	if bytes.Equal(p, c.Generator().Bytes()) {
		q, err := c.MulBase(k)
		if err != nil || !bytes.Equal(q.Bytes(), want) {
			t.Errorf("multiple of the generator %X, %v; want %X", q.Bytes(), err, want)
		}
	}
}

func curve(t testing.TB, id int) *Curve {
	t.Helper()
	c, err := ByParameterID(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func point(t testing.TB, c *Curve, b []byte) Point {
	t.Helper()
	p, err := c.ParsePoint(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
