//go:build cgo

package pcsc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ebfe/scard"
)

// Everything that PC/SC reports before or at work, in our words: each kind of failure has its own.
func TestExplain(t *testing.T) {
	for code, want := range map[scard.Error][2]error{
		scard.ErrNoService:          {ErrNoService, ErrStopped},
		scard.ErrServiceStopped:     {ErrNoService, ErrStopped},
		scard.ErrNoReadersAvailable: {ErrNoReader, ErrReaderGone},
		scard.ErrUnknownReader:      {ErrNoReader, ErrReaderGone},
		scard.ErrReaderUnavailable:  {ErrNoReader, ErrReaderGone},
		scard.ErrNoSmartcard:        {ErrNoCard, ErrRemoved},
		scard.ErrRemovedCard:        {ErrNoCard, ErrRemoved},
		scard.ErrResetCard:          {ErrRemoved, ErrRemoved},
		scard.ErrUnresponsiveCard:   {ErrMute, ErrMute},
		scard.ErrUnpoweredCard:      {ErrUnpowered, ErrRemoved},
		scard.ErrProtoMismatch:      {ErrProtocol, ErrProtocol},
		scard.ErrUnsupportedCard:    {ErrProtocol, ErrProtocol},
		scard.ErrSharingViolation:   {ErrInUse, ErrInUse},
		scard.ErrSecurityViolation:  {ErrDenied, ErrDenied},
		scard.ErrNoMemory:           {ErrBusy, ErrBusy},
		scard.ErrServerTooBusy:      {ErrBusy, ErrBusy},
		scard.ErrCommError:          {ErrComm, ErrComm},
		scard.ErrNotTransacted:      {ErrComm, ErrComm},
	} {
		if got := explain(code); got != want[0] {
			t.Errorf("%v: %v, want %v", code, got, want[0])
		}
		if got := explainAtWork(code); got != want[1] {
			t.Errorf("%v at work: %v, want %v", code, got, want[1])
		}
		if Vietnamese(want[0]) == "" || Vietnamese(want[1]) == "" {
			t.Errorf("%v has no Vietnamese", code)
		}
	}
	if explainAtWork(scard.ErrInvalidHandle) != ErrStopped || explainService(scard.ErrCommError) != ErrNoService {
		t.Error("a service that was restarted is not seen")
	}
	if explain(nil) != nil || explainAtWork(nil) != nil {
		t.Error("no error became one")
	}
	if err := explain(scard.ErrInvalidParameter); err == nil || Vietnamese(err) != "" || !errors.Is(err, scard.ErrInvalidParameter) {
		t.Errorf("what nobody knows: %v", err)
	}
	if explain(errors.New("else")) == nil {
		t.Error("an error of another kind was lost")
	}
}

// speakTo names, for a process of this test, the socket that stands in pcscd's place. libpcsclite reads it once.
const speakTo = "CANCUOC_TEST_SOCKET"

// What libpcsclite makes of a peer on pcscd's socket: one that is not there, one that is dead, one that hangs up at once as
// pcscd does to those whom polkit does not allow, one that never answers.
func TestServicesThatDoNotServe(t *testing.T) {
	if want := os.Getenv(speakTo); want != "" {
		_, err := Readers(t.Context())
		if err == nil {
			t.Fatal("it serves")
		}
		t.Logf("says: %v", err)
		return
	}
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  error
	}{
		"absent":      {nil, ErrNoService},
		"hangs up":    {func(c net.Conn) { c.Close() }, ErrDenied},
		"silent":      {func(c net.Conn) { io.Copy(io.Discard, c) }, ErrSilent},
		"talks trash": {func(c net.Conn) { c.Write(bytes.Repeat([]byte{0xFF}, 4096)); c.Close() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "pcscd.comm")
			if c.serve != nil {
				listener, err := net.Listen("unix", path)
				if err != nil {
					t.Fatal(err)
				}
				defer listener.Close()
				go func() {
					for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
						go c.serve(conn)
					}
				}()
			}
			ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
			defer stop()
			cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestServicesThatDoNotServe$", "-test.v")
			cmd.Env = append(os.Environ(), "PCSCLITE_CSOCK_NAME="+path, speakTo+"=1")
			out, err := cmd.CombinedOutput()
			if err != nil || c.want != nil && !bytes.Contains(out, []byte("says: "+c.want.Error())) {
				t.Errorf("%v\n%s\nwant %v", err, out, c.want)
			}
		})
	}
}
