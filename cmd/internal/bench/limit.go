package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skip2/go-qrcode"
)

// commits is the bare limit of everything durable: one row and one commit at a time, with the ledger's pragmas on the
// ledger's disk.
type commits struct {
	db     *sql.DB
	insert *sql.Stmt
}

func openCommits(dir string) (*commits, error) {
	db, err := sql.Open("sqlite", filepath.Join(dir, "bare.db")+
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	c := &commits{db: db}
	if _, err = db.Exec("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL) STRICT"); err == nil {
		c.insert, err = db.Prepare("INSERT INTO bare (amount) VALUES (?)")
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return c, nil
}

// one commits one row.
func (c *commits) one() error {
	_, err := c.insert.Exec(1250)
	return err
}

// rate is how many commits a second the disk takes one after another, seen for d.
func (c *commits) rate(d time.Duration) (float64, error) {
	begin, n := time.Now(), 0
	for time.Since(begin) < d {
		if err := c.one(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(begin).Seconds(), nil
}

func (c *commits) close() error { return c.db.Close() }

// repeat times fn n times.
func repeat(n int, fn func() error) (times, error) {
	t := make(times, 0, n)
	for range n {
		begin := time.Now()
		if err := fn(); err != nil {
			return nil, err
		}
		t = append(t, time.Since(begin))
	}
	return t, nil
}

// encode is the bare work of drawing a code, without a window.
func encode(content string) error {
	code, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return err
	}
	code.Bitmap()
	return nil
}

// signed is one message with its signature, as both platforms sign: RSA PKCS #1 v1.5 over SHA-256.
type signed struct {
	key       *rsa.PublicKey
	message   []byte
	signature []byte
}

func sign(key *rsa.PrivateKey, message []byte) (signed, error) {
	sum := sha256.Sum256(message)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return signed{&key.PublicKey, message, signature}, err
}

func (s signed) verify() error {
	sum := sha256.Sum256(s.message)
	return rsa.VerifyPKCS1v15(s.key, crypto.SHA256, sum[:], s.signature)
}

// verifyRate is how many signatures a second all cores verify, seen for d.
func verifyRate(ctx context.Context, s signed, d time.Duration) float64 {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var n atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for range runtime.NumCPU() {
		all.Go(func() {
			for ctx.Err() == nil && s.verify() == nil {
				n.Add(1)
			}
		})
	}
	all.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}
