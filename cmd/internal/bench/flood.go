package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"saoma/cmd/internal/config"
)

const (
	floodRate    = 2000 // garbage requests a second
	floodSenders = 64   // connections of garbage
	floodPause   = 50 * time.Millisecond
	floodGoal    = time.Second
	floodLines   = 20 // lines of log that may be about garbage
)

// floodRow measures how long a genuine notification waits for its answer while garbage is sent to the same server.
func floodRow(ctx context.Context, s settings) (lines []line, err error) {
	b, err := newBurst(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	n := max(int(s.flood/floodPause), 1)
	alone := (n + 3) / 4
	progress("preparing %d waiting orders, then %s of garbage", "准备 %d 笔待付订单，随后发送 %s 垃圾请求", n+alone, s.flood)
	if err := b.prepare(ctx, n+alone); err != nil {
		return nil, err
	}
	limit, err := b.spaced(ctx, b.requests[:alone])
	if err != nil {
		return nil, err
	}
	before, err := b.logLines()
	if err != nil {
		return nil, err
	}
	measured, rate, err := b.flooded(ctx, b.requests[alone:])
	if err != nil {
		return nil, err
	}
	after, err := b.logLines()
	if err != nil {
		return nil, err
	}
	logged := after - before - n // each genuine one has its own
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	return []line{{
		row: 6, what: say("notifications answered beside garbage, %d of them, p99", "垃圾请求中通知的应答时间（%d 个），p99", n), measured: ms(measured.at(99)),
		limit: say("%s without garbage", "%s 无垃圾请求", ms(limit.at(99))), ratio: ratio(float64(measured.at(99)), float64(limit.at(99))),
		target: "p99 <= " + ms(floodGoal), met: met(measured.at(99) <= floodGoal),
	}, {
		row: 6, what: say("garbage sent and refused meanwhile, %d connections", "同时发送并被拒绝的垃圾请求，%d 个连接", floodSenders),
		measured: fmt.Sprintf("%.0f/s", rate), limit: "-", ratio: "-", target: fmt.Sprintf(">= %d/s", floodRate), met: met(rate >= floodRate),
	}, {
		row: 6, what: say("afterwards: in the ledger, verified; lines of log about garbage", "事后核对：已入账并通过校验；日志中垃圾请求的行数"),
		measured: say("%d of %d; %d lines", "%d / %d；%d 行", len(b.numbers), n+alone, logged), limit: "-", ratio: "-",
		target: say("all; <= %d lines", "全部；<= %d 行", floodLines), met: met(logged <= floodLines),
	}}, nil
}

// logLines is how many lines the counter has logged.
func (b *burst) logLines() (int, error) {
	text, err := os.ReadFile(filepath.Join(b.platform.data, config.LogName))
	return bytes.Count(text, []byte("\n")), err
}

// spaced sends genuine notifications at even distances, whether or not those before are answered, and returns how
// long after its time each was answered. As a platform may, it opens a connection for each.
func (b *burst) spaced(ctx context.Context, requests [][]byte) (times, error) {
	took, errs := make(times, len(requests)), make([]error, len(requests))
	var all sync.WaitGroup
	begin := time.Now()
	for i, request := range requests {
		due := begin.Add(time.Duration(i) * floodPause)
		all.Go(func() {
			time.Sleep(time.Until(due))
			for errs[i] = once(ctx, b.addr, request); errs[i] != nil && time.Since(due) < patience && ctx.Err() == nil; {
				time.Sleep(floodPause) // the platform tells again, too
				errs[i] = once(ctx, b.addr, request)
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}

// once tells one notification over a connection of its own.
func once(ctx context.Context, addr string, request []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	return teller{conn, bufio.NewReader(conn)}.tell(request)
}

// flooded is spaced while garbage is sent. It returns the garbage's rate by the second, too.
func (b *burst) flooded(ctx context.Context, requests [][]byte) (took times, rate float64, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f := flood{addr: b.addr, begin: time.Now(), garbage: b.garbage()}
	var senders sync.WaitGroup
	for range floodSenders {
		senders.Go(func() { f.send(ctx) })
	}
	took, err = b.spaced(ctx, requests)
	rate = float64(f.refused.Load()) / time.Since(f.begin).Seconds()
	stop()
	senders.Wait()
	if n := f.accepted.Load(); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d pieces of garbage were accepted", n))
	}
	return took, rate, err
}

// flood is garbage on its way.
type flood struct {
	addr     string
	begin    time.Time
	garbage  [][]byte
	next     atomic.Int64
	refused  atomic.Int64
	accepted atomic.Int64
}

// send sends the next piece when its time has come, until ctx ends. The server may hang up at any time.
func (f *flood) send(ctx context.Context) {
	const pace = floodRate + floodRate/50 // a little more, so that the mean is reached
	var t teller
	defer func() { t.close() }()
	for ctx.Err() == nil {
		i := f.next.Add(1) - 1
		time.Sleep(time.Until(f.begin.Add(time.Duration(i) * time.Second / pace)))
		if t.conn == nil {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", f.addr)
			if err != nil {
				continue
			}
			t = teller{conn, bufio.NewReader(conn)}
		}
		status, open := t.offer(f.garbage[int(i)%len(f.garbage)])
		switch {
		case status == http.StatusOK:
			f.accepted.Add(1)
		case status != 0:
			f.refused.Add(1)
		}
		if !open {
			t.close()
			t = teller{}
		}
	}
}

// offer sends anything and returns the status it is answered with, or 0, and whether the connection stays open.
func (t teller) offer(message []byte) (status int, open bool) {
	if err := t.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, false
	}
	// A message that is too long is answered, and the connection closed, before all of it is taken.
	_, sent := t.conn.Write(message)
	answer, err := http.ReadResponse(t.answers, nil)
	if err != nil {
		return 0, false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err == nil && sent == nil && !answer.Close
}

func (t teller) close() {
	if t.conn != nil {
		t.conn.Close()
	}
}

// garbage is made of a genuine notification, mostly such that costs the server a signature check.
func (b *burst) garbage() [][]byte {
	genuine := b.requests[0]
	flipped := bytes.Clone(genuine)
	flipped[len(flipped)-10] ^= 1
	random := make([]byte, 256)
	rand.Read(random)
	signature := base64.StdEncoding.EncodeToString(random)
	form := url.Values{
		"app_id": {b.platform.papers.Alipay.AppID}, "seller_id": {b.platform.papers.Alipay.SellerID}, "out_trade_no": {b.numbers[0]},
		"trade_no": {"1"}, "trade_status": {"TRADE_SUCCESS"}, "total_amount": {price.String()}, "charset": {"utf-8"},
		"sign_type": {"RSA2"}, "sign": {signature},
	}.Encode()
	post := func(path, kind, body string) []byte {
		return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, b.addr, kind, len(body), body)
	}
	const formType = "application/x-www-form-urlencoded"
	forged := post("/notify/alipay", formType, form)
	return [][]byte{
		flipped, forged, flipped, forged,
		post("/notify/wechat", "application/json", `{"event_type":"TRANSACTION.SUCCESS"}`),
		post("/notify/alipay", formType, strings.Repeat("a=1&", 15<<10)),
		post("/notify/wechat", "application/json", strings.Repeat(" ", 80<<10)),
		post("/notify/"+signature[:8], "text/xml", "<xml/>"),
		[]byte(signature + "\r\n\r\n"), flipped, forged, flipped, forged,
	}
}
