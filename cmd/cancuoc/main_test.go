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

// The stories of what stands around the desk, and of card files.
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
	needs(t, "opensc-tool", "cardpeek")
	besideStories(t, "testdata/pcsc")
}

// besideStories runs each story of a folder in a namespace with a pcscd of its own, so that stories do not see each
// other's cards: the test with the same name there runs it.
func besideStories(t *testing.T, folder string) {
	t.Helper()
	stories, err := filepath.Glob(folder + "/*.txtar")
	if err != nil || len(stories) == 0 {
		t.Fatal("no stories", err)
	}
	for _, path := range stories {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		outer := t.Name()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			besideRun(t, "^"+outer+"$/^"+name+"$", outer+"/"+name)
		})
	}
}

// besideRun runs tests of this program in a namespace with a pcscd of its own. What runs there side by side waits for pcscd
// most of the time, and not for processors.
func besideRun(t *testing.T, pattern, name string, env ...string) {
	t.Helper()
	out, err := beside(t, env, "-test.run="+pattern, "-test.v", "-test.parallel=4", "-test.timeout=10m")
	if err != nil || !strings.Contains(out, "PASS: "+name) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// beside runs this program in a namespace with a pcscd of its own.
func beside(t testing.TB, env []string, args ...string) (out string, err error) {
	t.Helper()
	needs(t, "pcscd", "unshare")
	if err := exec.Command("unshare", "-m", "-n", "true").Run(); err != nil {
		missing(t, "this machine allows no namespaces: no pcscd of our own")
	}
	cmd := exec.Command(absolute(t, "../../.ci/with-pcscd"), append([]string{os.Args[0]}, args...)...)
	cmd.Env = append(append(os.Environ(), insideNamespace+"=1"), env...)
	text, err := cmd.CombinedOutput()
	return string(text), err
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
