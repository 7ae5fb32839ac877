package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// insideCUPS marks the process that runs beside a CUPS scheduler of its own.
const insideCUPS = "CANCUOC_TEST_CUPS"

// The desk with a printer: a queue of a real CUPS, whose printer is the story.
func TestStoriesThroughCUPS(t *testing.T) {
	if os.Getenv(insideCUPS) != "" {
		params := storyParams(t, "testdata/cups")
		plain := params.Setup
		params.Setup = func(env *testscript.Env) error {
			env.Setenv("CUPS_SERVER", os.Getenv("CUPS_SERVER"))
			env.Setenv("CUPS_PID", os.Getenv("CUPS_PID"))
			return plain(env)
		}
		testscript.Run(t, params)
		return
	}
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	needs(t, "cupsd", "lp", "lpadmin", "unshare", "ip", "qpdf")
	if err := exec.Command("unshare", "-m", "-n", "true").Run(); err != nil {
		missing(t, "this machine allows no namespaces: no CUPS of our own")
	}
	cmd := exec.Command(absolute(t, "../../.ci/with-cupsd"), os.Args[0], "-test.run=^TestStoriesThroughCUPS$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), insideCUPS+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: TestStoriesThroughCUPS/print") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// cardPrinter is the printer at the other end of a queue: it takes one job at a time on the port for raw printing.
type cardPrinter struct {
	port net.Listener
	got  chan []byte
	file string
}

type cardPrinterKey struct{}

// storyPlug switches the card printer on; the next job is for a file: plug FILE.
func storyPlug(ts *testscript.TestScript, _ bool, args []string) {
	port, err := net.Listen("tcp", "127.0.0.1:9100")
	ts.Check(err)
	p := ts.Value(cardPrinterKey{}).(*cardPrinter)
	*p = cardPrinter{port, make(chan []byte, 1), ts.MkAbs(args[0])}
	ts.Defer(func() { port.Close() })
	go func() {
		conn, err := port.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		all, _ := io.ReadAll(conn)
		p.got <- all
	}()
}

// storyUnplug waits for the job and switches the card printer off.
func storyUnplug(ts *testscript.TestScript, _ bool, _ []string) {
	p := ts.Value(cardPrinterKey{}).(*cardPrinter)
	defer p.port.Close()
	select {
	case all := <-p.got:
		ts.Check(os.WriteFile(p.file, all, 0o600))
	case <-time.After(30 * time.Second):
		ts.Fatalf("the card printer got no job")
	}
}
