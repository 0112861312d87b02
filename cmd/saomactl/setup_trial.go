package main

import (
	"context"
	"errors"

	"saoma/cmd/internal/counter"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// trialWait is how long the trial waits for its refund.
const trialWait = 2 * defaultWait

// trial takes ¥0.01 through the counter that was just set up and pays it back.
func (s *settingUp) trial(ctx context.Context) error {
	wallet, err := s.trialWallet()
	if err != nil {
		return err
	}
	if err := s.assistant.Close(); err != nil {
		return err
	}
	c, err := s.openTrial(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.payAndReturn(ctx, c, wallet), c.Close())
}

// openTrial opens the counter with the keys that are open already.
func (s *settingUp) openTrial(ctx context.Context) (*counter.Counter, error) {
	dir, err := s.dir()
	if err != nil {
		return nil, err
	}
	keys, err := s.assistant.Vault(ctx)
	if err != nil {
		return nil, err
	}
	return counter.Open(ctx, dir, counter.Options{Vault: keys})
}

func (s *settingUp) payAndReturn(ctx context.Context, c *counter.Counter, wallet pos.Wallet) error {
	who := s.who
	if who == "" {
		who = terminal
	}
	amount := max(1, c.Shop.MinCharge)
	if !s.json {
		s.say(s.lang.T("Scan the code with a phone and pay ¥%s by %s; Ctrl-C withdraws it.", amount, wallet))
	}
	sale := &charging{app: s.app, counter: c, actor: who}
	err := sale.run(ctx, pos.ChargeRequest{Amount: amount, Wallet: wallet, Title: s.lang.T("Trial"), Cashier: who, Timeout: pos.DefaultTimeout})
	if err != nil {
		return err
	}
	refund, err := c.Till.Refund(ctx, pos.RefundRequest{OutTradeNo: sale.no, Amount: amount, Reason: s.lang.T("Trial"), Actor: who})
	return s.seeThrough(ctx, c, refund, err, trialWait)
}

// trialWallet is the one of --wallet, or the first that is set up.
func (s *settingUp) trialWallet() (pos.Wallet, error) {
	if s.request.wallet != "" {
		w, err := pos.ParseWallet(s.request.wallet)
		if err != nil {
			return "", pos.Errorf(pos.Invalid, "--wallet must be wechat or alipay, not %q.", s.request.wallet)
		}
		return w, nil
	}
	switch {
	case s.assistant.State(flow.WeChat) == flow.Kept:
		return pos.WeChat, nil
	case s.assistant.State(flow.Alipay) == flow.Kept:
		return pos.Alipay, nil
	}
	return "", pos.Errorf(pos.Conflict, "Neither WeChat Pay nor Alipay is set up; fill in one of them first.")
}
