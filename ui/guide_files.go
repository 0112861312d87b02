package ui

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"saoma/pos/papers"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// chooseFile opens the list of files for a field.
func (g *guide) chooseFile(key string) {
	dir := g.lastDir
	if home, err := os.UserHomeDir(); dir == "" && err == nil {
		dir = downloads(home)
	}
	c := newChooser(g.room, dir, func(file string) {
		g.modal = nil
		if file != "" {
			g.lastDir = filepath.Dir(file)
			g.fill(key, file)
		}
		g.focus(key)
	})
	g.modal = c.onKey
}

// fill puts a file into a field.
func (g *guide) fill(key, file string) {
	if g.form == nil || g.form.at(key) < 0 {
		return
	}
	g.form.inputs[g.form.at(key)].set(file)
	g.wrong, g.wrongAt = nil, ""
	g.says = line{g.room.l.T("%s goes to: %s", filepath.Base(file), g.room.l.T(g.form.fields[g.form.at(key)].Label)), kit.Working}
	g.draw()
	g.focus(key)
}

// onDropped gives files that were dropped anywhere on the window to the fields that they are for.
func (g *guide) onDropped(at fyne.Position, uris []fyne.URI) {
	if g.form == nil || g.tried || g.busy {
		return
	}
	under := g.under(at)
	var files []string
	for _, uri := range uris {
		files = append(files, uri.Path())
	}
	kinds := make([]paperKind, len(files))
	g.room.off(func(context.Context) error {
		for i, file := range files {
			kinds[i] = kindOf(file)
		}
		return nil
	}, func(error) {
		for i, file := range files {
			key := under
			if key == "" || len(files) > 1 {
				key = g.fieldFor(kinds[i])
			}
			if key == "" {
				g.says = line{g.room.l.T("%s is nothing that this step asks for.", filepath.Base(file)), kit.Doubtful}
				g.draw()
				continue
			}
			g.fill(key, file)
		}
	})
}

// under is the field for a file at a place of the window; empty: none.
func (g *guide) under(at fyne.Position) string {
	for i, in := range g.form.inputs {
		from := fyne.CurrentApp().Driver().AbsolutePositionForObject(in.object)
		to := from.Add(in.object.Size())
		if takesFile(&g.form.fields[i]) && at.X >= from.X && at.X <= to.X && at.Y >= from.Y && at.Y <= to.Y {
			return g.form.fields[i].Key
		}
	}
	return ""
}

func takesFile(f *setup.Field) bool { return f.Kind == setup.Paper || f.Kind == setup.Zip }

// paperKind is what a file is, as far as a field can be found by it.
type paperKind string

const (
	zipFile     paperKind = "zip"
	privateFile paperKind = "private"
	publicFile  paperKind = "public"
	certFile    paperKind = "certificate"
	otherFile   paperKind = "other"
)

// kindOf looks into a file.
func kindOf(file string) paperKind {
	if strings.EqualFold(filepath.Ext(file), ".zip") {
		return zipFile
	}
	f, err := os.Open(file)
	if err != nil {
		return otherFile
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, papers.MaxPaper+1))
	if err != nil {
		return otherFile
	}
	if _, err := papers.Private(data); err == nil {
		return privateFile
	}
	if _, err := papers.Certificate(data); err == nil {
		return certFile
	}
	if _, err := papers.Public(data); err == nil {
		return publicFile
	}
	return otherFile
}

// fieldFor is the first empty field of the step for a file of a kind, or else the first one; empty: none takes it.
func (g *guide) fieldFor(kind paperKind) string {
	first := ""
	for i := range g.form.fields {
		f := &g.form.fields[i]
		if !takesFile(f) || paperOf(f) != kind {
			continue
		}
		if value := g.form.inputs[i].value(); value == "" || value == setup.Held {
			return f.Key
		}
		if first == "" {
			first = f.Key
		}
	}
	return first
}

// paperOf is the kind of file that a field is for. The keys of saoma.toml tell it.
func paperOf(f *setup.Field) paperKind {
	switch key := f.Key; {
	case f.Kind == setup.Zip:
		return zipFile
	case strings.Contains(key, "cert"):
		return certFile
	case strings.Contains(key, "public"):
		return publicFile
	case strings.Contains(key, "key"):
		return privateFile
	}
	return otherFile
}

// onRemoveOriginals deletes what was taken in from outside the data folder, after a question.
func (g *guide) onRemoveOriginals() {
	l := g.room.l
	question := kit.Ask(g.room.win.Canvas(), l.T("Delete these copies?"),
		l.T("The counter has its own copy. Keep one on a medium in your safe before you delete these: %s", strings.Join(g.outside, ", ")),
		l.T("Delete"), l.T("Go back"), func(yes bool) {
			g.modal = nil
			if !yes {
				return
			}
			g.call(func(context.Context) error { return g.a.RemoveOriginals() }, func(err error) {
				if err != nil {
					g.says = line{l.Error(err), toneOfError(err)}
				}
			})
		})
	g.modal = func(k fyne.KeyName) {
		if k == fyne.KeyEscape || k == fyne.KeyReturn || k == fyne.KeyEnter {
			question.Close(false)
		}
	}
}
