package reader

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/apdu"
	"github.com/cancuoc/cancuoc/card/lds"
	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	// maxOffset is the last offset that READ BINARY with even INS can name (ISO/IEC 7816-4, section 11.3.3).
	maxOffset = 0x7FFF
	// maxReads bounds the commands that one file may cost, for cards that answer with less than they were asked for.
	maxReads = 2048
)

// readFile selects a file and reads it whole (Doc 9303-10, section 3.6.2 and 3.6.3). How long it is stands in its
// first bytes; a card that gives more, less or nothing is an error within maxReads commands.
func readFile(send apdu.Sender, file lds.File, chunk int) ([]byte, error) {
	resp, err := send.Send(selectFile(file.FID))
	if err != nil {
		return nil, err
	}
	if err := resp.OK(); err != nil {
		return nil, err
	}
	content, err := readBinary(send, 0, chunk)
	if err != nil {
		return nil, err
	}
	size, err := fileSize(content, file.Tag)
	if err != nil {
		return nil, err
	}
	for reads := 1; len(content) < size; reads++ {
		if reads == maxReads {
			return nil, fmt.Errorf("the card gave %d of %d bytes in %d answers", len(content), size, reads)
		}
		part, err := readBinary(send, len(content), min(chunk, size-len(content)))
		if err != nil {
			return nil, err
		}
		content = append(content, part...)
	}
	return content[:size:size], nil
}

func fileSize(start []byte, tag byte) (int, error) {
	found, length, header, err := tlv.Header(start)
	if err != nil {
		return 0, err
	}
	if found != uint32(tag) {
		return 0, fmt.Errorf("the file begins with tag %X, not %X", found, tag)
	}
	return header + length, nil
}

// readBinary reads up to n bytes from an offset, at least one.
func readBinary(send apdu.Sender, offset, n int) ([]byte, error) {
	if offset > maxOffset {
		return nil, fmt.Errorf("the file is longer than READ BINARY reaches (offset %d)", offset)
	}
	cmd := apdu.Command{INS: 0xB0, P1: byte(offset >> 8), P2: byte(offset), Ne: n}
	resp, err := send.Send(cmd)
	if err == nil && resp.SW>>8 == 0x6C && len(resp.Data) == 0 && int(byte(resp.SW)) < n {
		cmd.Ne = int(byte(resp.SW)) // in a session the way to the card cannot correct it
		resp, err = send.Send(cmd)
	}
	if err != nil {
		return nil, err
	}
	if resp.SW != apdu.SWOK && resp.SW != apdu.SWEndOfFile {
		return nil, resp.SW
	}
	if len(resp.Data) == 0 {
		return nil, fmt.Errorf("the card answers READ BINARY at offset %d with nothing", offset)
	}
	if len(resp.Data) > n {
		return nil, fmt.Errorf("the card answers with %d bytes where %d were asked for", len(resp.Data), n)
	}
	return resp.Data, nil
}
