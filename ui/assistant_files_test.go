package ui

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"saoma/pos/setup"
)

func TestDroppedFilesFindTheirFields(t *testing.T) {
	g := newGuided(t, kept(setup.Shop))
	g.a.guide.show(2)
	dir := t.TempDir()
	if err := shopPapers.WriteMerchant(dir); err != nil {
		t.Fatal(err)
	}
	handed, err := shopPapers.HandOut(filepath.Join(dir, "handed"), "http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(dir, "photo.jpg")
	if err := os.WriteFile(stray, []byte("\xff\xd8\xff"), 0o600); err != nil {
		t.Fatal(err)
	}
	value := func(key string) string { return g.a.guide.form.inputs[g.a.guide.form.at(key)].value() }
	drop := func(files ...string) {
		var uris []fyne.URI
		for _, file := range files {
			uris = append(uris, storage.NewFileURI(file))
		}
		g.a.guide.onDropped(fyne.NewPos(5, 5), uris)
	}
	drop(handed.WeChatZip, handed.AlipayAppKey, handed.WeChatPublicKey)
	g.until("each file in its field", func() bool {
		return value("wechat.zip") == handed.WeChatZip && value("wechat.merchant_key_file") == handed.AlipayAppKey &&
			value("wechat.public_key_file") == handed.WeChatPublicKey
	})
	drop(stray)
	g.until("it says that nobody asked for it", func() bool { return g.says("photo.jpg is nothing that this step asks for.") })
	in := g.a.guide.form.inputs[g.a.guide.form.at("wechat.merchant_key_file")]
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(in.object)
	g.a.guide.onDropped(at.AddXY(5, 5), []fyne.URI{storage.NewFileURI(handed.WeChatPublicKey)})
	g.until("a file dropped onto a field is that field's", func() bool { return value("wechat.merchant_key_file") == handed.WeChatPublicKey })
}

func TestAFileIsChosenByKeys(t *testing.T) {
	g := newGuided(t, kept(setup.Shop))
	dir := t.TempDir()
	for _, name := range []string{".hidden", "b.zip", "a.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "z"), 0o700); err != nil {
		t.Fatal(err)
	}
	g.a.guide.show(2)
	g.a.guide.lastDir = filepath.Join(dir, "z")
	g.a.guide.form.inputs[0].focus.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF4})
	shown := func() bool { return g.a.win.Canvas().Overlays().Top() != nil }
	g.until("the list", shown)
	g.key(fyne.KeyBackspace)
	g.until("the folder above", func() bool {
		all := textsOf(g.a.win.Canvas().Overlays().Top())
		return slices.Contains(all, "b.zip") && !slices.Contains(all, ".hidden")
	})
	g.key(fyne.KeyDown) // behind the folder come a.txt and b.zip
	g.key(fyne.KeyDown)
	g.key(fyne.KeyReturn)
	if got := g.a.guide.form.inputs[0].value(); got != filepath.Join(dir, "b.zip") || shown() {
		t.Errorf("chosen %q, still open %v", got, shown())
	}
}

func TestCopiesOfKeysAreDeletedAfterAQuestion(t *testing.T) {
	g := newGuided(t, func(d *double) {
		kept(setup.Shop, setup.WeChat)(d)
		d.outside = []string{"/home/shop/Downloads/apiclient_key.pem"}
	})
	g.a.guide.show(3)
	g.idle()
	if !g.says("apiclient_key.pem") {
		t.Fatal("it does not say which copies lie about")
	}
	g.key(fyne.KeyF8)
	g.key(fyne.KeyReturn) // the safe answer
	if g.idle(); g.d.removed {
		t.Fatal("Enter alone deleted them")
	}
	g.key(fyne.KeyF8)
	tap(g.t, g.a.win.Canvas().Overlays().Top(), "Delete")
	g.idle()
	if !g.d.removed || g.says("apiclient_key.pem") {
		t.Error("the copies are still there")
	}
}
