package db

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// makeFolder makes a folder for its owner only, with those above it that are missing, and waits until
// their names are on disk: a ledger is not kept in a folder that the next power cut takes away.
func makeFolder(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	var above []string // of what is missing
	for dir := abs; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		above = append(above, filepath.Dir(dir))
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return err
	}
	for _, dir := range above {
		if err := syncFile(dir); err != nil {
			return err
		}
	}
	return nil
}

// syncFile waits until a file, or the names in a folder, are on disk. Windows has no such call for a
// folder and needs none.
func syncFile(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() && runtime.GOOS == "windows" {
		return err
	}
	mode := os.O_RDWR // Windows wants to write what it flushes
	if info.IsDir() {
		mode = os.O_RDONLY
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// publish gives a finished file its name, after its content and before its folder are on disk.
func publish(temp, path string) error {
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// copyFile copies a file so that to is there in full or not at all.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to+tempSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // after publish there is none
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(err, out.Close())
	}
	if err := out.Close(); err != nil {
		return err
	}
	return publish(out.Name(), to)
}

// sizeOf is a file's size in bytes, 0 where there is none.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// freePath is a name in dir for something made at now that no file has yet.
func freePath(dir, prefix string, now time.Time) string {
	for {
		path := filepath.Join(dir, prefix+now.Format(backupStamp)+".db")
		if _, err := os.Lstat(path); err != nil {
			return path
		}
		now = now.Add(time.Second)
	}
}
