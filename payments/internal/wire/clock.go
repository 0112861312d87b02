package wire

import (
	"net/http"
	"sync"
	"time"
)

// Clock is a platform's clock as its answers tell it. The zero value has heard nothing; it is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	told  time.Time // by the platform, to the second
	heard time.Time // here, with its monotonic reading; zero before the first answer
	wall  time.Time // the same without it
}

// maxDrift is how far this machine's two clocks may run apart between two answers: the monotonic one stands still
// while it sleeps.
const maxDrift = 10 * time.Second

// hear takes a Date header. One that is missing or no date says nothing.
func (c *Clock) hear(date string) {
	told, err := http.ParseTime(date)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told, c.heard = told, time.Now()
	c.wall = c.heard.Round(0)
}

// PlatformNow is the platform's time: that of its last answer, carried on by this machine's monotonic clock, so that
// setting the wall clock does not move it. It is late by up to a second and the way of the answer. Where the machine
// slept, or its wall clock was set, since that answer, the time is not known until the next one.
func (c *Clock) PlatformNow() (now time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard.IsZero() {
		return time.Time{}, false
	}
	ran := time.Since(c.heard)
	if wall := time.Now().Round(0).Sub(c.wall); (wall - ran).Abs() > maxDrift {
		return time.Time{}, false
	}
	return c.told.Add(ran), true
}
