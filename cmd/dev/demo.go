package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// demonstrate makes one sale per wallet in the terminal. It needs no display, no C compiler and no system package.
func demonstrate(ctx context.Context, data string) error {
	env := environment{"CGO_ENABLED=0"}
	if err := modules(ctx, env); err != nil {
		return err
	}
	if err := build(ctx, env, "saomactl"); err != nil {
		return err
	}
	ctl := controller{data}
	if err := ctl.ensureData(ctx); err != nil {
		return err
	}
	box, err := ctl.startSandbox(ctx)
	if err != nil {
		return err
	}
	defer box.stop()
	for _, sale := range []struct{ wallet, amount, title string }{
		{"wechat", "12.50", say("Coffee", "咖啡")},
		{"alipay", "8.00", say("Tea", "茶")},
	} {
		name := say("charge ¥%s with %s", "用 %[2]s 收款 ¥%[1]s", sale.amount, walletName(sale.wallet))
		err := step(name, func() error { return ctl.sell(ctx, box, sale.wallet, sale.amount, sale.title) })
		if err != nil {
			return err
		}
	}
	return ctl.printLedger(ctx)
}

func walletName(wallet string) string {
	if wallet == "wechat" {
		return say("WeChat Pay", "微信支付")
	}
	return say("Alipay", "支付宝")
}

// sell charges, plays the customer once the code is shown, and waits until the counter has seen the money.
func (c controller) sell(ctx context.Context, box *sandbox, wallet, amount, title string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	before, err := box.orders(ctx)
	if err != nil {
		return err
	}
	charge := c.command(ctx, "charge", amount, "--wallet", wallet, "--title", title)
	if err := charge.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- charge.Wait() }()
	if err := box.customer(ctx, before, ended); err != nil {
		cancel()
		<-ended
		return err
	}
	return <-ended
}

// customer waits for the order that was not there before and pays it. If the charge ends first, there is nothing to pay:
// its end stays in ended for the caller.
func (s *sandbox) customer(ctx context.Context, before []sandboxOrder, ended chan error) error {
	for len(ended) == 0 {
		now, err := s.orders(ctx)
		if err != nil {
			return err
		}
		fresh := slices.IndexFunc(now, func(o sandboxOrder) bool { return !slices.Contains(before, o) })
		if fresh < 0 {
			if err := sleep(ctx, 50*time.Millisecond); err != nil {
				return err
			}
			continue
		}
		if err := sleep(ctx, time.Second); err != nil { // the code is drawn by now, and a customer is not faster
			return err
		}
		fmt.Println(say("    The customer scans the code of %s and pays.", "    顾客扫描 %s 的二维码并付款。", now[fresh].OutTradeNo))
		return s.pay(ctx, now[fresh].OutTradeNo)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// printLedger shows that the money is in the ledger, once, and that every invariant holds.
func (c controller) printLedger(ctx context.Context) error {
	for _, view := range []struct {
		title string
		args  []string
	}{
		{say("the orders", "订单"), []string{"orders"}},
		{say("the day's report", "当日报表"), []string{"report"}},
		{say("the ledger, verified", "核验账本"), []string{"verify"}},
	} {
		if err := step(view.title, func() error { return c.command(ctx, view.args...).Run() }); err != nil {
			return err
		}
	}
	fmt.Println(say("\nThe data stays in %s. With a display, the same command opens the counter's window.",
		"\n数据保存在 %s。在有图形界面的环境中，同一命令会打开收银台窗口。", c.data))
	return nil
}
