package words

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A use is one sentence found in the sources.
type use struct {
	key   string
	where token.Position
	args  int // arguments given to it; -1 when they cannot be counted
}

// formatAt tells which argument of a call holds the sentence: anything.T("…", args…),
// pos.Errorf(code, "…", args…), and the same within package pos.
var formatAt = map[string]int{"T": 0, "Errorf": 1, "pos.Errorf": 1}

// keyMark in a function's doc comment says that the strings it returns are keys looked up elsewhere, and so are those in
// the fields of what it returns that have one of these names.
const keyMark = "key of its translation"

var keyFields = []string{"Title", "About", "Label", "Where"}

func TestEverySentenceIsTranslated(t *testing.T) {
	uses := sentences(t, "../..")
	if len(uses) < 20 {
		t.Fatalf("found only %d sentences in the sources; the scan is broken", len(uses))
	}
	used := map[string]bool{}
	for _, u := range uses {
		used[u.key] = true
		translation, ok := zh()[u.key]
		if !ok {
			t.Errorf("%s: no Chinese translation of %q", u.where, u.key)
			continue
		}
		want := verbs(u.key)
		if got := verbs(translation); !slices.Equal(got, want) {
			t.Errorf("%s: %q takes %v, its translation %q takes %v", u.where, u.key, want, translation, got)
		}
		if u.args >= 0 && u.args != len(want) {
			t.Errorf("%s: %q takes %d arguments, %d are given", u.where, u.key, len(want), u.args)
		}
	}
	for key := range zh() {
		if !used[key] {
			t.Errorf("zh-Hans.json translates %q, which nothing says", key)
		}
	}
}

func TestVerbs(t *testing.T) {
	for format, want := range map[string][]string{
		"100%%":             {},
		"%s at %d":          {"1s", "2d"},
		"%[2]d at %[1]s":    {"1s", "2d"},
		"%5.2q":             {"1q"},
		"¥%s、%d 字节":         {"1s", "2d"},
		"%[1]s %[1]s %[2]v": {"1s", "2v"},
	} {
		if got := verbs(format); !slices.Equal(got, want) {
			t.Errorf("verbs(%q) = %v; want %v", format, got, want)
		}
	}
}

var verb = regexp.MustCompile(`%[-+# 0]*(?:\[(\d+)\])?[0-9.]*([a-zA-Z%])`)

// verbs lists what a format does with each argument, such as "1s" for the first one printed with %s.
func verbs(format string) []string {
	list, next := []string{}, 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		list = append(list, strconv.Itoa(next)+m[2])
		next++
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// sentences finds every key in the Go sources below root, tests left out.
func sentences(t *testing.T, root string) []use {
	t.Helper()
	var uses []use
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse: %w", err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			uses = append(uses, keys(fset, n)...)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// keys returns the sentences that node n says.
func keys(fset *token.FileSet, n ast.Node) []use {
	switch n := n.(type) {
	case *ast.CallExpr:
		at, ok := formatAt[calledName(n)]
		if !ok || len(n.Args) <= at {
			return nil
		}
		key, ok := constant(n.Args[at])
		if !ok {
			return nil
		}
		args := len(n.Args) - at - 1
		if n.Ellipsis.IsValid() {
			args = -1
		}
		return []use{{key, fset.Position(n.Pos()), args}}
	case *ast.FuncDecl:
		if !strings.Contains(strings.Join(strings.Fields(n.Doc.Text()), " "), keyMark) {
			return nil
		}
		return returned(fset, n)
	}
	return nil
}

// returned lists the strings a function returns.
func returned(fset *token.FileSet, f *ast.FuncDecl) []use {
	var uses []use
	take := func(e ast.Expr) {
		if key, ok := constant(e); ok && key != "" {
			uses = append(uses, use{key, fset.Position(e.Pos()), -1})
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			for _, e := range n.Results {
				take(e)
			}
		case *ast.KeyValueExpr:
			if name, ok := n.Key.(*ast.Ident); ok && slices.Contains(keyFields, name.Name) {
				take(n.Value)
			}
		}
		return true
	})
	return uses
}

func calledName(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if f.Sel.Name == "T" {
			return "T"
		}
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

// constant evaluates a string literal, or literals joined with +.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, ok1 := constant(e.X)
		right, ok2 := constant(e.Y)
		return left + right, ok1 && ok2 && e.Op == token.ADD
	case *ast.ParenExpr:
		return constant(e.X)
	}
	return "", false
}
