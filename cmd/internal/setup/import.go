package setup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/pos"
	"saoma/pos/papers"
	flow "saoma/pos/setup"
)

// batch is the papers that one step brings in. They are written under names that nothing refers to yet; saoma.toml is
// changed last, in one step, and only then what it no longer refers to is removed.
type batch struct {
	a      *Assistant
	v      *vault.Vault
	values flow.Values
	edits  []config.Edit
	wrote  []string // new files, to be removed if the step fails
	from   []string // files outside with secrets that were read

	unpacked map[string]string // fields whose papers came out of a zip, and the field of the zip
}

func (a *Assistant) batch(ctx context.Context, values flow.Values) (*batch, error) {
	v, err := a.keys(ctx)
	if err != nil {
		return nil, err
	}
	return &batch{a: a, v: v, values: values, unpacked: map[string]string{}}, nil
}

// set changes a key of saoma.toml; an empty text takes it out.
func (b *batch) set(key string, value any) {
	if value == "" {
		value = nil
	}
	b.edits = append(b.edits, config.Edit{Key: key, Value: value})
}

// fresh reports whether the field brings something new.
func (b *batch) fresh(key string) bool { return b.values[key] != "" && b.values[key] != flow.Held }

// paper is the text behind a field: a file's, what was pasted, or what is kept already in the file held.
func (b *batch) paper(key, held string, most int64, secret bool) ([]byte, error) {
	switch value := b.values[key]; {
	case value == "":
		return nil, nil
	case value == flow.Held && held == "":
		return nil, nil
	case value == flow.Held:
		data, err := b.v.Read(held)
		if err != nil {
			return nil, flow.At(key, unreadable(held, err))
		}
		return data, nil
	case pasted(value):
		return []byte(value), nil
	default:
		name := fileName(value)
		data, err := readFile(name, most)
		if err != nil {
			return nil, flow.At(key, err)
		}
		if full, err := filepath.Abs(name); secret && err == nil {
			b.from = append(b.from, full)
		}
		return data, nil
	}
}

var base64Text = regexp.MustCompile(`^[0-9A-Za-z+/=\s]{100,}$`)

// pasted tells the text of a key from a file's name.
func pasted(value string) bool {
	return strings.ContainsAny(value, "\n\r") || strings.Contains(value, "BEGIN") || base64Text.MatchString(value)
}

// fileName reads a name as file managers and shells give it: in quotes, as file:// address, with ~ for the home.
func fileName(value string) string {
	name := strings.Trim(value, `"'`)
	if u, err := url.Parse(name); err == nil && u.Scheme == "file" {
		name = u.Path
		if runtime.GOOS == "windows" {
			name = strings.TrimPrefix(name, "/")
		}
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			name = filepath.Join(home, rest)
		}
	}
	return name
}

// readFile reads a file of at most so many bytes and one: papers then says that it is too big. No error shows the
// name, which may be a piece of a key that was pasted.
func readFile(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, pos.Errorf(pos.Setup, "There is no file of this name.")
	}
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "This file cannot be read; check its permissions.").Because(errors.Unwrap(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, pos.Errorf(pos.Setup, "This is not a file.").Because(errors.Unwrap(err))
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "This file cannot be read; check its permissions.").Because(errors.Unwrap(err))
	}
	return data, nil
}

func unreadable(name string, err error) error {
	if _, ok := errors.AsType[*pos.Error](err); ok {
		return err
	}
	return pos.Errorf(pos.Setup, "The file %s cannot be read; check its permissions.", name).Because(err)
}

// read reads one paper by one of the functions of package papers.
func read[T any](b *batch, key, held string, parse func([]byte) (T, error)) (paper T, err error) {
	data, err := b.paper(key, held, papers.MaxPaper, false)
	if err != nil || data == nil {
		return paper, err
	}
	paper, err = parse(data)
	return paper, flow.At(key, err)
}

// readSecret is read of what nobody else may see: the file it comes from is one of the originals.
func readSecret[T any](b *batch, key, held string, parse func([]byte) (T, error)) (paper T, err error) {
	data, err := b.paper(key, held, papers.MaxPaper, true)
	if err != nil || data == nil {
		return paper, err
	}
	paper, err = parse(data)
	return paper, flow.At(key, err)
}

// keep puts data under keys/ and key of saoma.toml at it. A file that holds the same already stays; nil takes the key out.
func (b *batch) keep(key, held, name string, data []byte, secret bool) error {
	if data == nil {
		b.set(key, "")
		return nil
	}
	if held != "" {
		if there, err := b.v.Read(held); err == nil && bytes.Equal(bytes.TrimSpace(there), bytes.TrimSpace(data)) {
			return nil
		}
	}
	path, err := b.a.vacant(name)
	if err != nil {
		return err
	}
	if secret {
		err = b.v.Write(path, data)
	} else {
		err = config.WriteAtomic(path, data)
	}
	if err != nil {
		return pos.Errorf(pos.Setup, "The file %s cannot be written; see that the disk is neither full nor read-only.", path).Because(err)
	}
	b.wrote = append(b.wrote, path)
	b.set(key, b.a.relative(path))
	return nil
}

// vacant is a path under keys/ that nothing has: name, or name with a number.
func (a *Assistant) vacant(name string) (string, error) {
	dir := filepath.Join(a.dir, config.KeysDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", pos.Errorf(pos.Setup, "The data folder %s cannot be written; see that its disk is neither full nor read-only.", a.dir).Because(err)
	}
	ext := filepath.Ext(name)
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext))
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		} else if err != nil {
			return "", pos.Errorf(pos.Setup, "The data folder %s cannot be written; see that its disk is neither full nor read-only.", a.dir).Because(err)
		}
	}
}

// done writes saoma.toml and removes what it no longer refers to; if it cannot be written, what was brought in.
func (b *batch) done() error {
	before := b.a.references()
	if err := config.Change(b.a.dir, b.edits...); err != nil {
		b.undo()
		return err
	}
	after := b.a.references()
	for _, path := range before {
		if !slices.Contains(after, path) && b.a.inside(path) && ours.MatchString(filepath.Base(path)) {
			_ = os.Remove(path) // a key nobody uses; it does no harm where it stays
		}
	}
	for _, path := range b.from {
		if !slices.Contains(after, path) && !slices.Contains(b.a.originals, path) {
			b.a.originals = append(b.a.originals, path)
		}
	}
	return nil
}

func (b *batch) undo() {
	for _, path := range b.wrote {
		_ = os.Remove(path) // nothing refers to it
	}
}

// references are the files that saoma.toml names.
func (a *Assistant) references() []string {
	c := a.kept()
	w, p, l, t := &c.WeChat, &c.WeChat.Previous, &c.Alipay, &c.Tunnel
	return []string{
		w.MerchantKeyFile, w.MerchantCertFile, w.APIv3KeyFile, w.PublicKeyFile, p.MerchantKeyFile, p.PublicKeyFile,
		l.AppKeyFile, l.PublicKeyFile, l.AppCertFile, l.AlipayCertFile, l.RootCertFile, l.PreviousPublicKeyFile,
		t.KeyFile, t.TokenFile,
	}
}

// ours are the names that the assistant and saomactl init give; a file that its owner put into keys/ stays.
var ours = regexp.MustCompile(`^(wechat|alipay|tunnel)_`)

// inside reports whether a file is one of DIR/keys.
func (a *Assistant) inside(path string) bool {
	return path != "" && filepath.Dir(path) == filepath.Join(a.dir, config.KeysDir)
}

// relative is a path as saoma.toml has it.
func (a *Assistant) relative(path string) string {
	if rel, err := filepath.Rel(a.dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

// Originals are the files with secrets that were brought in and are still where they were.
func (a *Assistant) Originals() []string {
	a.originals = slices.DeleteFunc(a.originals, func(path string) bool {
		_, err := os.Lstat(path)
		return errors.Is(err, fs.ErrNotExist)
	})
	return slices.Clone(a.originals)
}

// RemoveOriginals deletes them.
func (a *Assistant) RemoveOriginals() error {
	for _, path := range a.Originals() {
		if err := os.Remove(path); err != nil {
			return pos.Errorf(pos.Setup, "The file %s cannot be removed; check its permissions.", path).Because(err)
		}
	}
	return nil
}

// day is d days from now as saoma.toml writes a date.
func (a *Assistant) day(d int) string {
	return a.o.Now().In(a.kept().Shop.TimeZone).AddDate(0, 0, d).Format("2006-01-02")
}

// rotationDays is how long what a rotation replaces goes on being used, unless its owner takes it out.
const rotationDays = 30
