package pos

import (
	"testing"
	"time"
)

// However many tries there were, a lock is never longer than the longest, and never over at once.
func TestCountTries(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	var s Tries
	for n := 1; n <= 2000; n++ {
		s.LockedUntil = time.Time{}
		s.count(now)
		lock := s.LockedUntil.Sub(now)
		switch {
		case s.Wrong != n:
			t.Fatalf("%d tries counted as %d", n, s.Wrong)
		case n%MaxTries != 0 && !s.LockedUntil.IsZero():
			t.Errorf("locked after %d tries", n)
		case n%MaxTries == 0 && (lock < firstLock || lock > longestLock):
			t.Errorf("locked for %s after %d tries", lock, n)
		}
	}
}
