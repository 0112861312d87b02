// Command saomactl is the counter without a window: the same core for scripts and terminals.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"saoma/assets/words"
	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// Exit codes are a contract with scripts.
const (
	exitOK     = 0
	exitError  = 1
	exitInput  = 2 // one line on stderr names the flag or key; nothing was written
	exitClosed = 3 // closed or expired without payment
)

// errClosed ends a charge whose code was withdrawn unpaid; the event has said so already.
var errClosed = errors.New("closed")

// errSaid ends a command with exitError after its output has said why.
var errSaid = errors.New("said")

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{out: stdout, err: stderr, lang: words.FromEnv()}
	err := a.dispatch(ctx, args)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errClosed):
		return exitClosed
	case errors.Is(err, errSaid):
		return exitError
	}
	a.complain(err)
	if badInput(err) {
		return exitInput
	}
	a.record(err)
	return exitError
}

// record puts the whole error, cause included, into the counter's log, if there is a counter.
func (a *app) record(err error) {
	dir, none := a.dir()
	if none != nil {
		return
	}
	if _, none := os.Stat(filepath.Join(dir, config.FileName)); none != nil {
		return
	}
	log, file, none := counter.OpenLog(filepath.Join(dir, config.LogName))
	if none != nil {
		return // the person has read the sentence
	}
	defer file.Close()
	log.Error("saomactl", "error", err)
}

// badInput reports whether the person's input or the shop's configuration is wrong. A platform that
// refuses our papers is not input.
func badInput(err error) bool {
	_, platform := errors.AsType[*pos.GatewayError](err)
	code := pos.CodeOf(err)
	return code == pos.Invalid || (code == pos.Setup && !platform)
}

// app is what every command shares.
type app struct {
	out, err io.Writer
	lang     words.Language
	json     bool
	data     string
	user     string // who acts; of audit, whose acts
	pinFile  string
}

// dispatch reads the flags before the command and runs it.
func (a *app) dispatch(ctx context.Context, args []string) error {
	f := a.flags("saomactl", "[--data DIR] [--json] [--lang zh|en] COMMAND")
	rest, err := f.leading(args)
	if err != nil {
		return err
	}
	if f.help || len(args) == 0 {
		a.overview()
		return nil
	}
	if len(rest) == 0 {
		return pos.Errorf(pos.Invalid, "A command is missing; allowed are %s.", names())
	}
	if rest[0] == "help" {
		return a.help(rest[1:])
	}
	c := find(rest[0])
	if c == nil {
		return pos.Errorf(pos.Invalid, "%s is not a command; allowed are %s.", rest[0], names())
	}
	return c.run(a, ctx, a.flags(c.name, c.usage), rest[1:])
}

// load reads the data folder's configuration.
func (a *app) load() (*config.Config, error) {
	dir, err := a.dir()
	if err != nil {
		return nil, err
	}
	return config.Load(dir)
}

func (a *app) dir() (string, error) {
	if a.data != "" {
		return a.data, nil
	}
	return config.DefaultDir()
}
