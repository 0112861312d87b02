package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// controller is saomactl working on one data folder.
type controller struct{ data string }

func (c controller) command(ctx context.Context, args ...string) *exec.Cmd {
	return command(ctx, nil, binary("saomactl"), append([]string{"--data", c.data}, args...)...)
}

// ensureData makes a folder wired to a sandbox where there is none; one that exists is left as it is.
func (c controller) ensureData(ctx context.Context) error {
	_, err := os.Stat(filepath.Join(c.data, "saoma.toml"))
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return step(say("new sandbox shop in %s", "在 %s 新建沙箱店铺", c.data), func() error {
		cmd := c.command(ctx, "init", "--sandbox")
		cmd.Stdout = nil // it says what to type next, and that is what we do ourselves
		return cmd.Run()
	})
}

// sandbox is a running "saomactl sandbox".
type sandbox struct {
	url  string // without a slash at its end
	stop func() // ends it and waits until it has ended
}

// startSandbox starts both simulated gateways and waits until they listen.
func (c controller) startSandbox(ctx context.Context) (*sandbox, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := c.command(ctx, "--json", "sandbox")
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	lines := bufio.NewReader(pipe)
	late := time.AfterFunc(20*time.Second, cancel) // ends the child, and with it the wait for its first line
	first, err := lines.ReadBytes('\n')
	late.Stop()
	var event struct{ Event, URL, Phone string }
	if err == nil {
		err = json.Unmarshal(first, &event)
	}
	if err != nil || event.Event != "listening" || event.URL == "" {
		cancel()
		_ = cmd.Wait() // the sandbox has said why on stderr
		return nil, failure{1, say("The sandbox did not start (its words are above). If a counter is open on %s already, use its window, close it first, or take another folder with --data.",
			"沙箱未能启动（原因见上）。如果 %s 上已有收银台在运行，请使用它的窗口、先将其关闭，或用 --data 换一个目录。", c.data)}
	}
	fmt.Println(say("Sandbox: %s    the customer's phone: %s", "沙箱：%s    顾客手机：%s", event.URL, event.Phone))
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, lines) // a full pipe would stop the sandbox
		_ = cmd.Wait()
		close(ended)
	}()
	return &sandbox{url: event.URL, stop: func() { cancel(); <-ended }}, nil
}

// sandboxOrder is one order as the sandbox lists it.
type sandboxOrder struct {
	OutTradeNo string `json:"out_trade_no"`
}

var loopback = http.Client{Timeout: 5 * time.Second}

// orders lists what the simulated gateways know.
func (s *sandbox) orders(ctx context.Context) ([]sandboxOrder, error) {
	var orders []sandboxOrder
	body, err := s.call(ctx, http.MethodGet, "/sandbox/orders", nil)
	if err == nil {
		err = json.Unmarshal(body, &orders)
	}
	return orders, err
}

// pay does what the customer does: scan the code and press Pay.
func (s *sandbox) pay(ctx context.Context, outTradeNo string) error {
	body, err := json.Marshal(map[string]string{"out_trade_no": outTradeNo})
	if err == nil {
		_, err = s.call(ctx, http.MethodPost, "/sandbox/pay", body)
	}
	return err
}

func (s *sandbox) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := loopback.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(answer))
	}
	return answer, err
}
