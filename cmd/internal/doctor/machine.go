package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"saoma/cmd/internal/config"
	"saoma/pos"
)

// ThisMachine is the computer the program runs on.
func ThisMachine() *Machine {
	return &Machine{
		DiskFree: diskFree, Printers: printers, Build: debug.ReadBuildInfo,
		SQLite: sqlite3.SQLITE_VERSION_NUMBER, Slow: 2 * time.Second, Patience: patience, OneCheck: oneCheck,
	}
}

func lookPrinter(ctx context.Context, v *visit) *result {
	names, err := v.o.Machine.Printers(ctx)
	if err == nil && len(names) > 0 {
		return good(pos.Errorf(pos.Setup, "This computer prints to: %s.", strings.Join(names, ", ")))
	}
	return warn(
		pos.Errorf(pos.Setup, "This computer has no printer; receipts and day sheets can only be kept as files.").Because(err),
		pos.Errorf(pos.Setup, "Set a printer up in the system's settings, if you want to print."),
	)
}

// printers asks the system for its printers: CUPS by lpstat, Windows by PowerShell.
func printers(ctx context.Context) (names []string, err error) {
	command := exec.CommandContext(ctx, "lpstat", "-e")
	if runtime.GOOS == "windows" {
		command = exec.CommandContext(ctx, "powershell", "-NoProfile", "-NonInteractive", "-Command", "(Get-Printer).Name")
	}
	command.WaitDelay = time.Second
	out, err := command.Output()
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimSpace(line); name != "" {
			names = append(names, name)
		}
	}
	return names, err
}

func lookMonitors(_ context.Context, v *visit) *result {
	switch n := v.o.Monitors; {
	case n == 0:
		return warn(
			pos.Errorf(pos.Setup, "Not looked at: only the counter's window sees the monitors."),
			pos.Errorf(pos.Setup, "Open the window to see."),
		)
	case n == 1:
		return warn(
			pos.Errorf(pos.Setup, "There is one monitor; the customer sees the code only on the cashier's."),
			pos.Errorf(pos.Setup, "Connect a second monitor for the customer, and extend the screen to it."),
		)
	default:
		return good(pos.Errorf(pos.Setup, "There are %d monitors: one can show the customer's window.", n))
	}
}

// Version names the build: its version and the revision of its sources, and whether those had been changed.
func (m *Machine) Version() (name string, changed, known bool) {
	b, ok := m.Build()
	if !ok {
		return "", false, false
	}
	name = b.Main.Version
	for _, s := range b.Settings {
		switch s.Key {
		case "vcs.revision":
			name += " " + s.Value[:min(len(s.Value), 12)]
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	return strings.TrimSpace(name), changed, true
}

func lookVersion(_ context.Context, v *visit) *result {
	name, changed, known := v.o.Machine.Version()
	switch {
	case !known:
		return warn(
			pos.Errorf(pos.Setup, "This program does not know its own version."),
			pos.Errorf(pos.Setup, "Install a release, so that others can tell what you run."),
		)
	case changed:
		return warn(
			pos.Errorf(pos.Setup, "This is version %s, with changes that are in no release (%s).", name, runtime.Version()),
			pos.Errorf(pos.Setup, "Install a release, so that others can tell what you run."),
		)
	}
	return good(pos.Errorf(pos.Setup, "This is version %s (%s).", name, runtime.Version()))
}

// leastSQLite is 3.51.3: versions before it may corrupt a ledger when its log is reset (sqlite.org, release notes).
const leastSQLite = 3051003

func lookSQLite(_ context.Context, v *visit) *result {
	n := v.o.Machine.SQLite
	major, minor, patch := n/1000000, n/1000%1000, n%1000
	if n < leastSQLite {
		return bad(
			pos.Errorf(pos.Setup, "SQLite %d.%d.%d can damage a ledger; 3.51.3 is the first that is safe.", major, minor, patch),
			pos.Errorf(pos.Setup, "Install a newer version of this program."),
		)
	}
	return good(pos.Errorf(pos.Setup, "SQLite is %d.%d.%d.", major, minor, patch))
}

// lookTimeZone: days and receipts follow the shop's zone, but people read this computer's clock beside them.
func lookTimeZone(_ context.Context, v *visit) *result {
	zone := v.mustConfig().Shop.TimeZone
	now := v.o.Now()
	_, shop := now.In(zone).Zone()
	_, here := now.In(v.o.Local).Zone()
	if shop != here {
		return warn(
			pos.Errorf(pos.Setup, "The shop keeps the time of %s (now %s), this computer shows %s.", zone.String(), now.In(zone).Format("15:04"), now.In(v.o.Local).Format("15:04")),
			pos.Errorf(pos.Setup, "Set this computer's time zone, or shop.timezone in saoma.toml, to where the shop is."),
		)
	}
	return good(pos.Errorf(pos.Setup, "The shop and this computer keep the same time, that of %s.", zone.String()))
}

// bigLog is twice what the counter lets its log grow to before it begins a new one, in bytes.
const bigLog = 10 << 20

func lookLogSize(_ context.Context, v *visit) *result {
	path := filepath.Join(v.o.Dir, config.LogName)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return good(pos.Errorf(pos.Setup, "There is no log yet."))
	case err != nil || !info.Mode().IsRegular():
		return bad(
			pos.Errorf(pos.Setup, "The log %s cannot be written.", path).Because(err),
			pos.Errorf(pos.Setup, "Move what is in its place away."),
		)
	case info.Size() > bigLog:
		return warn(
			pos.Errorf(pos.Setup, "The log has grown to %d MB, although a new one is begun at 5 MB.", info.Size()>>20),
			pos.Errorf(pos.Setup, "Close the counter, move %s away and open it again.", path),
		)
	}
	return good(pos.Errorf(pos.Setup, "The log has %d KB.", info.Size()>>10))
}
