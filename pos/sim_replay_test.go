package pos_test

import (
	"strings"
	"testing"

	"saoma/db/dbtest"
)

// A seed that fails must fail again: two runs of one seed take the same steps. Those over the wire do so but
// for some moments, because the sandbox signs and notifies on goroutines of its own.
func TestSimulationReplays(t *testing.T) {
	template := simTemplate(t)
	for seed := uint64(1); seed <= uint64(dbtest.Rounds(4, 100)); seed++ {
		if overWire(seed) {
			continue
		}
		a, b := strings.Split(simulate(t, template, seed).steps(), "\n"), strings.Split(simulate(t, template, seed).steps(), "\n")
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Errorf("seed %d differs at step %d of %d and %d:\n%s\n%s", seed, i, len(a), len(b),
					strings.Join(a[min(i, len(a)-1):min(i+3, len(a))], "\n"), strings.Join(b[min(i, len(b)-1):min(i+3, len(b))], "\n"))
				break
			}
		}
	}
}
