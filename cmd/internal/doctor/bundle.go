package doctor

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"saoma/assets/words"
	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/db"
	"saoma/pos"
)

// logTail is how much of the log's end a support file has, in bytes.
const logTail = 256 << 10

// CheckBundle refuses the name of a support file that is there already: nothing is overwritten.
func CheckBundle(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return pos.Errorf(pos.Invalid, "%s is there already, and nothing is overwritten; choose another name.", path)
	}
	return nil
}

// WriteBundle writes a support file, a zip that is there whole or not at all: the findings in both languages, what
// saoma.toml sets without its values, the end of the log, versions and counts. What is secret or names somebody is
// taken out of all of it, and key files are left out. A file that is there already is Invalid.
func WriteBundle(ctx context.Context, path string, o Options, findings []pos.Finding) error {
	o.defaults()
	if err := CheckBundle(path); err != nil {
		return err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	o.Dir = dir
	v := &visit{o: o, log: o.Log}
	defer v.close()
	s := v.scrubber(ctx)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range []struct {
		name string
		text func() (string, error)
	}{
		{"findings.en.txt", func() (string, error) { return s.findings(words.En, findings), nil }},
		{"findings.zh.txt", func() (string, error) { return s.findings(words.Zh, findings), nil }},
		{"saoma.toml.txt", func() (string, error) { return outline(dir), nil }},
		{"saoma.log", func() (string, error) { return s.log(dir) }},
		{"system.txt", func() (string, error) { return v.system(), nil }},
		{"files.txt", func() (string, error) { return listing(dir) }},
		{"ledger.json", func() (string, error) { return v.counts(ctx) }},
	} {
		text, err := part.text()
		if err != nil {
			text = s.clean(err.Error()) + "\n" // what cannot be told says why
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate, Modified: o.Now()})
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return publish(path, b.Bytes())
}

// publish puts a new file in its place in one step; one that is there, even since a moment ago, stays.
func publish(path string, data []byte) error {
	err := config.CreateFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return CheckBundle(path)
	case err != nil:
		return pos.Errorf(pos.Invalid, "The support file %s cannot be written; choose another folder.", path).Because(err)
	}
	return nil
}

// findings are the lines of the doctor.
func (s *scrubber) findings(l words.Language, list []pos.Finding) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%-6s  %-28s  %s\n", f.Level, f.Check, s.clean(l.Error(f.Says)))
		if f.Do != nil {
			fmt.Fprintf(&b, "%40s%s\n", "-> ", s.clean(l.Error(f.Do)))
		}
		if f.Says.Err != nil {
			fmt.Fprintf(&b, "%40s%s\n", "cause: ", s.clean(f.Says.Err.Error()))
		}
	}
	return b.String()
}

// system is what the program runs on.
func (v *visit) system() string {
	version, changed, _ := v.o.Machine.Version()
	now := v.o.Now()
	zone, offset := now.In(v.o.Local).Zone()
	return fmt.Sprintf("saoma %s, changed %t\n%s %s/%s, %d processors\nSQLite %d\n%s, zone %s (%d min)\n",
		version, changed, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		v.o.Machine.SQLite, now.UTC().Format(time.RFC3339), zone, offset/60)
}

// listing names the program's own files in the data folder with their sizes and rights. Others are only counted: a
// file's name may say anything.
func listing(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	strange := 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !ours(e.Name()) {
			strange++
			continue
		}
		fmt.Fprintf(&b, "%s %12d  %s  %s\n", info.Mode(), info.Size(), info.ModTime().UTC().Format(time.RFC3339), e.Name())
	}
	fmt.Fprintf(&b, "and %d others\n", strange)
	return b.String(), nil
}

func ours(name string) bool {
	switch name {
	case config.FileName, config.KeysDir, config.SandboxDir, config.LogName, config.LogName + ".1", counter.EchoKeyName,
		db.FileName, db.FileName + "-wal", db.FileName + "-shm", db.BackupFolder, "known_hosts", "lock", "lock.owner":
		return true
	}
	return false
}

// counts is what the ledger holds, as JSON.
func (v *visit) counts(ctx context.Context) (string, error) {
	book, err := v.book(ctx)
	if err != nil {
		return "", err
	}
	counts, err := book.Counts(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(counts, "", "  ")
	return string(text) + "\n", err
}
