package scan

import (
	"bytes"
	"fmt"
	"strings"
)

// strangersBack gives a PDF of the back of a card that has nothing but a zone, in a font whose characters are 723 of
// 1000 parts of an em wide.
func strangersBack(font []byte, zone []string) []byte {
	const mm = 72 / 25.4
	var content strings.Builder
	for i, line := range zone {
		fmt.Fprintf(&content, "BT /F %f Tf %f %f Td (%s) Tj ET\n", 2.54/0.723*mm,
			5.0*mm, ([]float64{15.68, 11.45, 7.22}[i]-2.46/2)*mm, line)
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.6\n")
	var at []int
	for _, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 %f %f]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
			cardWidth*mm, cardHeight*mm),
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", content.Len(), content.String()),
		"<</Type/Font/Subtype/Type1/BaseFont/OCRB/FirstChar 32/LastChar 126/Widths[" + strings.Repeat("723 ", 95) +
			"]/FontDescriptor 6 0 R/Encoding/WinAnsiEncoding>>",
		"<</Type/FontDescriptor/FontName/OCRB/Flags 32/FontBBox[0 -300 800 1000]/ItalicAngle 0/Ascent 800" +
			"/Descent -200/CapHeight 700/StemV 100/FontFile3 7 0 R>>",
		fmt.Sprintf("<</Subtype/OpenType/Length %d>>stream\n%s\nendstream", len(font), font),
	} {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(at), o)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return out.Bytes()
}
