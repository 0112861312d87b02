package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"saoma/pos"
)

// Edit sets one key of saoma.toml, such as wechat.mchid, to a string or a bool; nil takes the key out.
type Edit struct {
	Key   string
	Value any
}

func (e Edit) section() string {
	name, _, _ := strings.Cut(e.Key, ".")
	return name
}

// A new file begins with this.
const newFile = `# Saoma 扫码收银. Paths are relative to this folder.
`

// Change edits DIR/saoma.toml in one step and makes it where there is none. Every other line, comments included, stays
// as it is, and so does the whole file where the outcome would not be right.
func Change(dir string, edits ...Edit) error {
	path := filepath.Join(dir, FileName)
	before, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		before = []byte(newFile)
	case err != nil:
		return pos.Errorf(pos.Setup, "The file saoma.toml in %s cannot be read; check its permissions.", dir).Because(err)
	}
	after := string(before)
	for _, e := range edits {
		after = e.apply(after)
	}
	if _, err := Parse(dir, after); err != nil {
		return err
	}
	if err := took(after, edits); err != nil {
		return err
	}
	if after == string(before) {
		return nil
	}
	if err := WriteAtomic(path, []byte(after)); err != nil {
		return pos.Errorf(pos.Setup, "The data folder %s cannot be written; see that its disk is neither full nor read-only.", dir).Because(err)
	}
	return nil
}

// took checks that the text says what the edits wanted: a file written in an unusual way may not let itself be edited
// line by line.
func took(text string, edits []Edit) error {
	t := tables{read: map[string]bool{}}
	if _, err := toml.Decode(strings.TrimPrefix(text, "\ufeff"), &t.raw); err != nil {
		return syntaxError(err)
	}
	last := map[string]any{}
	for _, e := range edits {
		last[e.Key] = e.Value
	}
	for key, want := range last {
		if got, _ := t.value(key); got != want {
			return pos.Errorf(pos.Setup, "saoma.toml is written in a way in which %s cannot be changed here; write one key = \"value\" a line under its [section].", key)
		}
	}
	return nil
}

// Sections tells which sections DIR/saoma.toml has; none where there is no file or it is no TOML.
func Sections(dir string) map[string]bool {
	text, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		return map[string]bool{}
	}
	return sectionsOf(string(text))
}

func sectionsOf(text string) map[string]bool {
	sections := map[string]bool{}
	var raw map[string]any
	if _, err := toml.Decode(strings.TrimPrefix(text, "\ufeff"), &raw); err == nil {
		for name := range raw {
			sections[name] = true
		}
	}
	return sections
}

var section = regexp.MustCompile(`^\s*\[\s*([a-z]+)\s*\]`)

// apply edits the text. A key that is missing goes to the end of its section, a section that is missing to the end of
// the file. A comment behind the old value stays.
func (e Edit) apply(text string) string {
	in, key, _ := strings.Cut(e.Key, ".")
	old := regexp.MustCompile(`^([ \t]*)"?` + regexp.QuoteMeta(key) + `"?[ \t]*=[ \t]*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^#"'\r\n]*)`)
	lines := strings.SplitAfter(text, "\n")
	last, current := -1, "" // the last line of the section that is neither blank nor a comment
	for i, l := range lines {
		if m := section.FindStringSubmatch(l); m != nil {
			current = m[1]
		}
		if current != in {
			continue
		}
		if m := old.FindStringSubmatch(l); m != nil {
			if e.Value == nil {
				lines[i] = ""
			} else {
				rest := strings.TrimLeft(l[len(m[0]):], " \t")
				if strings.HasPrefix(rest, "#") {
					rest = " " + rest
				}
				lines[i] = m[1] + e.line(key) + rest
			}
			return strings.Join(lines, "")
		}
		if s := strings.TrimSpace(l); s != "" && !strings.HasPrefix(s, "#") {
			last = i
		}
	}
	switch {
	case e.Value == nil:
	case last >= 0:
		if !strings.HasSuffix(lines[last], "\n") {
			lines[last] += "\n"
		}
		lines[last] += e.line(key) + "\n"
	default:
		if text != "" && !strings.HasSuffix(text, "\n") {
			lines = append(lines, "\n")
		}
		lines = append(lines, "\n["+in+"]\n"+e.line(key)+"\n")
	}
	return strings.Join(lines, "")
}

func (e Edit) line(key string) string {
	if s, ok := e.Value.(string); ok {
		return key + " = " + quote(s)
	}
	return fmt.Sprintf("%s = %v", key, e.Value)
}

// quote is s as TOML's basic string, whose escapes are not Go's.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
