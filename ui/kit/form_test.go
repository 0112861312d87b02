package kit

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// secretKey stands for a key: its text must not be seen.
const secretKey = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n"

func newTestPaper(t *testing.T) (*PaperField, *int) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(NewTheme(1))
	chosen := new(int)
	p := NewPaperField("drop", "Choose", func(fyne.KeyName) {}, func() { *chosen++ }, func(n int) string { return strings.Repeat("*", n) })
	test.NewTempWindow(t, p.Object).Resize(fyne.NewSize(600, 60))
	return p, chosen
}

func TestAPastedKeyIsKeptWholeAndNotShown(t *testing.T) {
	p, _ := newTestPaper(t)
	p.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipped(secretKey)})
	if p.Value() != secretKey {
		t.Errorf("kept %q", p.Value())
	}
	if strings.Contains(p.Text, "MII") || p.Text != strings.Repeat("*", len(strings.TrimSpace(secretKey))) {
		t.Errorf("the field shows %q", p.Text)
	}
	test.Type(p, "x") // what was pasted is gone, as are the words for it
	if p.Value() != "" {
		t.Errorf("typed over, it holds %q", p.Value())
	}
	p.TypedShortcut(&fyne.ShortcutPaste{Clipboard: clipped("/home/shop/apiclient_key.pem")})
	if p.Value() != "/home/shop/apiclient_key.pem" || p.Text != p.Value() {
		t.Errorf("a file's name pasted in: %q", p.Value())
	}
}

func TestF4ChoosesAFile(t *testing.T) {
	p, chosen := newTestPaper(t)
	p.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF4})
	if *chosen != 1 {
		t.Error("F4 chose nothing")
	}
}

func TestAPickIsChosenByKeys(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme(1))
	p := NewPick([]string{"a", "b", "c"}, []string{"A", "B", "C"}, func(fyne.KeyName) {})
	var told []string
	p.OnChanged = func(v string) { told = append(told, v) }
	p.SetValue("b")
	for _, k := range []fyne.KeyName{fyne.KeyDown, fyne.KeyDown, fyne.KeyUp, fyne.KeyUp, fyne.KeyUp} {
		p.TypedKey(&fyne.KeyEvent{Name: k})
	}
	if got := strings.Join(told, ""); got != "cba" || p.Value() != "a" {
		t.Errorf("told %q, holds %q", got, p.Value())
	}
	if p.SetValue("nonsense"); p.Value() != "a" {
		t.Errorf("an unknown value chose %q", p.Value())
	}
}

// TestProseTakesTheHeightItNeeds puts long texts of unknown height below each other: none covers the next, and the
// pane scrolls to what does not fit.
func TestProseTakesTheHeightItNeeds(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme(1))
	long := strings.Repeat("收银员扫码收款 ", 30) + strings.Repeat("A", 200)
	first, second := NewProse(long, 16, Ink, false), NewProse("end", 16, Ink, false)
	pane := NewPane()
	pane.Set(Tall(4, Fixed(Inset(5, 7, Tall(0, Fixed(first)))), Fixed(Row(10, Share(1, Tall(0, Fixed(second))), Share(1, NewText("x", 16, Ink, false))))))
	window := test.NewTempWindow(t, pane)
	for _, width := range []float32{300, 900} {
		window.Resize(fyne.NewSize(width, 120))
		lines := test.WidgetRenderer(first).Objects()
		var text string
		for _, o := range lines {
			line := o.(*canvas.Text)
			if text += line.Text; line.MinSize().Width > first.Size().Width+0.5 {
				t.Errorf("at %v: a line is %v wide, the room is %v", width, line.MinSize().Width, first.Size().Width)
			}
		}
		if strings.ReplaceAll(text, " ", "") != strings.ReplaceAll(long, " ", "") {
			t.Errorf("at %v: some of the text is lost", width)
		}
		if least := first.line() * float32(len(lines)); first.Size().Height < least-0.5 {
			t.Errorf("at %v: %d lines in a height of %v", width, len(lines), first.Size().Height)
		}
		driver := fyne.CurrentApp().Driver()
		if top := driver.AbsolutePositionForObject(second).Y; top < driver.AbsolutePositionForObject(first).Y+first.Size().Height {
			t.Errorf("at %v: the second text lies over the first", width)
		}
		pane.Reveal(second)
		if y := driver.AbsolutePositionForObject(second).Y; y < 0 || y+second.Size().Height > window.Canvas().Size().Height {
			t.Errorf("at %v: revealed at %v, which cannot be seen", width, y)
		}
	}
}

func TestEitherShowsWhatFits(t *testing.T) {
	test.NewTempApp(t)
	wide, narrow := canvas.NewRectangle(Ink), canvas.NewRectangle(Ink)
	wide.SetMinSize(fyne.NewSize(200, 10))
	narrow.SetMinSize(fyne.NewSize(100, 10))
	e := Either(wide, narrow)
	for width, wantWide := range map[float32]bool{250: true, 200: true, 199: false, 100: false} {
		if e.Resize(fyne.NewSize(width, 10)); wide.Visible() != wantWide || narrow.Visible() == wantWide {
			t.Errorf("at %v: wide %v, narrow %v", width, wide.Visible(), narrow.Visible())
		}
	}
	if e.MinSize().Width != 100 {
		t.Errorf("needs %v", e.MinSize())
	}
}
