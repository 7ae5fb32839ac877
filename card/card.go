// Package card is what both sides of a chip identity card must agree on: the citizen's record, the document made
// from it, and the data that goes onto the chip.
package card
