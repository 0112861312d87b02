package doctor

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
)

// hidden stands for what was taken out.
const hidden = "[hidden]"

// scrubber takes secrets out of words. It knows those of this counter by their text, and others by their looks: long
// tokens, keys, numbers that may be a PIN, a merchant or a payer, and what is named as a secret.
type scrubber struct {
	dir   string
	home  string
	known []string // longest first
}

// The shortest secret that is looked for by its text; what is shorter is digits, which are hidden by their looks.
const leastSecret = 5

// scrubber gathers the secrets of the data folder: every line of its key files, sealed or opened, and every value of
// saoma.toml.
func (v *visit) scrubber(ctx context.Context) *scrubber {
	s := &scrubber{dir: v.o.Dir}
	s.home, _ = os.UserHomeDir()
	paths := []string{filepath.Join(v.o.Dir, counter.EchoKeyName)}
	keys, _ := filepath.Glob(filepath.Join(v.o.Dir, config.KeysDir, "*"))
	paths = append(paths, keys...)
	if cfg, err := v.cfg(); err == nil {
		for _, p := range files(cfg) {
			paths = append(paths, p.path)
		}
	}
	for _, path := range paths {
		if !s.learnFile(path) {
			continue
		}
		if data, err := v.readKey(ctx, path); err == nil {
			s.learn(string(data))
		}
	}
	s.learnConfig()
	slices.SortFunc(s.known, func(a, b string) int { return len(b) - len(a) })
	s.known = slices.Compact(s.known)
	return s
}

// learn keeps the text as a whole and line by line.
func (s *scrubber) learn(text string) {
	for _, piece := range append(strings.Split(text, "\n"), text) {
		if piece = strings.TrimSpace(piece); len(piece) >= leastSecret && !strings.HasPrefix(piece, "-----") {
			s.known = append(s.known, piece)
		}
	}
}

// learnConfig keeps every text of saoma.toml: numbers of the merchant, and whatever was pasted there by mistake. Words
// that the file has in any counter are no secret.
func (s *scrubber) learnConfig() {
	data, err := os.ReadFile(filepath.Join(s.dir, config.FileName))
	if err != nil {
		return
	}
	var raw map[string]any
	if _, err := toml.Decode(strings.TrimPrefix(string(data), "\ufeff"), &raw); err != nil {
		s.learn(string(data)) // a line that is no TOML may be a secret
		return
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if !innocent.MatchString(v) && !s.learnFile(v) {
				s.learn(v)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for key, e := range v {
				if len(key) > 40 { // no key of ours is so long
					s.learn(key)
				}
				walk(e)
			}
		}
	}
	walk(raw)
}

// learnFile keeps what the file of this name holds, if there is one: then its name is no secret.
func (s *scrubber) learnFile(name string) bool {
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir, filepath.FromSlash(name))
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return false
	}
	data, err := os.ReadFile(name)
	if err == nil {
		s.learn(string(data))
	}
	return err == nil
}

// innocent are the usual values: a time zone, a kind of tunnel, an address of this computer, the platforms' addresses.
var innocent = regexp.MustCompile(`^(none|ssh|frp|ngrok|[A-Z][a-z]+/[A-Z][A-Za-z_]+|(http://)?(127\.0\.0\.1|localhost):\d+(/gateway\.do)?|` +
	regexp.QuoteMeta(config.WeChatProduction) + `|` + regexp.QuoteMeta(config.AlipayProduction) + `|keys/[a-z0-9_]{1,24}\.(pem|key|crt|txt))$`)

// looks finds what may be secret by its looks. The first alternative that fits decides, and those in keep are no secret.
var looks = regexp.MustCompile(`(?s)` + strings.Join([]string{
	`-----BEGIN.*?(?:-----END[A-Z ]*-----|$)`, // keys, also where their lines are broken as \n
	`(?i:pin|pass(?:phrase|word|wd)|token|secret|(?:private|api|apiv3|echo)_?key|open_?id|buyer_?\w*|authorization|sign(?:ature)?)["']?\s*[:=：]\s*(?:"(?:[^"\\]|\\.)*"|[^\s,;&]+)`,
	keepDate, keepNumber, keepLocal,
	`[0-9A-Za-z+_\-]{24,}={0,2}`,  // tokens, keys, identities
	`[0-9A-Za-z+/]{40,}={0,2}`,    // base64
	`[\w.+\-]+@[\w\-]+\.[\w.\-]+`, // mail addresses
	`\d{4,}`,                      // PINs, telephones, accounts
}, "|"))

// What is kept, since without it a log says nothing: dates and times, our own order numbers, local addresses, and names
// such as wechat.merchant_certificate_file.
const (
	keepDate   = `\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?`
	keepNumber = `\b[0-9A-Z]{0,12}\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\d[0-9A-HJKMNP-TV-Z]{8}\b`
	keepLocal  = `\b127\.0\.0\.1:\d{1,5}\b`
)

var keep = regexp.MustCompile(`^(?:` + keepDate + `|` + keepNumber + `|` + keepLocal + `|[a-z_]+)$`)

// clean takes secrets out of words.
func (s *scrubber) clean(text string) string {
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	text = strings.ReplaceAll(text, s.dir, "DIR")
	if len(s.home) > 1 {
		text = strings.ReplaceAll(text, s.home, "HOME")
	}
	return looks.ReplaceAllStringFunc(text, func(found string) string {
		if keep.MatchString(found) {
			return found
		}
		if name, _, ok := strings.Cut(found, "="); ok && len(name) < 24 {
			return name + "=" + hidden
		}
		return hidden
	})
}

// log is the end of the log, cleaned.
func (s *scrubber) log(dir string) (string, error) {
	var text []byte
	for _, name := range []string{config.LogName + ".1", config.LogName} {
		part, err := tail(filepath.Join(dir, name), logTail)
		if err == nil {
			text = append(text, part...)
		}
	}
	text = text[max(0, len(text)-logTail):]
	if _, whole, cut := bytes.Cut(text, []byte("\n")); cut && len(text) == logTail {
		text = whole // the first line is cut: half a secret would not be known
	}
	return s.clean(string(bytes.ToValidUTF8(text, []byte("?")))), nil
}

// tail is the end of a file, at most n bytes.
func tail(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-n), n))
}
