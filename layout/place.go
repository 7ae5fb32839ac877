package layout

// Placed gives the face on a page of another size, in mm, with every mark where the matrix takes it, the overprint too.
func (f Face) Placed(at Matrix, width, height float64) Face {
	page := f
	page.Width, page.Height, page.Marks, page.overprint = width, height, nil, nil
	for _, m := range f.Marks {
		page.Marks = append(page.Marks, placed(m, at))
	}
	switch {
	case f.production:
	case f.overprint != nil:
		page.overprint = placed(f.overprint, at)
	default:
		page.overprint = placed(overprintAcross(f), at)
	}
	return page
}

// placed keeps a mark's tag, so that a painter of one ink still finds its marks, and a group's drawing, so that faces
// still share it.
func placed(m Mark, at Matrix) Mark {
	if g, is := m.(Group); is {
		g.At = g.At.Then(at)
		return g
	}
	return Group{Tag: m.Of(), At: at, Drawing: &Drawing{Marks: []Mark{m}}}
}
