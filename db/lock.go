package db

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"saoma/pos"
)

// lockPatience is how long a starting process waits for one that is just ending.
const lockPatience = 500 * time.Millisecond

// owner is what a second process is told of the first. It is kept beside the lock and not in it,
// because some systems keep others from reading a locked file.
type owner struct {
	PID     int    `json:"pid"`
	Program string `json:"program"`
	Host    string `json:"host"`
	Since   string `json:"since"`
}

// folderLock makes its process the only owner of a data folder. The system drops it when the process
// ends, however that ends.
type folderLock struct {
	lock  *flock.Flock
	owner string // path
}

func lockFolder(ctx context.Context, dir string) (*folderLock, error) {
	l := &folderLock{lock: flock.New(filepath.Join(dir, "lock")), owner: filepath.Join(dir, "lock.owner")}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	locked, err := l.lock.TryLockContext(ctx, lockPatience/10)
	switch {
	case locked:
		return l, l.sign()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, l.taken()
	case isPathError(err):
		return nil, noWriting(dir, err)
	default:
		return nil, pos.Errorf(pos.Setup, "The data folder %s cannot be locked.", dir).Because(err)
	}
}

// sign writes down who has the folder now.
func (l *folderLock) sign() error {
	o := owner{PID: os.Getpid(), Program: filepath.Base(os.Args[0]), Since: time.Now().Format(zoned)}
	o.Host, _ = os.Hostname() // only for the sentence
	text, err := json.Marshal(o)
	if err == nil {
		err = os.WriteFile(l.owner, append(text, '\n'), 0o600)
	}
	if err != nil {
		return errors.Join(noWriting(filepath.Dir(l.owner), err), l.lock.Unlock())
	}
	return nil
}

func isPathError(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

func noWriting(dir string, err error) error {
	return pos.Errorf(pos.Setup, "The data folder %s cannot be written; see that its disk is neither full nor read-only.", dir).Because(err)
}

// taken is the error for the second process.
func (l *folderLock) taken() error {
	var o owner
	text, err := os.ReadFile(l.owner)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return pos.Errorf(pos.Conflict, "This cannot be done while the counter is open in another process; close it first.").Because(err)
	}
	return pos.Errorf(pos.Conflict, "This cannot be done while the counter is open: %s, process %d on %s since %s. Close it first.",
		o.Program, o.PID, o.Host, o.Since)
}

func (l *folderLock) release() error {
	_ = os.Remove(l.owner) // it means nothing without the lock
	return l.lock.Unlock()
}
