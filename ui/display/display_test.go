package display

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui/kit"
)

// noKeys stands for a till that is not there.
type noKeys struct{}

func (noKeys) OnRune(rune)        {}
func (noKeys) OnKey(fyne.KeyName) {}

func waiting() *pos.Payment {
	return &pos.Payment{OutTradeNo: "K1A", Wallet: pos.WeChat, Amount: 1250, State: pos.Waiting, CodeURL: "weixin://wxpay/bizpayurl?pr=abc"}
}

func codes(payments ...*pos.Payment) (all []Code) {
	for _, p := range payments {
		all = append(all, Code{Payment: p, Mark: kit.WalletMark{Character: "微", Color: kit.WeChatGreen}})
	}
	return all
}

func open(t *testing.T, size fyne.Size) *Window {
	t.Helper()
	app := test.NewTempApp(t)
	app.Settings().SetTheme(kit.NewTheme(1))
	w := Open(app, View{Language: words.Zh, Shop: "老街茶馆"}, nil, noKeys{}, nil)
	w.win.Resize(size)
	return w
}

func TestCodeIsLargeOnWideAndOnTallScreens(t *testing.T) {
	for _, size := range []fyne.Size{{Width: 1280, Height: 800}, {Width: 800, Height: 1280}, {Width: 800, Height: 480}} {
		w := open(t, size)
		w.Show(View{Language: words.Zh, Shop: "老街茶馆", Payment: waiting(), Codes: codes(waiting()), Left: time.Minute, Whole: time.Minute})
		qr := w.codes[0].Size()
		if least := min(size.Width, size.Height) * 0.45; min(qr.Width, qr.Height) < least {
			t.Errorf("%v: the code is %v; want at least %v", size, qr, least)
		}
		if got := w.win.Title(); got != "Saoma 顾客屏 – 老街茶馆" {
			t.Errorf("title %q", got)
		}
	}
}

func TestTheCodeIsDrawnOnceAndGoesWithThePayment(t *testing.T) {
	w := open(t, fyne.NewSize(1280, 800))
	v := View{Language: words.En, Shop: "Tea", Payment: waiting(), Codes: codes(waiting()), Left: 2 * time.Minute, Whole: 2 * time.Minute}
	w.Show(v)
	first := w.codes[0]
	v.Left = time.Minute
	w.Show(v)
	if w.codes[0] != first {
		t.Error("a tick drew the code anew")
	}
	for _, state := range []pos.PaymentState{pos.Paid, pos.Closing, pos.Created} {
		v.Payment = waiting()
		v.Payment.State = state
		w.Show(v)
		if w.codes != nil {
			t.Errorf("%s: the code is still there", state)
		}
	}
	v.Payment = nil
	w.Show(v)
	if w.codes != nil || w.countdown != nil {
		t.Error("the welcome shows a code")
	}
}

func TestFullScreenIsAskedForWithF11(t *testing.T) {
	w := open(t, fyne.NewSize(960, 640))
	for _, want := range []bool{true, false} {
		w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyF11})
		if w.win.FullScreen() != want {
			t.Errorf("full screen %v; want %v", w.win.FullScreen(), want)
		}
	}
}
