package reader

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cancuoc/cancuoc/card/tlv"
)

// Node is one object of a file, or a part of its value, as a developer reads it. Text in it comes from the file and is
// not fit for a terminal as it stands.
type Node struct {
	Name     string `json:"name,omitempty"`  // the standard's, or that of the ASN.1 type; none for an object that is not known
	Tag      string `json:"tag,omitempty"`   // in hexadecimal; none for a file and for a part of a value
	Length   int    `json:"length"`          // of the value in bytes, as it is announced
	Value    string `json:"value,omitempty"` // text, a number, or up to 32 bytes in hexadecimal
	Note     string `json:"note,omitempty"`  // what the value means
	Children []Node `json:"children,omitempty"`
	Error    string `json:"error,omitempty"` // what is wrong here
}

// The bounds of a tree, whatever the file is.
const (
	maxTreeDepth = 64
	maxTreeNodes = 10_000
)

// Tree shows a file of a chip: each object with its tag, length, name and value. The name is the standard's, "EF.DG13";
// an empty one is found from the content. A file that its codec does not take, or that no codec is for, is shown as far
// as its data objects go: the root says what the codec says, and the object at which it breaks has an error of its own.
func Tree(name string, content []byte) Node {
	k := kindOf(name, content)
	root := Node{Name: k.name, Length: len(content)}
	t := &tree{left: maxTreeNodes - 1}
	t.objects(&root, content, k.grammar)
	if k.check == nil {
		return root
	}
	if err := k.check(&root, content); err != nil {
		root.Error = err.Error()
	}
	return root
}

// Broken tells whether an error stands anywhere in the tree.
func (n Node) Broken() bool {
	return n.Error != "" || n.brokenInside()
}

func (n Node) brokenInside() bool { return slices.ContainsFunc(n.Children, Node.Broken) }

// grammar says how the objects of a template or a SEQUENCE are shown. An object is looked for behind the form that the
// one before it took, so that a SEQUENCE may have several of one tag, and else from the beginning.
type grammar []form

// form says how an object is shown.
type form struct {
	tag   uint32
	name  string
	show  show    // else by the kind of its tag
	inner grammar // of a constructed object that is shown by its tag
}

// show fills a node, which has its name, tag and length, from the object's value. A value that is cut is shown too.
type show func(t *tree, n *Node, value []byte)

// find gives the form for a tag behind a position, and the position behind that form.
func (g grammar) find(tag uint32, position int) (form, int) {
	for i := range g {
		at := (position + i) % len(g)
		if g[at].tag == tag {
			return g[at], at + 1
		}
	}
	return form{}, position
}

// tree is a tree that is being made.
type tree struct {
	left  int  // nodes that there is room for
	full  bool // it has been said that there is none
	depth int
	keys  int // public keys that have been looked at
}

// begin takes the room of a node that is to be filled and then put into its parent. Where there is none left, the parent
// says so, the first that finds it out.
func (t *tree) begin(parent *Node) bool {
	if t.left > 0 {
		t.left--
		return true
	}
	if !t.full {
		parent.Error = fmt.Sprintf("reader: more than %d objects: what follows is not shown", maxTreeNodes)
	}
	t.full = true
	return false
}

// add puts a child into a node, while there is room.
func (t *tree) add(parent *Node, child Node) bool {
	if !t.begin(parent) {
		return false
	}
	parent.Children = append(parent.Children, child)
	return true
}

// part adds a part of a value: a field that has no tag of its own.
func (t *tree) part(parent *Node, name, value, note string) {
	if value != "" {
		t.add(parent, Node{Name: name, Value: value, Note: note})
	}
}

// objects adds the data objects in b to a node.
func (t *tree) objects(parent *Node, b []byte, g grammar) {
	if t.depth == maxTreeDepth {
		parent.Value, parent.Note = hexOf(b), fmt.Sprintf("not followed deeper than %d levels", maxTreeDepth)
		return
	}
	t.depth++
	defer func() { t.depth-- }()
	zeros := len(b) - len(bytes.TrimRight(b, "\x00"))
	position := 0
	for len(b) > 0 {
		if len(b) <= zeros {
			t.add(parent, Node{Name: "padding", Length: len(b), Value: hexOf(b)})
			return
		}
		if !t.begin(parent) {
			return
		}
		var n Node
		n, b, position = t.object(b, g, position)
		parent.Children = append(parent.Children, n)
	}
}

// object shows the first data object of b and gives what follows it: nothing, where there is no telling where it ends.
func (t *tree) object(b []byte, g grammar, position int) (n Node, rest []byte, after int) {
	tag, length, header, err := tlv.Header(b)
	if err != nil {
		return Node{Length: len(b), Value: hexOf(b), Error: err.Error()}, nil, position
	}
	f, after := g.find(tag, position)
	n = Node{Name: f.name, Tag: fmt.Sprintf("%02X", tag), Length: length}
	value := b[header:]
	cut := length > len(value)
	if !cut {
		value, rest = value[:length:length], value[length:]
	}
	f.fill(t, &n, tlv.Object{Tag: tag, Value: value})
	if cut {
		n.complain(fmt.Sprintf("reader: it announces %s, %d are left", bytesOf(length), len(value)))
	}
	return n, rest, after
}

// complain says that a node is cut: as its error, or as a note where the error stands further in.
func (n *Node) complain(text string) {
	if n.brokenInside() {
		n.Note = text
	} else {
		n.Error = text
	}
}

func (f form) fill(t *tree, n *Node, o tlv.Object) {
	switch {
	case f.show != nil:
		f.show(t, n, o.Value)
	case o.Constructed():
		if n.Name == "" {
			n.Name = typeName(o.Tag)
		}
		t.objects(n, o.Value, f.inner)
	default:
		showUniversal(n, o)
	}
}

// mostHex is how many bytes of a value are shown.
const mostHex = 32

// hexOf gives bytes in hexadecimal, the first of them where there are many.
func hexOf(b []byte) string { return hexUpTo(mostHex, b) }

func hexUpTo(most int, b []byte) string {
	if len(b) > most {
		return fmt.Sprintf("%X... %d bytes", b[:mostHex], len(b))
	}
	return fmt.Sprintf("%X", b)
}

// bytesOf says how many bytes.
func bytesOf(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}
