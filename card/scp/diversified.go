package scp

// Diversified gives each chip keys of its own, from a master key and the chip's number.
type Diversified struct {
	Method Diversification
	Master Master
	Size   int // of each key, in bytes
}

// ChipKeys gives the keys of the chip with this number.
func (d Diversified) ChipKeys(number [10]byte) (StaticKeys, error) {
	method := d.Method
	if method == "" {
		method = DiversifyNone
	}
	return Diversify(method, d.Master, number, d.Size)
}

// ChipKeys gives these keys to every chip.
func (k StaticKeys) ChipKeys([10]byte) (StaticKeys, error) { return k, nil }

// CheckLevel says whether a protocol has the security level.
func (p Protocol) CheckLevel(level byte) error {
	if err := p.check(); err != nil || p.knows(level) {
		return err
	}
	return noLevel(p, level)
}
