package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math/rand/v2"
	"time"

	"saoma/db"
	"saoma/payments/sandbox"
)

// Fyne paints at most 60 times a second: a key waits up to 17 ms until it is read, and what follows from it is painted by
// the next frame at the earliest. What a bare window takes is therefore printed beside the drawing.
const (
	chargeGoal = 30 * time.Millisecond
	paidGoal   = 60 * time.Millisecond
	pause      = 400 * time.Millisecond // for a person, and for the window to come to rest
)

// windowRows measures charges and payments through the real window, as a cashier would see them.
func windowRows(ctx context.Context, s settings) (lines []line, err error) {
	built, err := buildBinaries(ctx, s)
	if err != nil {
		return nil, err
	}
	x, err := newScreen(ctx)
	if err != nil {
		return nil, err
	}
	defer x.close()
	repaint, err := bareRepaints(ctx, s, x, built.bare)
	if err != nil {
		return nil, err
	}
	w, err := newTillWindow(ctx, s, x, built.saoma)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.platform.close()) }()
	t, err := w.run(ctx, s)
	w.program.stop()
	if err != nil {
		return nil, err
	}
	l, err := db.OpenReadOnly(ctx, w.platform.data)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(sound(ctx, l), l.Close()); err != nil {
		return nil, err
	}
	limits, err := w.limits(s)
	if err != nil {
		return nil, err
	}
	return t.lines(limits, repaint), nil
}

// taken are the parts of the rounds, each as the bench saw it from outside.
type taken struct {
	charge  times // key pressed to QR code seen, less the gateway's time
	asking  times // of that, key pressed to the request's arrival at the gateway
	drawing times // of that, the gateway's answer to QR code seen
	paid    times // notification sent to success seen
	durable times // of that, to its answer
}

// limits are the bare work behind each.
type limits struct{ charge, paid times }

func (t taken) lines(l limits, repaint times) []line {
	return []line{{
		row: 1, what: say("charge to QR code drawn, less the gateway's time", "收款到二维码画出（不含网关耗时）"), measured: t.charge.String(),
		limit: say("%s 2 bare commits + QR encoding", "%s 两次裸提交 + 二维码编码", l.charge), ratio: t.charge.ratioTo(l.charge),
		target: "p95 <= " + ms(chargeGoal), met: met(t.charge.at(95) <= chargeGoal),
	}, {
		row: 1, what: say("  key to the request at the gateway", "  按键到请求抵达网关"), measured: t.asking.String(),
		limit: "-", ratio: "-", target: "-", met: "-",
	}, {
		row: 1, what: say("  the gateway's answer to QR code drawn", "  网关应答到二维码画出"), measured: t.drawing.String(),
		limit: say("%s a key to a bare Fyne window repainted", "%s 裸 Fyne 窗口按键到重画", repaint), ratio: t.drawing.ratioTo(repaint),
		target: "-", met: "-",
	}, {
		row: 2, what: say("notification to durable to window repainted", "通知到落盘到窗口重画"), measured: t.paid.String(),
		limit: say("%s RSA verification + bare commit", "%s RSA 验签 + 一次裸提交", l.paid), ratio: t.paid.ratioTo(l.paid),
		target: "p95 <= " + ms(paidGoal), met: met(t.paid.at(95) <= paidGoal),
	}, {
		row: 2, what: say("  notification to durable and answered", "  通知到落盘并应答"), measured: t.durable.String(),
		limit: say("%s the same", "%s 同上", l.paid), ratio: t.durable.ratioTo(l.paid), target: "-", met: "-",
	}}
}

// bareRepaints measures how long a bare Fyne window takes from a key to its new colour on the screen.
func bareRepaints(ctx context.Context, s settings, x *screen, path string) (t times, err error) {
	dir, err := s.folder("bare")
	if err != nil {
		return nil, err
	}
	p, err := x.start(ctx, dir, path)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	if _, err := x.awaitWindow(ctx, p); err != nil {
		return nil, err
	}
	middle := image.Pt(screenWidth/2, screenHeight/2)
	for range s.rounds {
		rest()
		before, err := x.pixel(middle)
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		if err := x.press(keySpace); err != nil {
			return nil, err
		}
		err = x.until(ctx, "another colour", func() (bool, error) {
			now, err := x.pixel(middle)
			return now != before, err
		})
		if err != nil {
			return nil, err
		}
		t = append(t, time.Since(begin))
	}
	return t, nil
}

// rest waits about a pause, never in step with the window's own clock.
func rest() { time.Sleep(pause + rand.N(50*time.Millisecond)) }

// run charges and pays once to learn where things are drawn, and then as often as asked for.
func (w *tillWindow) run(ctx context.Context, s settings) (taken, error) {
	progress("%d charges and payments through the window", "通过窗口收款 %d 次", s.rounds)
	var t taken
	if err := w.learn(ctx); err != nil {
		return t, errors.Join(err, w.keep(s, "failed"))
	}
	for i := range s.rounds {
		if err := w.round(ctx, i, &t); err != nil {
			return t, errors.Join(err, w.keep(s, "failed"))
		}
	}
	return t, w.keep(s, "paid")
}

// round is one sale.
func (w *tillWindow) round(ctx context.Context, i int, t *taken) error {
	if err := w.keyIn(); err != nil {
		return err
	}
	rest()
	w.platform.created()
	pressed := time.Now()
	if err := w.screen.press(walletKeys[i%len(walletKeys)]); err != nil {
		return err
	}
	drawn, err := w.screen.await(ctx, "a QR code", w.last(), black)
	if err != nil {
		return err
	}
	gateway, err := w.gatewayTime()
	if err != nil {
		return err
	}
	t.charge = append(t.charge, drawn.Sub(pressed)-gateway.took())
	t.asking = append(t.asking, gateway.from.Sub(pressed))
	t.drawing = append(t.drawing, drawn.Sub(gateway.to))
	order, err := w.readCode()
	if err != nil {
		return err
	}
	rest()
	notified, seen, err := w.pay(ctx, order)
	if err != nil {
		return err
	}
	t.paid = append(t.paid, seen.Sub(notified.from))
	t.durable = append(t.durable, notified.took())
	rest()
	return nil
}

// pay has the customer pay, and returns how long the notification was under way and when success was seen.
func (w *tillWindow) pay(ctx context.Context, o sandbox.Order) (span, time.Time, error) {
	if err := w.platform.sandbox.Pay(o.OutTradeNo); err != nil {
		return span{}, time.Time{}, err
	}
	seen, err := w.screen.await(ctx, "the mark of success", w.success, green)
	if err != nil {
		return span{}, seen, err
	}
	notified, err := w.relay.answered()
	return notified, seen, err
}

// limits measures the bare work behind the rounds.
func (w *tillWindow) limits(s settings) (l limits, err error) {
	bare, err := openCommits(w.platform.data)
	if err != nil {
		return l, err
	}
	defer bare.close()
	message, err := sign(w.platform.papers.WeChat.PlatformKey, bytes.Repeat([]byte("notification"), 80))
	if err != nil {
		return l, err
	}
	l.charge, err = repeat(10*s.rounds, func() error { return errors.Join(bare.one(), encode(w.codeURL), bare.one()) })
	if err != nil {
		return l, err
	}
	l.paid, err = repeat(10*s.rounds, func() error { return errors.Join(message.verify(), bare.one()) })
	return l, err
}
