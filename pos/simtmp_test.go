package pos_test

import (
	"testing"
	"testing/synctest"
	"time"
	"context"

	"saoma/db"
	"saoma/pos"
)

func TestTmpSyn(t *testing.T) {
	dir := t.TempDir()
	b := time.Now()
	for range 20 {
	synctest.Test(t, func(t *testing.T) {
		l, err := db.Open(t.Context(), dir, db.Options{})
		if err != nil { t.Fatal(err) }
		go func() { time.Sleep(time.Hour); l.View(context.Background(), func(pos.Tx) error { return nil }) }()
		time.Sleep(2*time.Hour)
		t.Log(time.Now())
		if err := l.Close(); err != nil { t.Error(err) }
	})
	}
	t.Log(time.Since(b))
}
