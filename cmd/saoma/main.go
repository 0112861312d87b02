// Command saoma is the counter: the cashier's window, the customer's window, and behind them the same
// core that saomactl runs without a window.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"saoma/assets"
	"saoma/pos"
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

	s := newShop(a, f, stderr)
	s.begin()
	a.Run()
	return s.end()
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
