package db_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"saoma/db"
	"saoma/db/dbtest"
	"saoma/pos"
)

// TestFlippedLog kills a counter, so that its commits stand in the write-ahead log alone, and changes a
// byte of that. SQLite would take the log to end there and forget every commit behind.
func TestFlippedLog(t *testing.T) {
	dir, sold := killed(t)
	log := filepath.Join(dir, db.FileName+"-wal")
	info, err := os.Stat(log)
	if err != nil || info.Size() < 100<<10 {
		t.Fatalf("the log of %d sales: %v (%v)", len(sold), info, err)
	}
	const header, frame = 32, 24 + 4096
	frames := (info.Size() - header) / frame
	random := rand.New(rand.NewPCG(6, 2))
	offsets := []int64{0, 4, 11, 12, 16, 20, 24, 28, header + 7, header + 8, header + 16, header + 24}
	for len(offsets) < dbtest.Rounds(25, 500) { // the last quarter may be the last commit, which a power cut too may spoil
		offsets = append(offsets, random.Int64N(header+frames*3/4*frame))
	}
	noticed := 0
	for _, at := range offsets {
		own := copyOf(t, dir)
		flip(t, filepath.Join(own, db.FileName+"-wal"), at, byte(1+random.IntN(255)))
		spoilt, err := os.ReadFile(filepath.Join(own, db.FileName+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		l, err := db.Open(t.Context(), own, db.Options{})
		if err != nil {
			if pos.CodeOf(err) != pos.Damaged { // not even its tables are left
				t.Errorf("byte %d: open says %v", at, err)
			}
			noticed++
			continue
		}
		report, err := l.Verify(t.Context(), db.VerifyOptions{})
		if err != nil || report.Checks[0].Name != "integrity" || report.Checks[0].Broken == 0 {
			t.Errorf("byte %d: verify finds %+v (%v)", at, report, err)
		}
		if l.Damage() == nil {
			t.Errorf("byte %d of the log was changed, and nobody noticed", at)
		} else {
			noticed++
			refusesToWrite(t, l)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if kept, err := os.ReadFile(filepath.Join(own, db.FileName+"-wal")); err != nil || !bytes.Equal(kept, spoilt) {
			t.Errorf("byte %d: the evidence was not kept: %d bytes of %d (%v)", at, len(kept), len(spoilt), err)
		}
	}
	dbtest.Figures(t, "flipped bytes in the log: %d, %d found, 0 unnoticed", len(offsets), noticed)

	l := open(t, dir) // the log as it was
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	found(t, l, sold)
}

// TestTornLog cuts a killed counter's log off at any byte, or leaves a hole in its last commit, as a
// power cut may before the disk has it all: that is no damage.
func TestTornLog(t *testing.T) {
	dir, _ := killed(t)
	content, err := os.ReadFile(filepath.Join(dir, db.FileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	last := lastCommit(content)
	random := rand.New(rand.NewPCG(6, 3))
	for round := range dbtest.Rounds(18, 300) {
		own, at := copyOf(t, dir), random.IntN(len(content))
		torn := bytes.Clone(content)
		switch round % 3 {
		case 0:
			torn = torn[:at]
		case 1:
			clear(torn[at:]) // the file had grown before its content arrived
		case 2:
			at = last + random.IntN(len(content)-last)
			torn[at] ^= 1
		}
		if err := os.WriteFile(filepath.Join(own, db.FileName+"-wal"), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, own)
		if err := l.Check(t.Context()); err != nil {
			t.Errorf("torn at %d of %d: %v", at, len(content), err)
		}
		if err := l.Update(t.Context(), func(tx pos.Tx) error { return tx.Audit(pos.AuditEntry{Actor: "test"}) }); err != nil {
			t.Errorf("torn at %d of %d: %v", at, len(content), err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// lastCommit returns where the first frame of a log's last commit begins.
func lastCommit(log []byte) (at int) {
	const header, frame = 32, 24 + 4096
	for n, before := header, header; n+frame <= len(log); n += frame {
		if binary.BigEndian.Uint32(log[n+4:]) != 0 {
			at, before = before, n+frame
		}
	}
	return at
}

// killed has another process sell 30 times and kills it; it returns the folder and the numbers sold.
func killed(t *testing.T) (dir string, sold []string) {
	t.Helper()
	dir = t.TempDir()
	c, out := child(t, "sell and wait", dir)
	for lines := bufio.NewScanner(out); len(sold) < 30 && lines.Scan(); {
		sold = append(sold, lines.Text())
	}
	kill(c)
	if len(sold) < 30 {
		t.Fatalf("only %d sales", len(sold))
	}
	return dir, sold
}
