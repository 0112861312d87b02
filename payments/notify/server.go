package notify

import (
	"log/slog"
	"net/http"
	"time"
)

// Server returns a server for listen (host:port) that a slow or greedy client cannot hold up.
func Server(listen string, h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.Default()
	}
	return &http.Server{
		Addr:              listen,
		Handler:           h,
		ReadHeaderTimeout: 2 * time.Second,
		ReadTimeout:       3 * time.Second,
		WriteTimeout:      10 * time.Second, // longer than ReadTimeout and maxAnswer together
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
