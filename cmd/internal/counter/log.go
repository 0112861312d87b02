package counter

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"saoma/pos"
)

// OpenLog opens a log file of bounded size, readable by its owner only. The error is a Setup error.
func OpenLog(path string) (*slog.Logger, io.Closer, error) {
	f, err := openRotating(path, maxLog)
	if err != nil {
		return nil, nil, pos.Errorf(pos.Setup, "The log %s cannot be written.", path).Because(err)
	}
	return slog.New(slog.NewTextHandler(f, nil)), f, nil
}

// maxLog is how large the log grows before it becomes saoma.log.1, whose former self goes.
const maxLog = 5 << 20

// rotating is a log file of bounded size, with one predecessor.
type rotating struct {
	mu   sync.Mutex
	path string
	max  int64
	file *os.File
	size int64
}

func openRotating(path string, max int64) (*rotating, error) {
	r := &rotating{path: path, max: max}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *rotating) open() error {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r.file, r.size = f, info.Size()
	return nil
}

// Write appends one line. A log that cannot be turned over goes on in the same file.
func (r *rotating) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return 0, fs.ErrClosed
	}
	if r.size > 0 && r.size+int64(len(line)) > r.max {
		if err := r.turn(); r.file == nil {
			return 0, err
		}
	}
	n, err := r.file.Write(line)
	r.size += int64(n)
	return n, err
}

// turn makes the log its own predecessor. It is closed first: some systems do not rename open files.
func (r *rotating) turn() error {
	err := r.file.Close()
	r.file = nil
	return errors.Join(err, os.Rename(r.path, r.path+".1"), r.open())
}

func (r *rotating) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
