package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/skip2/go-qrcode"

	"saoma/cmd/internal/config"
	"saoma/payments/sandbox"
	"saoma/ui/kit"
)

// tillWindow is the counter's window on a screen, with the bench on both sides of it.
type tillWindow struct {
	screen   *screen
	platform *platform
	relay    *relay
	program  *program

	code    image.Rectangle // where the code is drawn, without its margin
	codeURL string          // of the last code seen
	success image.Point     // is green when a payment has been received, and only then
}

// walletKeys charge with each wallet in turn.
var walletKeys = []xproto.Keysym{keyF1, keyF2}

var (
	black = color.RGBA{A: 0xFF} // nothing but the code is as dark
	green = color.RGBA{kit.Good.R, kit.Good.G, kit.Good.B, 0xFF}
)

func newTillWindow(ctx context.Context, s settings, x *screen, path string) (*tillWindow, error) {
	dir, err := s.folder("window")
	if err != nil {
		return nil, err
	}
	listen := config.FreeAddress()
	w := &tillWindow{screen: x, relay: &relay{to: "http://" + listen, told: make(chan span, 16)}}
	if w.platform, err = newPlatform(dir, listen, w.relay); err != nil {
		return nil, err
	}
	if w.program, err = x.start(ctx, dir, path, "--data", dir, "--mute"); err != nil {
		return nil, errors.Join(err, w.platform.close())
	}
	if _, err = x.awaitWindow(ctx, w.program); err != nil {
		w.program.stop()
		return nil, errors.Join(err, w.platform.close())
	}
	return w, nil
}

// relay passes notifications on to the counter and notes how long each took to be answered.
type relay struct {
	to   string
	told chan span
}

func (r *relay) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		http.Error(w, "not readable", http.StatusBadRequest)
		return
	}
	from := time.Now()
	out, err := http.NewRequestWithContext(in.Context(), in.Method, r.to+in.URL.Path, bytes.NewReader(body))
	if err == nil {
		out.Header = in.Header.Clone()
		err = r.pass(w, out, from)
	}
	if err != nil {
		http.Error(w, "the counter does not answer", http.StatusBadGateway)
	}
}

func (r *relay) pass(w http.ResponseWriter, out *http.Request, from time.Time) error {
	answer, err := http.DefaultClient.Do(out)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusOK && out.Method == http.MethodPost { // the counter's own look at /healthz is none
		r.told <- span{from, time.Now()}
	}
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	w.Write(text)
	return nil
}

// answered is how long the next notification took.
func (r *relay) answered() (span, error) {
	select {
	case s := <-r.told:
		return s, nil
	case <-time.After(patience):
		return span{}, errors.New("no notification was answered with success")
	}
}

// keyIn types the amount of the next sale.
func (w *tillWindow) keyIn() error {
	for _, key := range "12.50" {
		if err := w.screen.press(xproto.Keysym(key)); err != nil {
			return err
		}
	}
	return nil
}

// learn makes one sale to see where the code and the mark of success are drawn.
func (w *tillWindow) learn(ctx context.Context) error {
	rest()
	idle, err := w.screen.look(w.screen.frame)
	if err != nil {
		return err
	}
	if err := errors.Join(w.keyIn(), w.screen.press(walletKeys[0])); err != nil {
		return err
	}
	err = w.screen.until(ctx, "the gateway's answer", func() (bool, error) { return len(w.platform.sandbox.Orders()) > 0, nil })
	if err != nil {
		return err
	}
	time.Sleep(time.Second) // by now it is drawn, however slow this machine is
	shown, err := w.screen.look(w.screen.frame)
	if err != nil {
		return err
	}
	for at := range points(w.screen.frame) {
		if shown.RGBAAt(at.X, at.Y) == black && idle.RGBAAt(at.X, at.Y) != black {
			w.code = w.code.Union(image.Rectangle{at, at.Add(image.Pt(1, 1))})
		}
	}
	order, err := w.readCode()
	if err != nil {
		return err
	}
	if err := w.platform.sandbox.Pay(order.OutTradeNo); err != nil {
		return err
	}
	if _, err := w.relay.answered(); err != nil {
		return err
	}
	time.Sleep(time.Second)
	return w.learnSuccess(idle, shown)
}

// learnSuccess finds a place near the left edge of the green card, where no text comes.
func (w *tillWindow) learnSuccess(before ...*image.RGBA) error {
	paid, err := w.screen.look(w.screen.frame)
	if err != nil {
		return err
	}
	const inside = 6
	for y := w.code.Max.Y - 1; y >= w.code.Min.Y; y-- {
		x := w.code.Min.X
		for x > 0 && paid.RGBAAt(x, y) == green {
			x--
		}
		w.success = image.Pt(x+inside, y)
		if w.code.Min.X-x < inside {
			continue
		}
		for _, img := range before {
			if img.RGBAAt(w.success.X, w.success.Y) == green {
				return errors.New("the window was green before the payment")
			}
		}
		return nil
	}
	return errors.New("the mark of success was not found")
}

// last is the end of the code that is painted last; a finder pattern makes it black in every code.
func (w *tillWindow) last() image.Point { return image.Pt(w.code.Min.X, w.code.Max.Y-1) }

// readCode compares the code on the screen with the newest order's, module by module.
func (w *tillWindow) readCode() (sandbox.Order, error) {
	orders := w.platform.sandbox.Orders()
	order := orders[len(orders)-1]
	code, err := qrcode.New(order.CodeURL, qrcode.Medium)
	if err != nil {
		return order, err
	}
	code.DisableBorder = true
	modules := code.Bitmap()
	if side := len(modules); w.code.Dx() < 2*side || w.code.Dy() < 2*side {
		return order, fmt.Errorf("%v is no place for a code of %d modules", w.code, side)
	}
	img, err := w.screen.look(w.code)
	if err != nil {
		return order, err
	}
	middle := func(i, room int) int { return (2*i + 1) * room / (2 * len(modules)) }
	for y, row := range modules {
		for x, dark := range row {
			at := w.code.Min.Add(image.Pt(middle(x, w.code.Dx()), middle(y, w.code.Dy())))
			if (img.RGBAAt(at.X, at.Y) == black) != dark {
				return order, fmt.Errorf("the code on the screen is not %s", order.CodeURL)
			}
		}
	}
	w.codeURL = order.CodeURL
	return order, nil
}

// gatewayTime is how long the gateway took for the code just asked for.
func (w *tillWindow) gatewayTime() (span, error) {
	seen := w.platform.created()
	if len(seen) != 1 {
		return span{}, fmt.Errorf("the gateway was asked for %d codes, not for one", len(seen))
	}
	return seen[0], nil
}

// keep saves what the screen shows, where that was asked for.
func (w *tillWindow) keep(s settings, name string) error {
	if s.shots == "" {
		return nil
	}
	img, err := w.screen.look(whole)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(s.shots, name+".png"))
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}

// points are all points of r, row by row.
func points(r image.Rectangle) iter.Seq[image.Point] {
	return func(yield func(image.Point) bool) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				if !yield(image.Pt(x, y)) {
					return
				}
			}
		}
	}
}
