package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cancuoc/cancuoc/card/regular"
	"github.com/cancuoc/cancuoc/card/specimen"
	"github.com/cancuoc/cancuoc/cmd/cancuoc/station"
	"github.com/cancuoc/cancuoc/reader/pcsc"
	"github.com/cancuoc/cancuoc/simulator/vpcd"
)

func newDemoCommand(d *desk) *cobra.Command {
	return &cobra.Command{
		Use: "demo DIR", Short: "Issue, read and verify the card of a specimen citizen, to see how it goes", Args: cobra.ExactArgs(1),
		Long: `Issue one specimen citizen on a simulated card, through pcscd and its virtual reader where they run, else in
process. DIR must not be there; it will hold the station, the card (card.sim), its reading and both faces (card.pdf).`,
		Example: "  cancuoc demo demo",
		RunE:    func(cmd *cobra.Command, args []string) error { return runDemo(cmd.Context(), d, args[0]) },
	}
}

// demo is a demonstration under way: each step is a command line as an operator would type it.
type demo struct {
	*desk
	folder string
	card   string // reference of the card
}

const demoSpecimen = "dang-dinh-mau"

func runDemo(ctx context.Context, d *desk, folder string) error {
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		return withCode(exitInput, fmt.Errorf("%s is there already: remove it, or name another folder", folder))
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	ctx, unplug := context.WithCancel(ctx)
	defer unplug()
	show := &demo{desk: d, folder: folder}
	if err := show.prepare(ctx); err != nil {
		return err
	}
	if err := show.plug(ctx); err != nil {
		return err
	}
	return show.run(ctx)
}

func (s *demo) path(name string) string { return filepath.Join(s.folder, name) }

// prepare makes the station, the record and the blank card.
func (s *demo) prepare(ctx context.Context) error {
	if err := s.step(ctx, "init", s.path("station")); err != nil {
		return err
	}
	if err := os.CopyFS(s.path("station/intake"), specimen.Files()); err != nil {
		return err
	}
	if err := s.step(ctx, "order", "add", s.path("station/intake/"+demoSpecimen+".json")); err != nil {
		return err
	}
	return s.step(ctx, "simulate", "new", s.path("card.sim"))
}

// plug puts the card into pcscd's virtual reader; where there is none the card stays in process.
func (s *demo) plug(ctx context.Context) error {
	s.card = "sim:" + s.path("card.sim")
	if _, err := pcsc.Readers(ctx); err != nil {
		s.note("\nIN PROCESS, not through PC/SC: %v\n", err)
		return nil
	}
	conn, err := vpcd.Dial(ctx, vpcd.Port)
	if err != nil {
		s.note("\nIN PROCESS, not through PC/SC: %v\n", err)
		return nil
	}
	ref, err := parseRef(s.card)
	if err != nil {
		return err
	}
	card, err := ref.openSimulated(false)
	if err != nil {
		return err
	}
	go func() {
		defer card.Close()
		if err := vpcd.Serve(ctx, conn, card); err != nil {
			s.note("the card has left the virtual reader: %v", err)
		}
	}()
	if err := awaitCard(ctx); err != nil {
		return err
	}
	s.card = "pcsc:Virtual PCD 00 00"
	s.note("\nThrough PC/SC: the card is in pcscd's virtual reader.\n")
	return nil
}

// awaitCard waits until pcscd has seen the card.
func awaitCard(ctx context.Context) error {
	for range 100 {
		readers, err := pcsc.Readers(ctx)
		if err != nil {
			return err
		}
		for _, r := range readers {
			if r.Card && strings.HasPrefix(r.Name, "Virtual PCD") {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return withCode(exitCard, errors.New("pcscd does not see the card in its virtual reader"))
}

// run issues the card, reads it and judges it.
func (s *demo) run(ctx context.Context) error {
	issue := []string{"issue", "1", "--card", s.card}
	if strings.HasPrefix(s.card, "pcsc:") { // to issue, it is a chip like any other
		issue = append(issue, "--default-keys")
	}
	if err := s.step(ctx, issue...); err != nil {
		return err
	}
	if err := copyFile(s.path("station/print/"+station.PrintName(1)), s.path("card.pdf")); err != nil {
		return err
	}
	access := []string{"--number", "000200000013", "--birth", "2000-03-15", "--expiry", "2040-03-15"}
	if err := s.step(ctx, append([]string{"read", "--card", s.card, "--fingerprints", "-o", s.path("reading")}, access...)...); err != nil {
		return err
	}
	if err := s.step(ctx, "verify", s.path("reading")); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s holds card.sim, reading/, card.pdf (both faces) and station/.\n", s.folder)
	return nil
}

// step runs one command line of our own and says how long it took.
func (s *demo) step(ctx context.Context, args ...string) error {
	fmt.Fprintf(s.out, "$ cancuoc %s\n", strings.Join(quoted(args), " "))
	inner := &desk{streams: s.streams, stdin: s.stdin}
	root := newRoot(inner)
	root.SetArgs(append(args, "--station", s.path("station")))
	start := time.Now()
	err := root.ExecuteContext(ctx)
	inner.closeTrace()
	fmt.Fprintf(s.out, "  %.1f ms\n", float64(time.Since(start).Microseconds())/1000)
	return err
}

// quoted puts quotes around arguments as a shell wants them.
func quoted(args []string) []string {
	shown := make([]string, len(args))
	for i, a := range args {
		shown[i] = a
		if strings.ContainsAny(a, " ?*") {
			shown[i] = "'" + a + "'"
		}
	}
	return shown
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return regular.WriteFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
