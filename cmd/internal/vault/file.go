package vault

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"saoma/pos"
)

// reached is told each point at which a crash would leave something else behind. A test dies there.
var reached = func(point string) {}

// write puts data into path in one step: a crash leaves the old content or the new one, and the new one for good
// once write has returned. What an earlier crash left beside it is cleared away, for it may be a key in the open.
func write(path string, data []byte) error {
	err := func() error {
		dir, name := filepath.Split(path)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := clear(dir, name); err != nil {
			return err
		}
		f, err := os.CreateTemp(dir, "."+name+"-*") // of mode 0600
		if err != nil {
			return err
		}
		defer os.Remove(f.Name()) // fails after the rename, as it should
		reached("begun " + name)
		_, err = f.Write(data)
		reached("written " + name)
		if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
		reached("synced " + name)
		if err := os.Rename(f.Name(), path); err != nil {
			return err
		}
		reached("in place " + name)
		return syncFolder(dir)
	}()
	if err != nil {
		return pos.Errorf(pos.Unavailable, "The file %s cannot be written; see that the disk is neither full nor read-only.", path).Because(err)
	}
	reached("done " + filepath.Base(path))
	return nil
}

// remove takes the file away for good.
func remove(path string) error {
	err := os.Remove(path)
	if err == nil {
		reached("removed " + filepath.Base(path))
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return pos.Errorf(pos.Unavailable, "The file %s cannot be removed; check its permissions.", path).Because(err)
	}
	return nil
}

// clear removes the half-written files that crashes left of name.
func clear(dir, name string) error {
	list, err := os.ReadDir(dir)
	for _, f := range list {
		if strings.HasPrefix(f.Name(), "."+name+"-") {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// syncFolder waits until the names in a folder are on disk. Windows has no such call and needs none.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// lockPatience is how long another process may take to change the vault.
const lockPatience = 30 * time.Second

// lock keeps other processes from changing the vault of dir until release is called: of two that make a vault at
// once, the second would lock the first one's files up for ever.
func lock(dir string) (release func(), err error) {
	keys := filepath.Join(dir, folder)
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return nil, pos.Errorf(pos.Unavailable, "The file %s cannot be written; see that the disk is neither full nor read-only.", keys).Because(err)
	}
	l := flock.New(filepath.Join(keys, "vault.lock"))
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return nil, pos.Errorf(pos.Unavailable, "Another program is changing how the keys in %s are kept; try again in a minute.", dir).Because(err)
	}
	return func() { _ = l.Unlock() }, nil
}
