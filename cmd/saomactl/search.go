package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"saoma/pos"
)

// foundOnScreen is how many payments a search shows.
const foundOnScreen = 50

// states are those that a search can ask for.
var states = []pos.PaymentState{pos.Created, pos.Waiting, pos.Paid, pos.Closing, pos.Closed, pos.Rejected}

// search finds payments, the newest first.
func (a *app) search(ctx context.Context, f *flags, args []string) error {
	wallet, state := f.text("wallet", "wechat|alipay"), f.text("state", "STATE")
	from, to := f.text("from", "YYYY-MM-DD"), f.text("to", "YYYY-MM-DD")
	words, err := f.parseSome(args, 0, 16)
	if err != nil || a.asked(f) {
		return err
	}
	s := pos.Search{
		Text: strings.Join(words, " "), Wallet: pos.Wallet(*wallet), State: pos.PaymentState(*state), From: pos.Day(*from), To: pos.Day(*to), Limit: foundOnScreen,
	}
	if f.given("wallet") && !slices.Contains(pos.Wallets, s.Wallet) {
		return pos.Errorf(pos.Invalid, "%s must be %s.", "--wallet", "wechat|alipay")
	}
	if f.given("state") && !slices.Contains(states, s.State) {
		return pos.Errorf(pos.Invalid, "%s must be %s.", "--state", "created|waiting|paid|closing|closed|rejected")
	}
	for flag, d := range map[string]pos.Day{"from": s.From, "to": s.To} {
		if _, err := pos.ParseDay(string(d)); err != nil && f.given(flag) {
			return named("--"+flag, err)
		}
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	found, err := ledger.Search(ctx, s, cfg.Shop)
	if err != nil {
		return err
	}
	rows := [][]string{{a.lang.T("Time"), "out_trade_no", a.lang.T("Wallet"), "¥", a.lang.T("State"), a.lang.T("Refunded ¥"), a.lang.T("Title")}}
	for i := range found {
		p := &found[i]
		if a.json {
			a.emit(viewPayment(p, cfg.Shop.TimeZone), "")
			continue
		}
		rows = append(rows, []string{
			p.CreatedAt.In(cfg.Shop.TimeZone).Format(time.DateTime), p.OutTradeNo, a.lang.T(p.Wallet.Name()), p.Amount.String(), stateName(a.lang, p.State), p.Refunded.String(), p.Title,
		})
	}
	switch {
	case a.json:
	case len(found) == 0:
		fmt.Fprintln(a.out, a.lang.T("No payment was found."))
	default:
		fmt.Fprint(a.out, columns(rows, func(col int) bool { return col == 3 || col == 5 }))
	}
	return nil
}
