// Command saoma is the counter: the cashier's window, the customer's window, and behind them the same
// core that saomactl runs without a window.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"saoma/assets"
	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/pos"
	"saoma/ui"
)

// Exit codes, as saomactl's.
const (
	exitOK    = 0
	exitError = 1
	exitInput = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// run opens the counter and its window and returns when the window has closed.
func run(args []string, stderr io.Writer) int {
	f, err := parseFlags(args)
	if errors.Is(err, errHelp) {
		fmt.Fprint(stderr, usage(f.language()))
		return exitOK
	}
	if err != nil {
		fmt.Fprintln(stderr, f.language().Error(err))
		return exitInput
	}
	if !haveDisplay() {
		fmt.Fprintln(stderr, f.language().T("There is no display here, so the window cannot open; saomactl works without one."))
		return exitError
	}
	defer watchWindowFailure(f.language(), stderr)()
	app.SetMetadata(metadata())
	a := app.NewWithID(metadata().ID)
	a.SetIcon(fyne.NewStaticResource("saoma.png", assets.IconPNG))

	c, err := open(f)
	if err != nil {
		l := ui.Language(f.options(), a.Preferences())
		fmt.Fprintln(stderr, l.Error(err))
		ui.Problem(a, l, l.Error(err))
		a.Run()
		return code(err)
	}
	if err := operate(a, c, f.options()); err != nil {
		fmt.Fprintln(stderr, f.language().Error(err))
		return exitError
	}
	return exitOK
}

// open opens the counter of the data folder.
func open(f flags) (*counter.Counter, error) {
	dir := f.data
	if dir == "" {
		var err error
		if dir, err = config.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return counter.Open(context.Background(), dir, counter.Options{})
}

// operate runs the counter behind its window until the window closes.
func operate(a fyne.App, c *counter.Counter, o ui.Options) error {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	_, o.Warning = c.Listen()
	work.Go(func() {
		if err := c.Run(ctx); err != nil {
			c.Log.Error("the counter stopped confirming payments", "error", err)
		}
	})
	o.Till, o.Sandbox, o.OnDamage = c.Till, c.Sandbox, c.OnDamage
	if c.Sandbox {
		o.PayAsCustomer = c.PayAsCustomer
	}
	ui.Open(a, o)
	a.Run()
	cancel()
	work.Wait()
	return c.Close()
}

// code is the exit code for a counter that could not open.
func code(err error) int {
	if c := pos.CodeOf(err); c == pos.Invalid || c == pos.Setup {
		return exitInput
	}
	return exitError
}

// metadata says what FyneApp.toml says, for a program that Fyne's tool did not package.
func metadata() fyne.AppMetadata {
	return fyne.AppMetadata{
		ID: "io.saoma.counter", Name: "Saoma", Version: "0.1.0", Build: 1,
		Migrations: map[string]bool{"fyneDo": true},
	}
}
