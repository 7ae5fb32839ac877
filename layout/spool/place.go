package spool

import "github.com/cancuoc/cancuoc/layout"

// Pages gives the pages of one card as the printer wants them: one for each face that it prints.
func (p Printer) Pages(faces layout.Faces) []layout.Face {
	front, back := p.Place(faces.Front, faces.Back)
	if p.Sides == FrontOnly {
		return []layout.Face{front}
	}
	return []layout.Face{front, back}
}

// Place puts both faces onto pages of the printer's size: centred, the back turned by 180 degrees where the printer wants
// that, then both moved by the offset.
func (p Printer) Place(front, back layout.Face) (layout.Face, layout.Face) {
	return p.place(front, false), p.place(back, p.RotateBack)
}

func (p Printer) place(face layout.Face, turned bool) layout.Face {
	width, height := face.Width, face.Height
	if p.Width != 0 {
		width, height = p.Width, p.Height
	}
	at := layout.Identity()
	if turned {
		at = layout.Matrix{-1, 0, 0, -1, face.Width, face.Height}
	}
	at = at.Then(layout.Matrix{1, 0, 0, 1, (width-face.Width)/2 + p.OffsetX, (height-face.Height)/2 + p.OffsetY})
	if at == layout.Identity() {
		face.Width, face.Height = width, height
		return face
	}
	return face.Placed(at, width, height)
}
