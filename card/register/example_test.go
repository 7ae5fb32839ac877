package register_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cancuoc/cancuoc/card/register"
)

// A station is cut off just after it has begun a chip; run again, it finds the order, the chip and the data.
func Example() {
	ctx := context.Background()
	now := time.Date(2024, 7, 1, 8, 0, 0, 0, time.UTC)
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "register.db")
	if err := register.Create(path); err != nil {
		fmt.Println(err)
		return
	}
	r, err := register.Open(ctx, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	o, _, _ := r.Add(ctx, register.Order{Number: "000200000013", Form: "cancuoc-2024", Record: []byte(`{}`)}, now)
	_ = r.Advance(ctx, o.ID, register.Step{From: register.Ordered, To: register.Checked, Actor: "officer", At: now})
	_ = r.Advance(ctx, o.ID, register.Step{From: register.Checked, To: register.Signed, Actor: "desk", At: now, Data: []byte("files and keys")})
	_ = r.Intend(ctx, o.ID, "04A1B2C3", now)
	_ = r.Close() // the power goes

	r, _ = register.Open(ctx, path)
	defer r.Close()
	o, found, _ := r.Next(ctx, register.Filter{}, register.Claim{Owner: "desk/4711", At: now, Until: now.Add(time.Minute)})
	data, _ := r.Production(ctx, o.ID)
	fmt.Printf("%v: order %d is %s, begun on chip %s, %q\n", found, o.ID, o.State, o.ChipID, data)

	err = r.Intend(ctx, o.ID, "04D4E5F6", now)
	fmt.Println(errors.Is(err, register.ErrOtherChip), err)
	// Output:
	// true: order 1 is signed, begun on chip 04A1B2C3, "files and keys"
	// true register: the order was begun on another chip: order 1 belongs to chip 04A1B2C3
}
