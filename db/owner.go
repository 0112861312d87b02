package db

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Owner is the process that has a data folder open.
type Owner struct {
	PID     int
	Program string
	Host    string
	Since   string
}

// FolderOwner tells whether a process has dir open, and which as far as it wrote that down. It looks at the lock for a
// moment, which a starting counter waits for, and writes nothing.
func FolderOwner(dir string) (o Owner, open bool, err error) {
	path := filepath.Join(dir, "lock")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return Owner{}, false, nil // no process has had it yet
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return Owner{}, false, err
	}
	if free {
		return Owner{}, false, lock.Unlock()
	}
	var wrote owner
	if text, err := os.ReadFile(filepath.Join(dir, "lock.owner")); err == nil {
		_ = json.Unmarshal(text, &wrote) // what cannot be read stays unknown
	}
	return Owner(wrote), true, nil
}
