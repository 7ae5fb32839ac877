package reader

import (
	"fmt"
	"strings"
)

// dirGrammar is EF.DIR (Doc 9303-10, section 3.11.2; ISO/IEC 7816-4, section 12.2.4).
func dirGrammar() grammar {
	return grammar{{tag: 0x61, name: "application template", inner: grammar{
		{tag: 0x4F, name: "application identifier", show: showAID}, {tag: 0x50, name: "application label", show: showText},
		{tag: 0x51, name: "path"}, {tag: 0x52, name: "command to perform"}, {tag: 0x53, name: "discretionary data"},
		{tag: 0x73, name: "discretionary template"}, {tag: 0x5F50, name: "uniform resource locator", show: showText},
	}}}
}

func showAID(_ *tree, n *Node, value []byte) {
	n.Value = hexOf(value)
	n.Note = map[string]string{
		"A0000002471001": "eMRTD", "A0000002472001": "travel records", "A0000002472002": "visa records", "A0000002472003": "additional biometrics",
	}[n.Value]
}

// atrGrammar is EF.ATR/INFO (Doc 9303-10, section 3.11.1; ISO/IEC 7816-4, section 12.1.1).
func atrGrammar() grammar {
	return grammar{
		{tag: 0x43, name: "card service data"}, {tag: 0x46, name: "pre-issuing data"}, {tag: 0x47, name: "card capabilities", show: showCapabilities},
		{tag: 0x5F51, name: "answer to reset"}, {tag: 0x5F52, name: "historical bytes"},
		{tag: 0x7F66, name: "extended length information", inner: grammar{
			{tag: 0x02, name: "longest command", show: showOctets}, {tag: 0x02, name: "longest response", show: showOctets},
		}},
	}
}

// showOctets shows a number without a sign.
func showOctets(_ *tree, n *Node, value []byte) {
	if v, ok := integerOf(append([]byte{0}, value...)); ok && len(value) > 0 {
		n.Value, n.Note = fmt.Sprint(v), "bytes"
		return
	}
	n.Value = hexOf(value)
}

// showCapabilities shows the third software function table of the card capabilities (Doc 9303-10, section 3.11.1).
func showCapabilities(_ *tree, n *Node, value []byte) {
	n.Value = hexOf(value)
	if len(value) != 3 {
		return
	}
	var can []string
	for _, c := range []struct {
		bit  byte
		name string
	}{{0x80, "command chaining"}, {0x40, "extended length fields"}, {0x20, "extended length information in EF.ATR/INFO"}} {
		if value[2]&c.bit != 0 {
			can = append(can, c.name)
		}
	}
	n.Note = strings.Join(can, ", ")
}
