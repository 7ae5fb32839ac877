package pcsc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestChoose(t *testing.T) {
	empty := Reader{Name: "Contact Reader 00 00"}
	full := Reader{Name: "Virtual PCD 00 00", Card: true}
	other := Reader{Name: "Virtual PCD 00 01", Card: true}
	for _, c := range []struct {
		readers []Reader
		name    string
		want    string
		err     error
		says    string
	}{
		{[]Reader{empty, full}, "", full.Name, nil, ""},
		{[]Reader{empty, full}, "virtual", full.Name, nil, ""},
		{[]Reader{full, other}, "Virtual PCD 00 01", other.Name, nil, ""},
		{[]Reader{full, other}, "00 01", other.Name, nil, ""},
		{nil, "", "", ErrNoReader, "plug one in"},
		{nil, "x", "", ErrNoReader, ""},
		{[]Reader{empty}, "", "", ErrNoCard, "insert one"},
		{[]Reader{empty}, "contact", "", ErrNoCard, empty.Name},
		{[]Reader{full, other}, "", "", ErrManyCards, other.Name},
		{[]Reader{full, other}, "Virtual", "", ErrManyCards, full.Name},
		{[]Reader{full, {Name: "Virtual PCD 00 01"}}, "Virtual", full.Name, nil, ""},
		{[]Reader{empty}, "nothing like it", "", nil, empty.Name},
	} {
		got, err := choose(c.readers, c.name)
		if got.Name != c.want || (err == nil) != (c.want != "") || c.err != nil && !errors.Is(err, c.err) {
			t.Errorf("choose(%v, %q) = %q, %v; want %q, %v", c.readers, c.name, got.Name, err, c.want, c.err)
		}
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("choose(%v, %q): %q does not say %q", c.readers, c.name, err, c.says)
		}
	}
}

func TestAwaitDoesNotHangOnADriver(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	hang := make(chan struct{})
	defer close(hang)
	_, err := await(ctx, func() (int, error) {
		<-hang
		return 0, nil
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a driver that hangs: %v", err)
	}
	if _, err := await(ctx, func() (int, error) { return 1, nil }); err == nil {
		t.Error("a command was sent after the end of the context")
	}
}

// Listing readers works wherever pcscd runs; where it does not, the error says how to start it.
func ExampleReaders() {
	readers, err := Readers(context.Background())
	switch {
	case errors.Is(err, ErrNoService), errors.Is(err, ErrUnavailable):
	case err == nil:
		for _, r := range readers {
			_ = r.Name
		}
	default:
		fmt.Println(err)
	}
	// Output:
}
