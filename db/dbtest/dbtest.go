// Package dbtest makes ledgers for tests and measurements.
package dbtest

import (
	"context"
	"os"
	"testing"

	"saoma/db"
)

// Open opens a new ledger for the test. When the test ends, the ledger is verified and closed; a rule
// that is broken fails the test.
func Open(t testing.TB) *db.Ledger {
	t.Helper()
	l, err := db.Open(t.Context(), t.TempDir(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		Sound(t, l)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Sound fails the test for every rule of the ledger that is broken.
func Sound(t testing.TB, l *db.Ledger) {
	t.Helper()
	report, err := l.Verify(context.Background(), db.VerifyOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	for _, c := range report.Checks {
		if c.Broken > 0 {
			t.Errorf("%s (%d of %d broken): %q", c.Rule, c.Broken, c.Counted, c.Violations)
		}
	}
}

// Rounds is how often a fault test repeats itself: normal in every run, soak in a soak run, which is
// one with SAOMA_SOAK=1 in the environment. Under the race detector it is a tenth of normal, and two at
// least: every test runs without it as well.
func Rounds(normal, soak int) int {
	switch {
	case os.Getenv("SAOMA_SOAK") != "":
		return soak
	case raceDetector:
		return max(normal/10, 2)
	}
	return normal
}

// Figures tells what a fault test did in one line that a soak run collects.
func Figures(t testing.TB, format string, args ...any) {
	t.Helper()
	t.Logf("figures: "+format, args...)
}
