package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/pos"
)

// tries is how often a passphrase may be typed.
const tries = 3

// vault opens the vault of the data folder.
func (a *app) vault(ctx context.Context, cfg *config.Config) (*vault.Vault, error) {
	return vault.Open(ctx, cfg.Dir, vault.Options{PassphraseFile: cfg.Vault.PassphraseFile, Ask: a.asker()})
}

// asker asks on the terminal for the passphrase of the keys; nil where there is no terminal.
func (a *app) asker() func(ctx context.Context, again bool) (string, error) {
	if !hasTerminal() {
		return nil
	}
	left := tries
	return func(ctx context.Context, again bool) (string, error) {
		question := a.lang.T("Passphrase of the keys:")
		if again {
			question = a.lang.T("This passphrase is wrong. Passphrase of the keys:")
		}
		if left--; left < 0 {
			return "", pos.Errorf(pos.Invalid, "The passphrase was wrong %d times.", tries)
		}
		return a.secretly(ctx, question)
	}
}

func hasTerminal() bool { return term.IsTerminal(int(os.Stdin.Fd())) }

// secretly asks for a line on the terminal and does not show it. Ctrl-C ends it and leaves the terminal as it was.
func (a *app) secretly(ctx context.Context, question string) (string, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprint(a.err, question+" ")
	defer fmt.Fprintln(a.err)
	typed := make(chan string, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		if err != nil { // the terminal is gone
			stop()
			return
		}
		typed <- string(text)
	}()
	select {
	case text := <-typed:
		return text, nil
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		return "", pos.Errorf(pos.Invalid, "Nothing was typed.")
	}
}

// newPassphrase is the passphrase that file holds, or that is typed twice.
func (a *app) newPassphrase(ctx context.Context, file string) (string, error) {
	if file != "" {
		return vault.ReadPassphrase(file)
	}
	if !hasTerminal() {
		return "", pos.Errorf(pos.Invalid, "--passphrase-file is missing: nobody can be asked here; name a file of mode 0600 that holds the new passphrase.")
	}
	for {
		text, err := a.secretly(ctx, a.lang.T("New passphrase of the keys:"))
		if err != nil {
			return "", err
		}
		if err := vault.CheckPassphrase(text); err != nil {
			a.complain(err)
			continue
		}
		again, err := a.secretly(ctx, a.lang.T("The same once more:"))
		if err != nil || text == again {
			return text, err
		}
		a.warn(a.lang.T("The two are not the same."))
	}
}
