// Command cancuoc issues chip identity cards and lets anyone check them: the desk where card, reader, simulator and
// layout meet. Each of its commands is one file; cards and keys are resolved in open.go and nowhere else.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks us to stop, a second one kills
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}
