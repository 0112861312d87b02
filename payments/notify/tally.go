package notify

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"saoma/pos"
)

// What a minute of any flood may add to the log: of each thing said, a line for each of so many kinds, with
// so many bytes of why.
const (
	maxKinds = 16
	maxWhy   = 160
	interval = time.Minute
)

// kind is what two log lines must have in common for the second to be only counted.
type kind struct {
	level   slog.Level
	said    string
	wallet  pos.Wallet
	about   string // our number; verified
	outcome pos.Outcome
	why     string
}

// tally logs what anyone can cause at will. The log is of bounded size, so a line for each would push
// everything else out of it: of each kind the first is logged at once and the others as a count a minute.
type tally struct {
	log  *slog.Logger
	mu   sync.Mutex
	more map[kind]int // how many came since the last line
}

func newTally(log *slog.Logger) *tally { return &tally{log: log, more: map[kind]int{}} }

// add counts one of k, and logs it with details if it is the first.
func (t *tally) add(k kind, details ...any) {
	k.why = short(k.why)
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.more[k]; !known && t.kinds(k.said) >= maxKinds {
		k = kind{level: k.level, said: k.said, why: "many more"}
	}
	if n, known := t.more[k]; known {
		t.more[k] = n + 1
		return
	}
	if t.more[k] = 0; len(t.more) == 1 {
		time.AfterFunc(interval, t.tell)
	}
	t.write(k, details...)
}

// kinds is how many kinds of what is said there are.
func (t *tally) kinds(said string) (n int) {
	for k := range t.more {
		if k.said == said {
			n++
		}
	}
	return n
}

// tell logs what a minute has counted. A kind that did not come again in it is forgotten.
func (t *tally) tell() {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.more, func(_ kind, n int) bool { return n == 0 })
	for k, n := range t.more {
		t.write(k, "more", n)
		t.more[k] = 0
	}
	if len(t.more) > 0 {
		time.AfterFunc(interval, t.tell)
	}
}

func (t *tally) write(k kind, details ...any) {
	var attrs []any
	for _, a := range []struct{ key, value string }{
		{"wallet", string(k.wallet)}, {"about", k.about}, {"outcome", string(k.outcome)}, {"error", k.why},
	} {
		if a.value != "" {
			attrs = append(attrs, a.key, a.value)
		}
	}
	t.log.Log(context.Background(), k.level, k.said, append(attrs, details...)...)
}

// short cuts words that may be the sender's.
func short(s string) string {
	if len(s) <= maxWhy {
		return s
	}
	return strings.ToValidUTF8(s[:maxWhy], "") + "…"
}
