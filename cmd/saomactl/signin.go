package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// terminal is who the audit chain names for what a terminal does where the ledger has no users.
const terminal = "saomactl"

// openAs opens the counter for the user that --user names, once the PIN is right.
func (a *app) openAs(ctx context.Context) (c *counter.Counter, actor string, err error) {
	if c, err = a.open(ctx); err != nil {
		return nil, "", err
	}
	u, err := a.signIn(ctx, c.Till)
	if err != nil {
		return nil, "", errors.Join(err, c.Close())
	}
	if u == nil {
		return c, terminal, nil
	}
	return c, u.Name, nil
}

// signIn returns the user that --user names, and nil where the ledger has no users and asks for none. The PIN
// is the one line of --pin-file, or typed.
func (a *app) signIn(ctx context.Context, till *pos.Till) (*pos.User, error) {
	users, err := till.Users(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(users) == 0 && a.user != "":
		return nil, pos.Errorf(pos.Invalid, "--user %s: this counter has no users yet; make the first one, a manager, with: %s", a.user, "saomactl users add NAME --role manager")
	case len(users) == 0:
		return nil, nil
	case a.user == "":
		return nil, pos.Errorf(pos.Invalid, "--user is missing; say as whom, and the PIN by --pin-file or when it is asked for.")
	}
	pin, err := a.pin(ctx, "--pin-file", a.lang.T("PIN of %s:", a.user), a.pinFile)
	if err != nil {
		return nil, err
	}
	u, err := till.SignIn(ctx, a.user, pin)
	if err == nil && !u.RescuedAt.IsZero() {
		a.warn(a.lang.T("This PIN was given with the owner's key; give yourself another one: %s", "saomactl users pin "+u.Name))
	}
	return u, err
}

// pin is a PIN: the file that the flag names holds it, or it is typed.
func (a *app) pin(ctx context.Context, flag, question, file string) (string, error) {
	if file != "" {
		return readPIN(flag, file)
	}
	if !hasTerminal() {
		return "", pos.Errorf(pos.Invalid, "%s is missing: nobody can be asked here; name a file of mode 0600 that holds the PIN.", flag)
	}
	return a.secretly(ctx, question)
}

// newPIN is the PIN that file holds, or that is typed twice.
func (a *app) newPIN(ctx context.Context, name, file string) (string, error) {
	for {
		pin, err := a.pin(ctx, "--new-pin-file", a.lang.T("New PIN of %s:", name), file)
		if err != nil || file != "" {
			return pin, err
		}
		if err := pos.CheckPIN(pin); err != nil {
			a.complain(err)
			continue
		}
		again, err := a.secretly(ctx, a.lang.T("The same once more:"))
		if err != nil || pin == again {
			return pin, err
		}
		a.warn(a.lang.T("The two are not the same."))
	}
}

// readPIN reads the one line of a file that its owner alone may read.
func readPIN(flag, file string) (string, error) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return "", pos.Errorf(pos.Invalid, "%s %s can be read by others; make it: chmod 600", flag, file)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return "", pos.Errorf(pos.Invalid, "%s %s cannot be read; name a file that holds the PIN.", flag, file).Because(err)
	}
	return strings.TrimSpace(string(text)), nil
}
