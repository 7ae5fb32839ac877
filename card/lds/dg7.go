package lds

import (
	"fmt"

	"github.com/cancuoc/cancuoc/card/tlv"
)

const (
	tagSignature  = 0x5F43
	maxSignatures = 9 // Doc 9303-10, table 64
)

// EncodeDG7 gives EF.DG7: the holder's signature or usual mark as one to nine images in JPEG or JPEG 2000, as they are
// displayed (Doc 9303-10, section 4.7.7). An issuer looks at each with [ImageSize] before.
func EncodeDG7(images [][]byte) ([]byte, error) {
	if len(images) < 1 || len(images) > maxSignatures {
		return nil, fmt.Errorf("lds: EF.DG7: %d signatures are not 1 to %d", len(images), maxSignatures)
	}
	value := []byte{0x02, 0x01, byte(len(images))}
	for i, image := range images {
		if len(image) == 0 || len(image) > maxBiometric {
			return nil, fmt.Errorf("lds: EF.DG7: signature %d has %d bytes", i+1, len(image))
		}
		value = append(value, tlv.Encode(tagSignature, image)...)
	}
	return tlv.Encode(0x67, value), nil
}

// ParseDG7 reads EF.DG7. Images are slices of file, and are not decoded.
func ParseDG7(file []byte) ([][]byte, error) {
	images, err := parseDG7(file)
	if err != nil {
		return nil, fmt.Errorf("lds: EF.DG7: %w", err)
	}
	return images, nil
}

func parseDG7(file []byte) ([][]byte, error) {
	value, err := tlv.ParseOne(file, 0x67)
	if err != nil {
		return nil, err
	}
	count, rest, err := take(value, 0x02)
	if err != nil {
		return nil, err
	}
	if len(count) != 1 || count[0] < 1 || count[0] > maxSignatures {
		return nil, fmt.Errorf("the number of signatures is not 1 to %d", maxSignatures)
	}
	var images [][]byte
	for range count[0] {
		var image []byte
		if image, rest, err = take(rest, tagSignature); err != nil {
			return nil, err
		}
		if len(image) == 0 {
			return nil, fmt.Errorf("a signature is empty")
		}
		images = append(images, image)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last signature", len(rest))
	}
	return images, nil
}
