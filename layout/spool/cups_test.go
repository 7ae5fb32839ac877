package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// insideCUPS marks the process that runs beside a CUPS scheduler of its own.
const insideCUPS = "CANCUOC_TEST_CUPS"

// needsCUPS skips the test where there can be no CUPS of our own, and fails it in CI.
func needsCUPS(t *testing.T) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	reason := ""
	for _, program := range []string{"cupsd", "lp", "lpadmin", "unshare", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			reason = program + " is not installed: .ci/packages installs it"
		}
	}
	if reason == "" && exec.Command("unshare", "-m", "-n", "true").Run() != nil {
		reason = "this machine allows no namespaces: no CUPS of our own"
	}
	if reason != "" && os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	if reason != "" {
		t.Skip(reason)
	}
}

// A queue of a real CUPS, from the first job to the server's end.
func TestCUPS(t *testing.T) {
	if os.Getenv(insideCUPS) != "" {
		withCUPS(t)
		return
	}
	needsCUPS(t)
	script, err := filepath.Abs("../../.ci/with-cupsd")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(script, os.Args[0], "-test.run=^TestCUPS$", "-test.v", "-test.timeout=5m")
	// A clerk's language must not hide from us what lp and lpstat say.
	cmd.Env = append(os.Environ(), insideCUPS+"=1", "LANG=de_DE.UTF-8", "LANGUAGE=de")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestCUPS ")) {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func withCUPS(t *testing.T) {
	admin(t, "lpadmin", "-p", "CARD", "-E", "-v", "socket://127.0.0.1:9100", "-m", "raw")
	card := Printer{Queue: "CARD"}
	t.Run("the printer gets the file", func(t *testing.T) { testBytes(t, card) })
	t.Run("the printer does not answer", func(t *testing.T) { testWaiting(t, card) })
	t.Run("no such queue", func(t *testing.T) { testUnknown(t) })
	t.Run("the queue is stopped", func(t *testing.T) { testStopped(t, card) })
	t.Run("the queue takes no jobs", func(t *testing.T) { testRejecting(t, card) })
	t.Run("no such file", func(t *testing.T) { testNoFile(t, card) })
	t.Run("the server named by its socket", func(t *testing.T) { testServer(t) })
	t.Run("the server dies under lp", func(t *testing.T) { testServerDies(t) })
	t.Run("no server", func(t *testing.T) { testNoServer(t, card) })
}

func admin(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// cardFile is a file as large as that of a card's faces. What is in it matters to no raw queue.
func cardFile(t *testing.T) (path string, content []byte) {
	t.Helper()
	content = append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte{0, 0xff, '\r', '\n', 4}, 14000)...)
	path = filepath.Join(t.TempDir(), "order-000012.pdf")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, content
}

// cardPrinter plays a printer on the port for raw printing: it answers what one connection brings.
func cardPrinter(t *testing.T) func() []byte {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:9100")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan []byte, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		all, _ := io.ReadAll(conn)
		got <- all
	}()
	return func() []byte {
		select {
		case all := <-got:
			return all
		case <-time.After(30 * time.Second):
			t.Fatal("the card printer got nothing")
			return nil
		}
	}
}

// becomes waits until a job is so far.
func becomes(t *testing.T, p Printer, job Job, want Progress) JobState {
	t.Helper()
	var s JobState
	for range 200 {
		var err error
		if s, err = p.State(t.Context(), job); err != nil {
			t.Fatal(err)
		}
		if s.Progress == want {
			return s
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s is %+v, not %s", job, s, want)
	return s
}

func submit(t *testing.T, p Printer, path string) Job {
	t.Helper()
	if err := p.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	job, err := p.Submit(t.Context(), path, "cancuoc order 12")
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func testBytes(t *testing.T, card Printer) {
	got := cardPrinter(t)
	path, content := cardFile(t)
	all := card
	all.Width, all.Height, all.Sides, all.Options = 85.6, 53.98, ShortEdge, []string{"Ribbon=YMCKO"}
	job := submit(t, all, path)
	if job != "CARD-1" {
		t.Errorf("job %q", job)
	}
	if printed := got(); !bytes.Equal(printed, content) {
		t.Errorf("the printer got %d bytes, not the file's %d", len(printed), len(content))
	}
	becomes(t, card, job, Gone)
	if s, err := card.State(t.Context(), "CARD-999"); err != nil || s.Progress != Unknown {
		t.Errorf("a job that never was: %+v, %v", s, err)
	}
}

// A job waits as long as its printer is off, and is cancelled like one that was printed.
func testWaiting(t *testing.T, card Printer) {
	path, _ := cardFile(t)
	job := submit(t, card, path)
	for range 200 {
		if becomes(t, card, job, Waiting).Message != "" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if s := becomes(t, card, job, Waiting); !strings.Contains(s.Message, "unavailable") {
		t.Errorf("the printer is off, and says %q", s.Message)
	}
	if err := card.Ready(t.Context()); err != nil {
		t.Errorf("a queue that waits for its printer takes jobs: %v", err)
	}
	admin(t, "cancel", string(job))
	becomes(t, card, job, Gone)
}

func testUnknown(t *testing.T) {
	nowhere := Printer{Queue: "NOWHERE"}
	path, _ := cardFile(t)
	if err := nowhere.Ready(t.Context()); !errors.Is(err, ErrNoQueue) || !strings.Contains(err.Error(), "NOWHERE") {
		t.Errorf("Ready: %v", err)
	}
	if _, err := nowhere.Submit(t.Context(), path, "title"); !errors.Is(err, ErrNoQueue) {
		t.Errorf("Submit: %v", err)
	}
	if _, err := nowhere.State(t.Context(), "NOWHERE-1"); !errors.Is(err, ErrNoQueue) {
		t.Errorf("State: %v", err)
	}
}

// A queue that is stopped takes jobs all the same, and keeps them: whoever submits looks first.
func testStopped(t *testing.T, card Printer) {
	admin(t, "cupsdisable", "-r", "out of ribbon", "CARD")
	defer admin(t, "cupsenable", "CARD")
	for range 40 { // the scheduler sets the reason a little later
		if err := card.Ready(t.Context()); !errors.Is(err, ErrStopped) {
			t.Fatalf("Ready: %v", err)
		} else if strings.Contains(err.Error(), "out of ribbon") && strings.Contains(err.Error(), "cupsenable CARD") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	path, _ := cardFile(t)
	job, err := card.Submit(t.Context(), path, "title")
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, card, job, Waiting)
	admin(t, "cancel", string(job))
}

func testRejecting(t *testing.T, card Printer) {
	admin(t, "cupsreject", "-r", "no blank cards", "CARD")
	defer admin(t, "cupsaccept", "CARD")
	err := card.Ready(t.Context())
	if !errors.Is(err, ErrRejecting) || !strings.Contains(err.Error(), "no blank cards") || !strings.Contains(err.Error(), "cupsaccept CARD") {
		t.Errorf("Ready: %v", err)
	}
	path, _ := cardFile(t)
	if _, err := card.Submit(t.Context(), path, "title"); !errors.Is(err, ErrRejecting) {
		t.Errorf("Submit: %v", err)
	}
}

func testNoFile(t *testing.T, card Printer) {
	_, err := card.Submit(t.Context(), filepath.Join(t.TempDir(), "order-000012.pdf"), "title")
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "unable to access") {
		t.Errorf("Submit: %v", err)
	}
}

func testServer(t *testing.T) {
	socket := os.Getenv("CUPS_SERVER")
	t.Setenv("CUPS_SERVER", "localhost:6311")
	if err := (Printer{Queue: "CARD"}).Ready(t.Context()); !errors.Is(err, ErrNoServer) {
		t.Errorf("nobody listens there: %v", err)
	}
	got := cardPrinter(t)
	path, content := cardFile(t)
	submit(t, Printer{Queue: "CARD", Server: socket}, path)
	if !bytes.Equal(got(), content) {
		t.Error("the printer got something else")
	}
}

// The server is stopped while lp sends a file that does not end: nobody can say whether the job is there.
func testServerDies(t *testing.T) {
	pid, err := strconv.Atoi(os.Getenv("CUPS_PID"))
	if err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(t.TempDir(), "endless")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		pipe, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer pipe.Close()
		pipe.Write(make([]byte, 1<<20))
		time.Sleep(300 * time.Millisecond)
		syscall.Kill(pid, syscall.SIGKILL)
		for range 100 {
			if _, err := pipe.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}()
	if _, err := (Printer{Queue: "CARD"}).Submit(t.Context(), fifo, "title"); !errors.Is(err, ErrUncertain) {
		t.Errorf("Submit: %v", err)
	}
}

func testNoServer(t *testing.T, card Printer) {
	path, _ := cardFile(t)
	if err := card.Ready(t.Context()); !errors.Is(err, ErrNoServer) || !strings.Contains(err.Error(), "systemctl start cups") {
		t.Errorf("Ready: %v", err)
	}
	if _, err := card.Submit(t.Context(), path, "title"); !errors.Is(err, ErrNoServer) {
		t.Errorf("Submit: %v", err)
	}
	if _, err := card.State(t.Context(), "CARD-1"); !errors.Is(err, ErrNoServer) {
		t.Errorf("State: %v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := card.Submit(ended, path, "title"); !errors.Is(err, context.Canceled) {
		t.Errorf("begun after the end: %v", err)
	}
}
