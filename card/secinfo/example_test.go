package secinfo_test

import (
	"encoding/hex"
	"fmt"

	"github.com/cancuoc/cancuoc/card/secinfo"
)

// A terminal reads EF.CardAccess and chooses how to run PACE. What a curve of 192 bits offers is passed over by name.
func Example() {
	file, err := hex.DecodeString("3137" + "300d060804007f0007020202020101" +
		"3012060a04007f00070202040202020102020108" + "3012060a04007f0007020204020202010202010d")
	if err != nil {
		fmt.Println(err)
		return
	}
	infos, err := secinfo.Parse(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, info := range infos.PACE {
		if info.Supported() != nil {
			fmt.Println("passed over:", info)
		}
	}
	best, ok := secinfo.Strongest(infos.PACE)
	fmt.Println(best, ok)
	// Output:
	// passed over: PACE-ECDH-GM with AES-128 on domain parameters 8
	// PACE-ECDH-GM with AES-128 on brainpoolP256r1 true
}
