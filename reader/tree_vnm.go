package reader

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"github.com/cancuoc/cancuoc/card/tlv"
	"github.com/cancuoc/cancuoc/card/vnm"
)

// dg13Grammar is EF.DG13, which Doc 9303-10 leaves to the country: the Vietnamese data (see [vnm.DG13]).
func dg13Grammar() grammar {
	return grammar{{tag: 0x6D, name: "optional details: Viet Nam", inner: grammar{{tag: 0x30, inner: grammar{
		{tag: 0x02, name: "version"}, {tag: 0x06, name: "text"},
		{tag: 0x31, name: "fields", inner: grammar{{tag: 0x30, name: "field", show: showField}}},
	}}}}}
}

// showField shows a field of DG13 in one line: number, name, texts and the ASN.1 types that these have.
func showField(t *tree, n *Node, value []byte) {
	in := cryptobyte.String(value)
	var number int
	if !in.ReadASN1Integer(&number) {
		t.objects(n, value, nil)
		return
	}
	n.Name = fmt.Sprintf("field %d", number)
	if name := vnm.FieldName(number); name != "" {
		n.Name += ", " + name
	}
	var texts, types []string
	if !textsOf(in, 0, &texts, &types) {
		t.objects(n, value, nil)
		return
	}
	n.Value, n.Note = cutText(strings.Join(texts, " | ")), strings.Join(types, ", ")
}

// textsOf gives the texts in a value from left to right, out of the SEQUENCEs that they stand in, and what they are. It
// is false for anything else.
func textsOf(b []byte, depth int, texts, types *[]string) bool {
	objects, err := tlv.Parse(b)
	if err != nil || depth > 3 || len(objects) > 4 {
		return false
	}
	for _, o := range objects {
		if o.Tag == 0x30 {
			var inner []string
			if !textsOf(o.Value, depth+1, texts, &inner) {
				return false
			}
			*types = append(*types, fmt.Sprintf("SEQUENCE {%s}", strings.Join(inner, ", ")))
			continue
		}
		var leaf Node
		if showUniversal(&leaf, o); !strings.HasSuffix(leaf.Name, "String") || leaf.Error != "" {
			return false
		}
		*texts, *types = append(*texts, leaf.Value), append(*types, leaf.Name)
	}
	return true
}

func checkDG13(root *Node, file []byte) error {
	_, err := vnm.ParseDG13(file)
	var at *vnm.FieldError
	if errors.As(err, &at) {
		mark(root, at.Err, func(c Node) bool {
			name, _, _ := strings.Cut(c.Name, ",")
			return name == fmt.Sprintf("field %d", at.Field)
		})
	}
	return err
}
