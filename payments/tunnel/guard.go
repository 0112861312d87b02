package tunnel

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// wallet is the last part of a notification's path.
var wallet = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// Guard lets POST /notify/… and GET /healthz through to h, written exactly so, and nothing else: whatever h may come
// to serve, a tunnel opens no more of the counter to the world.
func Guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// RequestURI is as it was sent: neither decoded nor cleaned, query and host included.
		name, notice := strings.CutPrefix(r.RequestURI, "/notify/")
		if r.Method == http.MethodPost && notice && wallet.MatchString(name) || r.Method == http.MethodGet && r.RequestURI == "/healthz" {
			h.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}

// maxConns is how many connections a tunnel has open at once; what comes on top is closed. The server's end of the
// tunnel is a reverse proxy, which needs a handful.
const maxConns = 64

// newServer has the limits of a server that anyone can reach. Each request has a connection of its own: a reverse proxy
// that kept one for later would send a notification into a line that has died since, and wait.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 2 * time.Second,
		ReadTimeout:       3 * time.Second,
		WriteTimeout:      10 * time.Second, // longer than a notification may take
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	server.SetKeepAlivesEnabled(false)
	return server
}

// shutDown lets the requests under way be answered.
func shutDown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // the platform sends again what was not answered
	}
}

// listener makes of SSH channels, which know no deadlines, connections that do: the server's limits, and its way to
// notice that a client has gone, rest on them.
type listener struct {
	net.Listener
	free chan struct{}
}

func newListener(l net.Listener) *listener {
	return &listener{l, make(chan struct{}, maxConns)}
}

// Accept takes connections at once, even those that are too many: one that waited would hold up the whole line,
// keep-alives included.
func (l *listener) Accept() (net.Conn, error) {
	for {
		far, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return l.join(far), nil
		default:
			far.Close()
		}
	}
}

// Close stops Accept at once. The server is told on the side: on a dead line that takes until the line is closed.
func (l *listener) Close() error {
	go l.Listener.Close()
	return nil
}

// join returns a connection with deadlines that carries what far carries.
func (l *listener) join(far net.Conn) net.Conn {
	near, here := net.Pipe()
	go func() {
		_, _ = io.Copy(here, far)
		here.Close()
	}()
	go func() {
		defer func() { <-l.free }()
		_, _ = io.Copy(far, here)
		far.Close()
	}()
	return near
}
