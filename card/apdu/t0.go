package apdu

import "fmt"

// T0 is a wire on which APDUs travel as the command TPDUs of protocol T=0 (ISO/IEC 7816-3, section 12.2): header, one
// byte P3, and data or none. A response that a command with data asks for is fetched by GET RESPONSE, which is Conn's
// work.
type T0 struct {
	Wire Transmitter
}

// Transmit sends the command as a TPDU.
func (t T0) Transmit(command []byte) ([]byte, error) {
	tpdu, err := TPDU(command)
	if err != nil {
		return nil, err
	}
	return t.Wire.Transmit(tpdu)
}

// Limits are those of T=0: one byte for each length.
func (T0) Limits() Limits { return ShortLimits() }

// TPDU gives the command TPDU of T=0 for a command APDU. A command without data and Ne gets P3 00; one with both goes
// without its Le. Extended length fields go where one byte says as much; more than 256 expected bytes come in pieces. More
// than 255 bytes of data do not go: [ErrLong].
func TPDU(command []byte) ([]byte, error) {
	c, err := ParseCommand(command)
	if err != nil {
		return nil, err
	}
	if len(c.Data) > MaxShortData {
		return nil, fmt.Errorf("%w: protocol T=0 takes %d bytes of data, here are %d", ErrLong, MaxShortData, len(c.Data))
	}
	tpdu := []byte{c.CLA, c.INS, c.P1, c.P2}
	if len(c.Data) > 0 {
		return append(append(tpdu, byte(len(c.Data))), c.Data...), nil
	}
	return append(tpdu, byte(min(c.Ne, MaxShortNe))), nil // 256 is coded as 00, and so is nothing
}
