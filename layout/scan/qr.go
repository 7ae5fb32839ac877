package scan

import (
	"fmt"
	"image"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// mostCorners is how many shapes may look like the corner of a QR code. A face has three and a few by chance; the decoder
// tries them by threes, and a picture that is full of them would keep it for days.
const mostCorners = 500

// crowded is what the decoder is stopped with when there are more.
type crowded struct{}

// QR reads the QR code in a picture (ISO/IEC 18004) whose text is UTF-8, said by an ECI or not. It gives [ErrNoQR] when
// there is none, or too little of it, and another error for a picture that is too large and for a code whose text is
// not UTF-8 or goes on in another code.
func QR(img image.Image) (text string, err error) {
	if err := check(img); err != nil {
		return "", err
	}
	defer func() {
		switch recover().(type) {
		case nil:
		case crowded:
			text, err = "", fmt.Errorf("%w: more than %d shapes look like a corner of one", ErrNoQR, mostCorners)
		default:
			text, err = "", fmt.Errorf("%w: the decoder gave up", ErrNoQR)
		}
	}()
	corners := 0
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", ErrNoQR
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER:    true,
		gozxing.DecodeHintType_CHARACTER_SET: "UTF-8",
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if corners++; corners > mostCorners {
				panic(crowded{})
			}
		}),
	})
	if err != nil {
		return "", ErrNoQR
	}
	if _, part := found.GetResultMetadata()[gozxing.ResultMetadataType_STRUCTURED_APPEND_SEQUENCE]; part {
		return "", fmt.Errorf("scan: the text of the QR code goes on in another one")
	}
	if strings.ContainsRune(found.GetText(), '\uFFFD') { // what the decoder puts for a byte that is not UTF-8
		return "", fmt.Errorf("scan: the text of the QR code is not UTF-8")
	}
	return found.GetText(), nil
}
