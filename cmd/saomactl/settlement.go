package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"saoma/cmd/internal/counter"
	"saoma/pos"
)

// settlement shows what the platforms owe, what they have paid out, or books a payout.
func (a *app) settlement(ctx context.Context, f *flags, args []string) error {
	wallet, through, note := f.text("wallet", "wechat|alipay"), f.text("through", "YYYY-MM-DD"), f.text("note", "TEXT")
	var booked bool
	f.toggle("list", &booked)
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	books := f.given("wallet") || f.given("through")
	switch {
	case booked && (books || f.given("note")), !books && f.given("note"):
		return pos.Errorf(pos.Invalid, "Write it like this: saomactl %s", f.usage)
	case booked:
		return a.settlements(ctx)
	case !books:
		return a.owed(ctx)
	}
	r := pos.SettlementRequest{Wallet: pos.Wallet(*wallet), Note: strings.TrimSpace(*note)}
	if r.Wallet != pos.WeChat && r.Wallet != pos.Alipay {
		return pos.Errorf(pos.Invalid, "%s must be %s.", "--wallet", "wechat|alipay")
	}
	var err error
	if r.Through, err = pos.ParseDay(*through); err != nil {
		return named("--through", err)
	}
	return a.as(ctx, func(c *counter.Counter, actor string) error {
		r.Actor = actor
		b, err := c.Till.BookSettlement(ctx, r)
		if err == nil {
			a.tellSettled(b, c.Shop.TimeZone)
		}
		return err
	})
}

// tellSettled says what a platform had to pay as it was booked, and beside it what became known of the fees since.
func (a *app) tellSettled(b *pos.Batch, zone *time.Location) {
	entries, fees := b.Since()
	known := viewFees(b.Fee(), b.Entries-b.Known, b.Payout())
	words := a.lang.T("%s has paid out ¥%s before fees, through %s. Entries: %d.", b.Wallet, b.Amount, string(b.Day), b.Entries) +
		"\n  " + a.feeWords(known)
	if entries > 0 || fees != 0 {
		words += "\n  " + a.lang.T("Known since then, and not taken off above: fees of ¥%s; entries: %d.", fees, entries)
	}
	a.emit(struct {
		batchView
		feesView
		SinceFees    pos.Fen `json:"since_fees"` // not in fees
		SinceEntries int64   `json:"since_entries"`
	}{viewBatch("settled", b, zone), known, fees, entries}, words)
}

// feesView is what is known of fees, and what is to be paid out by that, as scripts read it.
type feesView struct {
	Fees        pos.Fee  `json:"fees"` // null where none is known
	FeesUnknown int64    `json:"fees_unknown"`
	Payout      *pos.Fen `json:"payout"` // null where no fee is known
}

func viewFees(fees pos.Fee, unknown int64, payout pos.Fen) feesView {
	v := feesView{Fees: fees, FeesUnknown: unknown}
	if fees.Known {
		v.Payout = &payout
	}
	return v
}

func (a *app) feeWords(v feesView) string {
	switch {
	case v.Payout == nil:
		return a.lang.T("The fees are not known yet.")
	case v.FeesUnknown > 0:
		return a.lang.T("Fees ¥%s, to be paid out ¥%s; entries whose fee is not known yet: %d.", v.Fees, *v.Payout, v.FeesUnknown)
	}
	return a.lang.T("Fees ¥%s, to be paid out ¥%s.", v.Fees, *v.Payout)
}

// settlements works beside a running counter.
func (a *app) settlements(ctx context.Context) error {
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	list, err := (&pos.Till{Shop: cfg.Shop, Store: ledger}).Settlements(ctx, "0000-00-00", "9999-99-99")
	if err != nil {
		return err
	}
	for i := range list {
		a.tellSettled(&list[i], cfg.Shop.TimeZone)
	}
	if len(list) == 0 && !a.json {
		fmt.Fprintln(a.out, a.lang.T("No settlement is booked yet."))
	}
	return nil
}

// owed works beside a running counter.
func (a *app) owed(ctx context.Context) error {
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	list, err := (&pos.Till{Shop: cfg.Shop, Store: ledger}).Owed(ctx, "")
	if err != nil {
		return err
	}
	for _, o := range list {
		known := viewFees(o.Fee(), o.WithoutFee(), o.Payout())
		a.emit(struct {
			Event    string     `json:"event"`
			Wallet   pos.Wallet `json:"wallet"`
			Entries  int64      `json:"entries"`
			Paid     pos.Fen    `json:"paid"`
			Refunded pos.Fen    `json:"refunded"`
			Net      pos.Fen    `json:"net"`
			First    pos.Day    `json:"first"`
			Last     pos.Day    `json:"last"`
			feesView
		}{"owed", o.Wallet, o.Entries(), o.Paid, o.Refunded, o.Net(), o.First, o.Last, known},
			a.lang.T("%s owes ¥%s before fees, from %s to %s. Entries: %d.", o.Wallet, o.Net(), string(o.First), string(o.Last), o.Entries())+
				"\n  "+a.feeWords(known))
	}
	if len(list) == 0 && !a.json {
		fmt.Fprintln(a.out, a.lang.T("Everything is settled."))
	}
	return nil
}
