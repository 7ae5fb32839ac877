package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cancuoc/cancuoc/card/atr"
	"github.com/cancuoc/cancuoc/card/regular"
)

// atrResult is what an answer to reset says, and what it is known as.
type atrResult struct {
	ATR          string   `json:"atr"`
	Broken       string   `json:"atr_error,omitempty"` // why it is none that the standard knows
	Protocols    []string `json:"protocols,omitempty"`
	Contactless  bool     `json:"contactless,omitempty"` // it is of the form that readers make up for contactless cards
	Historical   string   `json:"historical,omitempty"`
	Capabilities []string `json:"capabilities,omitempty"`
	Storage      bool     `json:"memory_card,omitempty"`
	KnownAs      []string `json:"known_as,omitempty"`
}

func newATRResult(answer []byte) *atrResult {
	result := &atrResult{ATR: upperHex(answer)}
	a, err := atr.Parse(answer)
	if err != nil {
		result.Broken = plain(err.Error())
	} else {
		result.describe(a)
	}
	for _, name := range cardLists() {
		for _, known := range namesIn(name, answer) {
			if !slices.Contains(result.KnownAs, known) {
				result.KnownAs = append(result.KnownAs, known)
			}
		}
	}
	return result
}

func (r *atrResult) describe(a atr.ATR) {
	for _, t := range a.Protocols {
		r.Protocols = append(r.Protocols, fmt.Sprintf("T=%d", t))
	}
	r.Contactless, r.Historical = a.Contactless(), upperHex(a.Historical)
	if c, ok := a.Capabilities(); ok {
		for _, can := range []struct {
			it   bool
			name string
		}{{c.Chaining, "command chaining"}, {c.Extended, "extended length fields"}, {c.ExtendedInfo, "EF.ATR/INFO"}} {
			if can.it {
				r.Capabilities = append(r.Capabilities, can.name)
			}
		}
	}
	if name, ok := a.Storage(); ok {
		r.Storage, r.KnownAs = true, append(r.KnownAs, name)
	}
	if a.Simulated() {
		r.KnownAs = append(r.KnownAs, "simulated card of cancuoc")
	}
}

// cardLists gives where pcsc-tools keeps its list of cards.
func cardLists() []string {
	lists := []string{"/usr/share/pcsc/smartcard_list.txt", "/usr/local/pcsc/smartcard_list.txt"}
	if cache, err := os.UserCacheDir(); err == nil {
		lists = append(lists, filepath.Join(cache, "smartcard_list.txt"))
	}
	return lists
}

// namesIn looks an answer to reset up in a list, which may not be there or be broken: it is only a help.
func namesIn(list string, answer []byte) []string {
	f, err := regular.Open(list)
	if err != nil {
		return nil
	}
	defer f.Close()
	const most = 16 << 20
	names, err := atr.Names(io.LimitReader(f, most), answer)
	if err != nil {
		return nil
	}
	return names
}

func (r *atrResult) write(w io.Writer) {
	for _, name := range r.KnownAs {
		fmt.Fprintf(w, "  known as   %s\n", printable(name))
	}
	if r.Broken != "" {
		fmt.Fprintf(w, "  ATR        not as ISO/IEC 7816-3 has it: %s\n", r.Broken)
		return
	}
	how := "contacts"
	if r.Contactless {
		how = "contactless"
	}
	fmt.Fprintf(w, "  speaks     %s, %s\n", how, strings.Join(r.Protocols, " and "))
	if len(r.Capabilities) > 0 {
		fmt.Fprintf(w, "  says       %s\n", strings.Join(r.Capabilities, ", "))
	}
}
