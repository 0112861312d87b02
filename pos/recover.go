package pos

import (
	"context"
	"errors"
	"slices"
	"time"
)

// china is the zone in which the platforms count their days.
var china = time.FixedZone("CST", 8*60*60)

// BillDay is the platforms' day of t, which is China's whatever the shop's is.
func BillDay(t time.Time) Day { return Day(t.In(china).Format(time.DateOnly)) }

// BillBegin is when a day of the platforms begins: at midnight in China.
func BillBegin(day Day) time.Time { return day.Midnight(china) }

// BillReadyAt is when the platforms have made their bills of day: at 10:00 of the next one, in China.
func BillReadyAt(day Day) time.Time { return BillBegin(day.Add(1)).Add(10 * time.Hour) }

// Recovered is what Recover did about one wallet's bill of one day.
type Recovered struct {
	Wallet Wallet
	Day    Day
	Lines  int // of the bill

	Agreed   int // the ledger had these
	Foreign  int // another counter's, or of no counter at all
	Payments int // booked now
	Paid     Fen // their sum
	Refunds  int // booked now, or under way and watched now
	Refunded Fen // the sum of those booked
	Excepted int // wait for a manager
	Missing  []Missing
}

// Missing is a line of a bill that could not be booked, and why.
type Missing struct {
	No  string // out_trade_no, or out_refund_no of a refund
	Err error
}

// giveUpAfter is how many questions in a row may stay without a clear answer before the rest is left.
const giveUpAfter = 3

// Recover finds again what the ledger has lost, as after a restore: every payment and refund in w's bill
// of day that it does not have. The bill itself is not signed, so each is asked about, and what is booked
// is the platform's signed answer. Doing it again changes nothing.
//
// Several counters may share one merchant account and so one bill: what this ledger does not know and this
// counter did not number is left alone. What cannot be booked is named; a bill that is not made yet is an
// Unavailable error, and so is a platform that does not answer.
func (t *Till) Recover(ctx context.Context, w Wallet, day Day, actor string) (Recovered, error) {
	r := Recovered{Wallet: w, Day: day}
	if err := t.May(ctx, actor, Reconcile); err != nil {
		return r, err
	}
	bill, err := t.DownloadBill(ctx, w, day)
	if err != nil {
		return r, err
	}
	r.Lines = len(bill.Lines)
	lines := slices.Clone(bill.Lines)
	slices.SortStableFunc(lines, func(a, b BillLine) int { return a.At.Compare(b.At) })
	f := &finder{till: t, gateway: t.Gateways[w], actor: actor, lines: lines, result: &r}
	for _, of := range []func(BillLine) bool{isPayment, isRefund} { // a refund needs its payment
		for _, l := range lines {
			if !of(l) {
				continue
			}
			if err := f.line(ctx, l); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

func isPayment(l BillLine) bool { return l.OutRefundNo == "" }
func isRefund(l BillLine) bool  { return l.OutRefundNo != "" }

// explainBill says for a person why there is no bill.
func explainBill(w Wallet, day Day, err error) error {
	if FailureOf(err) == Misconfigured || FailureOf(err) == RateLimited {
		return Explain(w, err)
	}
	return Errorf(Unavailable, "The bill of %s for %s could not be fetched; try again.", w, string(day)).Because(err)
}

// finder works through one bill.
type finder struct {
	till    *Till
	gateway Gateway
	actor   string
	lines   []BillLine
	result  *Recovered
	unclear int // questions without a clear answer in a row
}

// line books one line and counts what became of it. The error ends the whole recovery.
func (f *finder) line(ctx context.Context, l BillLine) error {
	known, err := f.knows(ctx, l.OutTradeNo)
	if err != nil {
		return err
	}
	if !known && !f.till.Shop.Minted(l.OutTradeNo) {
		f.result.Foreign++
		return nil
	}
	no, book := l.OutTradeNo, f.payment
	if isRefund(l) {
		no, book = l.OutRefundNo, f.refund
	}
	var outcome Outcome
	err = f.till.attempts.with(ctx, no, func() (err error) {
		outcome, err = book(ctx, l)
		return err
	})
	if ctx.Err() != nil {
		return Explain(f.result.Wallet, ctx.Err())
	}
	return f.count(l, no, outcome, err)
}

// count adds one line to the result.
func (f *finder) count(l BillLine, no string, outcome Outcome, err error) error {
	r := f.result
	if platform, ok := errors.AsType[*GatewayError](err); ok {
		f.unclear++
		r.Missing = append(r.Missing, Missing{no, Explain(r.Wallet, err)})
		if f.unclear >= giveUpAfter || platform.Failure == Misconfigured {
			return Explain(r.Wallet, err)
		}
		return nil
	}
	f.unclear = 0
	switch {
	case err != nil && CodeOf(err) == Conflict:
		r.Missing = append(r.Missing, Missing{no, err})
		return nil
	case err != nil:
		return err
	case outcome == Excepted:
		r.Excepted++
	case outcome == Replayed || outcome == Ignored: // a refund that failed moved no money
		r.Agreed++
	case isPayment(l):
		err = r.booked(l.Amount)
	case outcome == Credited:
		r.Refunds++
		r.Refunded, err = r.Refunded.Add(l.Amount)
	default:
		r.Refunds++
	}
	return err
}

// booked counts a payment that was booked now.
func (r *Recovered) booked(amount Fen) (err error) {
	r.Payments++
	r.Paid, err = r.Paid.Add(amount)
	return err
}

func (f *finder) knows(ctx context.Context, outTradeNo string) (bool, error) {
	_, err := f.till.Payment(ctx, outTradeNo)
	if CodeOf(err) == NotFound {
		return false, nil
	}
	return err == nil, err
}

// payment books the payment that l is about, unless the ledger has it.
func (f *finder) payment(ctx context.Context, l BillLine) (Outcome, error) {
	p, err := f.till.Payment(ctx, l.OutTradeNo)
	switch {
	case CodeOf(err) == NotFound:
		p = &Payment{OutTradeNo: l.OutTradeNo, Wallet: f.result.Wallet, Account: f.gateway.Account(), Amount: l.Amount}
	case err != nil:
		return "", err
	case p.State == Paid && p.Wallet == f.result.Wallet && (p.TransactionID == l.TransactionID && p.Amount == l.Amount || isRefund(l)):
		return Replayed, nil
	}
	e, err := f.evidence(ctx, p, l)
	if err != nil {
		return "", err
	}
	if e.State != TradePaid {
		return "", Errorf(Conflict, "The bill of %s has ¥%s as paid, but the platform's signed answer says %s.", f.result.Wallet, l.Amount, string(e.State))
	}
	e.Source = FromBill
	return f.till.book(context.WithoutCancel(ctx), e, f.actor)
}

// evidence asks the platform for proof that p was paid. Alipay calls a trade closed both when nobody paid
// it and when all of it was refunded; a refund that went through then proves that it had been paid.
func (f *finder) evidence(ctx context.Context, p *Payment, l BillLine) (e Evidence, err error) {
	err = f.ask(ctx, func() error {
		e, err = f.gateway.Query(ctx, p)
		return err
	})
	if err != nil || e.State != TradeClosed || e.TransactionID == "" {
		return e, err
	}
	for _, back := range f.lines {
		if !isRefund(back) || back.OutTradeNo != p.OutTradeNo {
			continue
		}
		proof, err := f.refundEvidence(ctx, p, back)
		if err != nil {
			return e, err
		}
		if proof.State == RefundSucceeded {
			e.State, e.At = TradePaid, l.At
			return e, nil
		}
	}
	return e, nil
}

// refundEvidence asks the platform about the refund that l is about.
func (f *finder) refundEvidence(ctx context.Context, p *Payment, l BillLine) (e RefundEvidence, err error) {
	r := &Refund{OutRefundNo: l.OutRefundNo, OutTradeNo: l.OutTradeNo, Wallet: p.Wallet, Amount: l.Amount}
	err = f.ask(ctx, func() error {
		e, err = f.gateway.QueryRefund(ctx, p, r)
		return err
	})
	return e, err
}

// refund books the refund that l is about, and its payment where the ledger has lost that, too.
func (f *finder) refund(ctx context.Context, l BillLine) (Outcome, error) {
	outcome, err := f.payment(ctx, l)
	if err != nil || outcome == Excepted {
		return outcome, err
	}
	var p *Payment
	var r *Refund
	err = f.till.Store.View(ctx, func(tx Tx) (err error) {
		if p, err = tx.Payment(l.OutTradeNo); err != nil {
			return err
		}
		r, err = tx.Refund(l.OutRefundNo)
		return notMissing(err)
	})
	if err == nil && outcome == Credited {
		err = f.result.booked(p.Amount)
	}
	if err != nil {
		return "", err
	}
	if r != nil && r.State == RefundSucceeded && r.OutTradeNo == l.OutTradeNo && r.Amount == l.Amount {
		return Replayed, nil
	}
	e, err := f.refundEvidence(ctx, p, l)
	if err != nil {
		return "", err
	}
	if e.State == "" {
		return "", Errorf(Conflict, "The bill of %s has a refund of ¥%s, but the platform's signed answer knows none.", f.result.Wallet, l.Amount)
	}
	e.Source = FromBill
	return f.till.bookRefund(context.WithoutCancel(ctx), e, f.actor)
}

// ask asks one question, with patience where the platform asks for it.
func (f *finder) ask(ctx context.Context, question func() error) error {
	for wait := minPause; ; wait *= 2 {
		err := question()
		f.till.heard(ctx, f.result.Wallet, err)
		if err == nil || FailureOf(err) != RateLimited || wait > maxPause {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
