package notify_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"saoma/payments/notify"
	"saoma/pos"
)

// delivery is a way to send a genuine notification that HTTP itself has to turn away.
type delivery struct {
	name    string
	want    answer
	deliver func(*rig, request) (int, string)
}

// transport lists them. None may reach the till.
func transport() []delivery {
	wire := func(name string, message func(q request, host string) string) delivery {
		return delivery{name, turnedAway, func(r *rig, q request) (int, string) {
			return r.wire(message(q, strings.TrimPrefix(r.url, "http://")))
		}}
	}
	head := func(q request, host string, more ...string) string {
		var b bytes.Buffer
		fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", q.path, host)
		q.header.Write(&b)
		for _, line := range more {
			b.WriteString(line + "\r\n")
		}
		return b.String() + "\r\n"
	}
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d", n) }
	const huge = 10 << 20
	return []delivery{
		{"10 MB body", turnedAway, func(r *rig, q request) (int, string) {
			q.body = append(bytes.Clone(q.body), bytes.Repeat([]byte(" "), huge)...)
			return r.post(q)
		}},
		wire("10 MB body of unknown length", func(q request, host string) string {
			return head(q, host, "Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n", huge) + strings.Repeat(" ", huge) + "\r\n0\r\n\r\n"
		}),
		{"gzip bomb", refused, func(r *rig, q request) (int, string) {
			q.header = q.header.Clone()
			q.header.Set("Content-Encoding", "gzip")
			q.body = packed(append(bytes.Clone(q.body), make([]byte, huge)...))
			return r.tell(q)
		}},
		{"gzip of the very notification", refused, func(r *rig, q request) (int, string) {
			q.header = q.header.Clone()
			q.header.Set("Content-Encoding", "gzip")
			q.body = packed(q.body)
			return r.tell(q)
		}},
		wire("gzip as a transfer encoding", func(q request, host string) string {
			return head(q, host, "Transfer-Encoding: gzip, chunked") + "0\r\n\r\n"
		}),
		wire("two lengths", func(q request, host string) string {
			return head(q, host, length(len(q.body)), length(1)) + string(q.body)
		}),
		wire("length and chunks", func(q request, host string) string {
			return head(q, host, length(len(q.body)), "Transfer-Encoding: chunked") + "0\r\n\r\n" + string(q.body)
		}),
		wire("broken chunk", func(q request, host string) string {
			return head(q, host, "Transfer-Encoding: chunked") + "zz\r\n" + string(q.body)
		}),
		wire("less than its length", func(q request, host string) string {
			return head(q, host, length(len(q.body)+1)) + string(q.body)
		}),
		wire("header of 64 KB", func(q request, host string) string {
			return head(q, host, "X-Long: "+strings.Repeat("x", 64<<10), length(len(q.body))) + string(q.body)
		}),
		wire("zero byte in a header", func(q request, host string) string {
			return head(q, host, "X-Zero: \x00", length(len(q.body))) + string(q.body)
		}),
		wire("not POST", func(q request, host string) string {
			return strings.Replace(head(q, host, length(len(q.body))), "POST", "PUT", 1) + string(q.body)
		}),
		wire("not HTTP", func(q request, _ string) string { return string(q.body) + "\r\n\r\n" }),
	}
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// wire sends a message as it stands, and returns what was answered.
func (r *rig) wire(message string) (int, string) {
	r.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	r.must(err)
	defer conn.Close()
	r.must(conn.SetDeadline(time.Now().Add(time.Minute)))
	go func() {
		io.WriteString(conn, message) // the server may hang up in the middle
		conn.(*net.TCPConn).CloseWrite()
	}()
	a, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer a.Body.Close()
	text, _ := io.ReadAll(a.Body)
	return a.StatusCode, string(text)
}

// Many who send a byte now and then hold nobody up, and are cut off.
func TestSlowSendersAreCutOff(t *testing.T) {
	r := newRig(t)
	const each = 50
	sent := map[string]string{
		"nothing": "",
		"header":  "POST /notify/wechat HTTP/1.1\r\nHost: x\r\nX-A: ",
		"body":    "POST /notify/wechat HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{",
		"chunk":   "POST /notify/alipay HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
	}
	var all sync.WaitGroup
	for name, begin := range sent {
		for range each {
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
			r.must(err)
			defer conn.Close()
			all.Go(func() {
				if err := dribble(conn, begin); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	for _, w := range pos.Wallets { // while they are at it
		p := r.charge(w)
		q := map[pos.Wallet]func() request{pos.WeChat: func() request { return r.wechatNotice(p).request() }, pos.Alipay: func() request { return r.alipayNotice(p).request() }}[w]()
		r.paid(p, q)
	}
	all.Wait()
	if len(r.exceptions()) > 0 || r.paidInLedger() != 2*price {
		t.Errorf("ledger %s, exceptions %+v", r.paidInLedger(), r.exceptions())
	}
	r.verified()
	r.quiet("")
	fresh := notify.Server("127.0.0.1:9", nil, nil)
	if fresh.Addr != "127.0.0.1:9" || fresh.IdleTimeout <= 0 || fresh.WriteTimeout <= 0 || fresh.MaxHeaderBytes > 64<<10 {
		t.Errorf("limits %+v", fresh)
	}
}

// dribble sends begin and then a byte at a time until the server ends the connection.
func dribble(conn net.Conn, begin string) error {
	if _, err := io.WriteString(conn, begin); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		answer, err := io.ReadAll(conn)
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			ended <- fmt.Errorf("still connected after a minute")
		} else if strings.Contains(string(answer), " 200 ") {
			ended <- fmt.Errorf("answered %s", answer)
		} else {
			ended <- nil
		}
	}()
	for tick := time.Tick(100 * time.Millisecond); ; {
		select {
		case err := <-ended:
			return err
		case <-tick:
			if begin != "" {
				io.WriteString(conn, "a") // fails once the server has hung up
			}
		}
	}
}
