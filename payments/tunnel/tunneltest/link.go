package tunneltest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Link is the line between a tunnel's two ends. It can go dead as a line does whose packets are lost: neither end
// hears that the other is gone.
type Link struct {
	Addr string // in place of the server's

	server string
	mu     sync.Mutex
	dead   bool
	lines  []*line
}

// line is one connection.
type line struct {
	dead         atomic.Bool
	here, beyond net.Conn // beyond is nil where the link was dead from the beginning
}

// NewLink makes a link to the server at addr.
func NewLink(t testing.TB, addr string) *Link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	link := &Link{Addr: l.Addr().String(), server: addr}
	t.Cleanup(func() {
		l.Close()
		link.close(func(*line) bool { return true })
	})
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			go link.carry(here)
		}
	}()
	return link
}

// Freeze loses everything from now on, on connections that stand and on new ones.
func (l *Link) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = true
	for _, line := range l.lines {
		line.dead.Store(true)
	}
}

// Thaw lets new connections work. Those that were frozen stay dead, and the server goes on believing in them.
func (l *Link) Thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = false
}

// Bury ends the frozen connections at the server, as its system does after minutes without an acknowledgement.
func (l *Link) Bury() { l.close(func(line *line) bool { return line.dead.Load() }) }

func (l *Link) close(which func(*line) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if !which(line) {
			continue
		}
		line.here.Close()
		if line.beyond != nil {
			line.beyond.Close()
		}
	}
}

func (l *Link) carry(here net.Conn) {
	line := &line{here: here}
	l.mu.Lock()
	if line.dead.Store(l.dead); !l.dead {
		line.beyond, _ = net.Dial("tcp", l.server)
	}
	l.lines = append(l.lines, line)
	l.mu.Unlock()
	if line.beyond == nil {
		if !line.dead.Load() {
			here.Close() // nobody listens there
		}
		return
	}
	go line.copy(line.beyond, here)
	line.copy(here, line.beyond)
}

// copy carries what comes from one end to the other, its end included, while the line is alive.
func (l *line) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if l.dead.Load() {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if n > 0 {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}
