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
	// maxSize bounds what a file may say that it holds: more than any chip does.
	maxSize = 1 << 20
	// overheadOdd is what DO'53' adds to what a READ BINARY with odd INS reads.
	overheadOdd = 1 + 3
)

// readFile selects a file and reads it whole (Doc 9303-10, section 3.6.2 and 3.6.3). How long it is stands in its
// first bytes; a card that gives more, less or nothing is an error within maxReads commands.
func readFile(send apdu.Sender, file lds.File, chunk int) ([]byte, error) {
	resp, err := send.Send(apdu.SelectFile(file.FID))
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
		left := size - len(content)
		if len(content) > maxOffset {
			left += overheadOdd
		}
		part, err := readBinary(send, len(content), min(chunk, left))
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
	if header+length > maxSize {
		return 0, fmt.Errorf("the file says that it holds %d bytes, more than a chip does", header+length)
	}
	return header + length, nil
}

// readBinary reads up to n bytes from an offset, at least one. From 32 KiB on the offset goes into a data object, and
// what is read comes out of one (ISO/IEC 7816-4, section 11.3.3; Doc 9303-10, section 3.6.3.2).
func readBinary(send apdu.Sender, offset, n int) ([]byte, error) {
	cmd := apdu.Command{INS: 0xB0, P1: byte(offset >> 8), P2: byte(offset), Ne: n}
	if offset > maxOffset {
		cmd = apdu.Command{INS: 0xB1, Data: tlv.Encode(0x54, []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)}), Ne: n}
	}
	resp, err := sendCorrected(send, cmd)
	if err != nil {
		return nil, err
	}
	data := resp.Data
	if len(data) > n {
		return nil, fmt.Errorf("the card answers with %d bytes where %d were asked for", len(data), n)
	}
	if offset > maxOffset {
		if data, err = tlv.ParseOne(data, 0x53); err != nil {
			return nil, fmt.Errorf("the card's answer from offset %d on: %w", offset, err)
		}
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("the card answers READ BINARY at offset %d with nothing", offset)
	}
	return data, nil
}

// sendCorrected sends a READ BINARY, and once more with the Ne that the card wants: in a session the way to the card
// cannot correct it.
func sendCorrected(send apdu.Sender, cmd apdu.Command) (apdu.Response, error) {
	resp, err := send.Send(cmd)
	if err == nil && resp.SW>>8 == 0x6C && len(resp.Data) == 0 && int(byte(resp.SW)) < cmd.Ne {
		cmd.Ne = int(byte(resp.SW))
		resp, err = send.Send(cmd)
	}
	if err == nil && resp.SW != apdu.SWOK && resp.SW != apdu.SWEndOfFile {
		return apdu.Response{}, resp.SW
	}
	return resp, err
}
