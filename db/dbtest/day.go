package dbtest

import (
	"testing"
	"time"

	"saoma/pos"
)

// longestTest is more than a test takes that must begin and end on one day.
const longestTest = 5 * time.Minute

// OneDay waits, where midnight in China is near, until it is over: the platforms' bills, and the shops of most tests, go by
// that day, and what a test sells or closes just before it is yesterday's a moment later.
func OneDay(t testing.TB) {
	t.Helper()
	left := time.Until(pos.BillBegin(pos.BillDay(time.Now()).Add(1)))
	if left > longestTest {
		return
	}
	t.Logf("waiting %s for midnight in China", left.Round(time.Second))
	time.Sleep(left + time.Second)
}
