package db_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

const connections = 64

// BenchmarkBareCommit is the limit: one row, one durable commit, one after another, on the same disk.
func BenchmarkBareCommit(b *testing.B) {
	d, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	d.SetMaxOpenConns(1)
	if _, err := d.Exec("CREATE TABLE bare (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	insert, err := d.Prepare("INSERT INTO bare (amount) VALUES (?)")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := insert.Exec(1250); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// BenchmarkSettle settles waiting payments from 64 connections; each is durable before it is answered.
func BenchmarkSettle(b *testing.B) {
	l, err := db.Open(b.Context(), b.TempDir(), db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	waiting := make([]string, b.N)
	for at := 0; at < b.N; at += 500 {
		update(b, l, func(tx pos.Tx) error {
			for i := at; i < min(at+500, b.N); i++ {
				p, err := charge(tx, 1250)
				if err != nil {
					return err
				}
				waiting[i] = p.OutTradeNo
			}
			return nil
		})
	}
	b.ResetTimer()
	each(b.N, func(i int) {
		if err := l.Update(context.Background(), func(tx pos.Tx) error { return settle(tx, waiting[i]) }); err != nil {
			b.Error(err)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "settled/s")
	sound(b, l)
}

// BenchmarkSettleAlone is one connection: a settlement's latency.
func BenchmarkSettleAlone(b *testing.B) {
	l, err := db.Open(b.Context(), b.TempDir(), db.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var waited time.Duration
	for b.Loop() {
		var no string
		update(b, l, func(tx pos.Tx) error {
			p, err := charge(tx, 1250)
			no = p.OutTradeNo
			return err
		})
		began := time.Now()
		update(b, l, func(tx pos.Tx) error { return settle(tx, no) })
		waited += time.Since(began)
	}
	b.ReportMetric(float64(waited.Microseconds())/float64(b.N), "µs/settle")
}

// each calls fn for 0 to n-1 from 64 goroutines.
func each(n int, fn func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(i)
			}
		})
	}
	all.Wait()
}
