package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cancuoc": main})
}

func storyParams(t *testing.T, folder string) testscript.Params {
	return testscript.Params{
		Dir: folder,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SPECIMENS", absolute(t, "../../card/specimen/files"))
			env.Setenv("TEMPLATES", absolute(t, "../../layout/template"))
			env.Setenv("CANCUOC_STATION", "station")
			env.Setenv("GORACE", noLinger)
			env.Values[cardPrinterKey{}] = &cardPrinter{}
			return nil
		},
		Condition: func(name string) (bool, error) {
			return name == "root" && os.Geteuid() == 0, nil
		},
		Cmds: storyCommands(),
	}
}

// noLinger lets a process that was built with the race detector end at once, not a second later.
const noLinger = "atexit_sleep_ms=0"

func absolute(t testing.TB, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// The stories of the whole desk, with simulated cards in process.
func TestStories(t *testing.T) {
	needs(t, "openssl", "zbarimg", "pdftoppm", "pdftotext", "qpdf")
	testscript.Run(t, storyParams(t, "testdata/script"))
}

// insideNamespace marks the process that runs beside a pcscd of its own.
const insideNamespace = "CANCUOC_TEST_PCSCD"

// The same desk through pcscd and its virtual reader.
func TestStoriesThroughPCSC(t *testing.T) {
	if os.Getenv(insideNamespace) != "" {
		testscript.Run(t, storyParams(t, "testdata/pcsc"))
		return
	}
	needs(t, "pcscd", "unshare", "opensc-tool", "cardpeek")
	if err := exec.Command("unshare", "-m", "-n", "true").Run(); err != nil {
		missing(t, "this machine allows no namespaces: no pcscd of our own")
	}
	stories, err := filepath.Glob("testdata/pcsc/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no stories", err)
	}
	for _, path := range stories {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		t.Run(name, func(t *testing.T) { beside(t, name) })
	}
}

// beside runs one story in a namespace with a pcscd of its own, so that stories do not see each other's cards.
func beside(t *testing.T, story string) {
	besideRun(t, "^TestStoriesThroughPCSC$/^"+story+"$", "TestStoriesThroughPCSC/"+story)
}

// besideRun runs tests of this program in a namespace with a pcscd of its own.
func besideRun(t *testing.T, pattern, name string) {
	t.Helper()
	cmd := exec.Command(absolute(t, "../../.ci/with-pcscd"), os.Args[0], "-test.run="+pattern, "-test.v", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), insideNamespace+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: "+name) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// needs skips the test where a program is missing, and fails it in CI.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing(t, p+" is not installed: .ci/packages installs it")
		}
	}
}

func missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}
