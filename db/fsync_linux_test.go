package db_test

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"saoma/db"
	"saoma/pos"
)

// TestFailedFlush lets every fsync of the write-ahead log fail in the kernel, and demands that no commit
// is acknowledged that did not reach the disk, and that the ledger goes on once the disk does.
//
// The log's descriptor is made one of the null device for a while: it takes every write, keeps nothing,
// and refuses to be flushed. Who acknowledges without asking it has lost the sale.
func TestFailedFlush(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	first := sell(t, l, 100)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir) // its log is empty, so nothing needs to be read from it meanwhile
	restore := unflushable(t, filepath.Join(dir, db.FileName+"-wal"))
	errs := make([]error, 10)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = l.Update(t.Context(), func(tx pos.Tx) error {
				p, err := charge(tx, 100)
				if err != nil {
					return err
				}
				return settle(tx, p.OutTradeNo)
			})
		})
	}
	all.Wait()
	restore()
	for _, err := range errs {
		if pos.CodeOf(err) != pos.Unavailable {
			t.Errorf("over a disk that does not flush: %v", err)
		}
	}
	if err := l.Damage(); err != nil {
		t.Errorf("a disk that does not flush is not a damaged ledger: %v", err)
	}
	later := sell(t, l, 100)
	if n, _ := paidIn(t, dir); n != 2 {
		t.Errorf("%d entries, 2 acknowledged", n)
	}
	found(t, l, []string{first, later})
	sound(t, l)
}

// unflushable makes every descriptor of the file one that cannot be flushed, until restore.
func unflushable(t *testing.T, path string) (restore func()) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := null.Sync(); err == nil {
		t.Skip("the null device can be flushed here")
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	var logs []int // found first: a duplicate made meanwhile would be found too
	for _, entry := range open {
		if to, _ := os.Readlink("/proc/self/fd/" + entry.Name()); to == path {
			fd, err := strconv.Atoi(entry.Name())
			if err != nil {
				t.Fatal(err)
			}
			logs = append(logs, fd)
		}
	}
	kept := map[int]int{} // a duplicate of each
	for _, fd := range logs {
		if kept[fd], err = syscall.Dup(fd); err == nil {
			err = syscall.Dup3(int(null.Fd()), fd, syscall.O_CLOEXEC)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) == 0 {
		t.Fatalf("%s is not open", path)
	}
	return func() {
		for fd, copy := range kept {
			if err := syscall.Dup3(copy, fd, syscall.O_CLOEXEC); err != nil {
				t.Fatal(err)
			}
			syscall.Close(copy)
		}
	}
}
