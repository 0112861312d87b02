package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "saoma"
	fyne     = "fyne.io/fyne/v2"
	fyneApp  = fyne + "/app"
	importer = module + "/cmd/saoma" // the only importer of fyneApp
)

// source is one package: its import path and everything its files import, on whatever system they are for.
type source struct {
	path    string
	imports []string
}

// layers is the table "Who may import whom" of the design: the packages of the project that those at or below a path may
// import. The first matching path decides; a package in none of them has no place in the house.
var layers = []struct {
	path string
	may  []string // "x/..." is x and everything below
}{
	{"pos", nil},
	{"pos/...", []string{"pos"}},
	{"db/dbtest/...", []string{"pos", "db"}}, // ledgers for tests and the bench
	{"db/...", []string{"pos"}},
	{"payments/internal/...", []string{"pos"}}, // what wechat and alipay share below their protocols
	{"payments/wechat/...", []string{"pos", "payments/internal/..."}},
	{"payments/alipay/...", []string{"pos", "payments/internal/..."}},
	{"payments/sandbox/...", []string{"pos"}},
	{"payments/tunnel/...", []string{"pos"}},
	{"payments/gatewaytest/...", []string{"pos"}},
	{"payments/notify/...", []string{"pos"}},
	{"assets", nil},
	{"assets/words/...", []string{"pos"}}, // it words the errors of pos; the table is silent about it
	{"ui/...", []string{"pos/...", "ui/...", "assets/..."}},
	{"cmd/...", []string{"..."}},
}

func TestImportRule(t *testing.T) {
	sources, err := readSources(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(sources, func(s source) bool { return s.path == module+"/cmd/dev" }) {
		t.Fatal("the project's packages were not found")
	}
	for _, s := range sources {
		for _, complaint := range violations(s) {
			t.Error(complaint)
		}
	}
}

// The checker itself is seen refusing every kind of forbidden import, and letting the allowed ones pass.
func TestImportCheckerRefuses(t *testing.T) {
	for _, c := range []struct {
		path, imports string
		allowed       bool
	}{
		{"pos", "crypto/rand", true},
		{"pos", "golang.org/x/text/width", false},
		{"pos", "saoma/pos/report", false},
		{"pos", "saoma/db", false},
		{"pos/report", "saoma/pos", true},
		{"pos/report", "github.com/xuri/excelize/v2", true},
		{"pos/report", "saoma/pos/receipt", false},
		{"pos/report", fyne, false},
		{"db", "saoma/pos", true},
		{"db", "modernc.org/sqlite", true},
		{"db", "saoma/pos/report", false},
		{"db/migration", "saoma/ui", false},
		{"payments/wechat", "saoma/pos", true},
		{"payments/wechat", "saoma/payments/alipay", false},
		{"payments/wechat", "saoma/payments/internal/wire", true},
		{"payments/alipay", "saoma/payments/internal/wire", true},
		{"payments/sandbox", "saoma/payments/internal/wire", false},
		{"payments/internal/wire", "saoma/pos", true},
		{"payments/internal/wire", "saoma/payments/wechat", false},
		{"payments/wechat", "saoma/payments/gatewaytest", false},
		{"payments/sandbox", "saoma/payments/wechat", false},
		{"payments/notify", "saoma/db", false},
		{"payments/notify", fyne + "/widget", false},
		{"payments", "saoma/pos", false},
		{"payments/third", "saoma/pos", false},
		{"ui", "saoma/pos/receipt", true},
		{"ui/display", "saoma/ui/kit", true},
		{"ui", "saoma/assets", true},
		{"ui", fyne + "/widget", true},
		{"ui", fyneApp, false},
		{"ui", "saoma/db", false},
		{"ui/kit", "saoma/payments/sandbox", false},
		{"ui", "saoma/cmd/internal/config", false},
		{"assets", "saoma/pos", false},
		{"assets/words", "saoma/pos", true},
		{"assets/words", "saoma/ui", false},
		{"cmd/saoma", fyneApp, true},
		{"cmd/saoma", "saoma/db", true},
		{"cmd/saomactl", fyneApp, false},
		{"cmd/saomactl", fyne, false},
		{"cmd/internal/config", fyneApp, false},
		{"cmd/internal/bench", "saoma/ui", true},
		{"cmd/dev", "os/exec", true},
		{"cmd/dev", "saoma/pos", false},
		{"cmd/dev", "github.com/BurntSushi/toml", false},
		{"pos", "C", false},
		{"cmd/saomactl", "C", false},
		{"models", "saoma/pos", false},
		{"posh", "strings", false},
	} {
		got := violations(source{path: module + "/" + c.path, imports: []string{c.imports}})
		if (len(got) == 0) != c.allowed {
			t.Errorf("%s importing %s: allowed %v, want %v: %q", c.path, c.imports, len(got) == 0, c.allowed, got)
		}
	}
}

// No command but the window's may need a C compiler: not by what it imports, and not by what that imports in turn.
func TestImportsWithoutCgo(t *testing.T) {
	for _, name := range []string{"saomactl", "dev"} {
		complaints, err := cgoBehind("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range complaints {
			t.Errorf("cmd/%s %s", name, complaint)
		}
	}
	// The same question about Fyne's driver must be answered yes, or it is not asked well.
	if complaints, err := cgoBehind(fyneApp); err != nil || len(complaints) == 0 {
		t.Errorf("nothing found behind %s (%v)", fyneApp, err)
	}
}

// violations are the sentences to say about a package's imports; none when it keeps to the house's rules.
func violations(s source) []string {
	own := strings.TrimPrefix(s.path, module+"/")
	layer := slices.IndexFunc(layers, func(l struct {
		path string
		may  []string
	},
	) bool {
		return under(own, l.path)
	})
	if layer < 0 {
		return []string{own + ": the design has no place for this package"}
	}
	var out []string
	for _, imported := range s.imports {
		if why := refuse(own, layers[layer].may, imported); why != "" {
			out = append(out, fmt.Sprintf("%s imports %s: %s", own, imported, why))
		}
	}
	return out
}

// refuse says why the package own, which may import may of the project, must not import imported; "" when it may.
func refuse(own string, may []string, imported string) string {
	first, _, _ := strings.Cut(imported, "/")
	isFyne := imported == fyne || strings.HasPrefix(imported, fyne+"/")
	switch {
	case imported == "C":
		return "no package of the project uses cgo itself"
	case first == module:
		target := strings.TrimPrefix(imported, module+"/")
		if own == "cmd/dev" || !slices.ContainsFunc(may, func(pattern string) bool { return under(target, pattern) }) {
			return "not in its row of the design's table"
		}
	case !strings.Contains(first, "."):
		return "" // the standard library
	case own == "pos" || own == "cmd/dev":
		return "the standard library only"
	case imported == fyneApp && module+"/"+own != importer:
		return "only cmd/saoma brings in the window driver"
	case isFyne && (own == "cmd/saomactl" || !under(own, "ui/...") && !under(own, "cmd/...") && own != "assets"):
		return "widgets belong to ui"
	}
	return ""
}

// under tells whether path matches pattern: the same, or below where the pattern ends in "...".
func under(path, pattern string) bool {
	base, below := strings.CutSuffix(pattern, "...")
	if !below {
		return path == pattern
	}
	return base == "" || path+"/" == base || strings.HasPrefix(path, base)
}

// readSources reads the import clauses of every package in the tree, whatever build constraints its files have. Test files
// are exempt: a test may put real things together.
func readSources(root string) ([]source, error) {
	found := []source{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && file != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{path: path.Join(module, filepath.ToSlash(rel))}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		found = append(found, s)
		return nil
	})
	return found, err
}

// cgoBehind lists the packages outside the standard library that bring C into target. The standard library has a pure Go
// twin for each of its own.
func cgoBehind(target string) ([]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,CgoFiles", target)
	cmd.Env = environment{"CGO_ENABLED=1"}.apply(cmd.Environ())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	var complaints []string
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Standard   bool
			CgoFiles   []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return complaints, nil
		} else if err != nil {
			return nil, err
		}
		if !p.Standard && len(p.CgoFiles) > 0 {
			complaints = append(complaints, "needs cgo for "+p.ImportPath)
		}
	}
}
