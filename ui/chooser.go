package ui

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"saoma/pos"
	"saoma/ui/kit"
)

// chooserShown is how many names of a folder are listed.
const chooserShown = 300

// chooser is a list of files to choose one from, by keys as well as by touch.
type chooser struct {
	room   *room
	popup  *widget.PopUp
	pane   *kit.Pane
	dir    string
	names  []chooserName
	places []root
	at     int
	failed error
	rows   []*kit.FileRow
	chosen func(file string) // called once; empty: none was chosen
}

type chooserName struct {
	name   string
	folder bool
}

// newChooser opens the list at a folder.
func newChooser(r *room, dir string, chosen func(string)) *chooser {
	c := &chooser{room: r, pane: kit.NewPane(), chosen: chosen}
	c.open(dir)
	return c
}

// open lists a folder.
func (c *chooser) open(dir string) {
	var names []chooserName
	places := c.places
	c.room.off(func(context.Context) (err error) {
		if places == nil {
			places = roots()
		}
		names, err = list(dir)
		return err
	}, func(err error) {
		if c.chosen == nil {
			return
		}
		c.dir, c.names, c.places, c.at, c.failed = dir, names, places, 0, err
		c.draw()
	})
}

// list is what a folder holds: folders first, hidden ones left out.
func list(dir string) ([]chooserName, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, pos.Errorf(pos.Invalid, "This folder cannot be opened.").Because(err)
	}
	var names []chooserName
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			info, err := os.Stat(filepath.Join(dir, e.Name())) // a link counts as what it leads to
			names = append(names, chooserName{e.Name(), err == nil && info.IsDir()})
		}
	}
	slices.SortStableFunc(names, func(a, b chooserName) int {
		if a.folder != b.folder {
			if a.folder {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return names[:min(len(names), chooserShown)], nil
}

func (c *chooser) draw() {
	l := c.room.l
	items := make([]kit.Item, len(c.names))
	c.rows = make([]*kit.FileRow, len(c.names))
	for i, n := range c.names {
		c.rows[i] = kit.NewFileRow(n.name, n.folder, i == c.at, func() { c.take(i) })
		items[i] = kit.Fixed(c.rows[i])
	}
	switch {
	case c.failed != nil:
		items = []kit.Item{kit.Fixed(kit.NewProse(l.Error(c.failed), 16, kit.Bad, true))}
	case len(items) == 0:
		items = []kit.Item{kit.Fixed(kit.NewProse(l.T("Nothing is in this folder."), 16, kit.Muted, false))}
	}
	c.pane.Set(kit.Tall(2, items...))
	up := kit.NewButton(l.T("Up"), "←", "", kit.PlainLook, c.up)
	places := []kit.Item{kit.Fixed(up)}
	for _, p := range c.places {
		places = append(places, kit.Fixed(kit.NewButton(p.label(l.T), "", "", kit.PlainLook, func() { c.open(p.dir) })))
	}
	places = append(places, kit.Gap(1), kit.Fixed(kit.NewButton(l.T("Go back"), "Esc", "", kit.PlainLook, func() { c.close("") })))
	path := kit.NewFit(c.dir, 15, kit.Muted, false, 1)
	path.Cut = true
	size := c.room.win.Canvas().Size()
	body := kit.Inset(16, 18, kit.Col(10,
		kit.Fixed(kit.NewText(l.T("Choose the file"), 24, kit.Ink, true)),
		kit.Fixed(path), kit.Fixed(kit.Row(8, places...)), kit.Fixed(kit.Rule()), kit.Grow(1, c.pane)))
	if c.popup == nil {
		c.popup = widget.NewModalPopUp(body, c.room.win.Canvas())
	}
	c.popup.Content = body
	c.popup.Resize(fyne.NewSize(min(size.Width*0.8, kit.Px(820)), size.Height*0.86))
	c.popup.Show()
	c.popup.Refresh()
	c.mark()
}

// mark shows which name Enter takes.
func (c *chooser) mark() {
	for i, r := range c.rows {
		r.SetChosen(i == c.at)
	}
	if c.at < len(c.rows) {
		c.pane.Reveal(c.rows[c.at])
	}
}

// take opens a folder, or chooses a file.
func (c *chooser) take(i int) {
	if i < 0 || i >= len(c.names) {
		return
	}
	path := filepath.Join(c.dir, c.names[i].name)
	if c.names[i].folder {
		c.open(path)
		return
	}
	c.close(path)
}

func (c *chooser) up() { c.open(filepath.Dir(c.dir)) }

func (c *chooser) close(file string) {
	if c.chosen == nil {
		return
	}
	chosen := c.chosen
	c.chosen = nil
	if c.popup != nil {
		c.popup.Hide()
	}
	chosen(file)
}

func (c *chooser) onKey(k fyne.KeyName) {
	switch k {
	case fyne.KeyEscape:
		c.close("")
	case fyne.KeyBackspace, fyne.KeyLeft:
		c.up()
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyRight:
		c.take(c.at)
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyPageUp, fyne.KeyPageDown:
		step := map[fyne.KeyName]int{fyne.KeyUp: -1, fyne.KeyDown: 1, fyne.KeyPageUp: -10, fyne.KeyPageDown: 10}[k]
		c.at = max(min(c.at+step, len(c.names)-1), 0)
		c.mark()
	}
}

// root is a place where a search for a file begins.
type root struct{ name, dir string }

func (r root) label(t func(string, ...any) string) string {
	switch r.name {
	case "":
		return r.dir
	case "downloads":
		return t("Downloads")
	}
	return t("Own files")
}

// roots are where files are looked for: what a browser downloaded, the person's own folder and, on Windows, the drives.
func roots() []root {
	var all []root
	home, err := os.UserHomeDir()
	if err == nil {
		if d := downloads(home); d != home {
			all = append(all, root{"downloads", d})
		}
		all = append(all, root{"home", home})
	}
	if runtime.GOOS != "windows" {
		return all
	}
	for letter := 'C'; letter <= 'Z'; letter++ {
		drive := string(letter) + `:\`
		if _, err := os.Stat(drive); err == nil {
			all = append(all, root{"", drive})
		}
	}
	return all
}

// downloads is where a browser puts what the platforms hand out, or else the person's own folder.
func downloads(home string) string {
	for _, name := range []string{"Downloads", "下载"} {
		if info, err := os.Stat(filepath.Join(home, name)); err == nil && info.IsDir() {
			return filepath.Join(home, name)
		}
	}
	return home
}
