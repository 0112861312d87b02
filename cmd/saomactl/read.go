package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"saoma/db"
	"saoma/pos"
	"saoma/pos/report"
)

// listed is one payment in orders.
type listed struct {
	OutTradeNo  string           `json:"out_trade_no"`
	Order       int64            `json:"order"`
	Wallet      pos.Wallet       `json:"wallet"`
	Amount      pos.Fen          `json:"amount"`
	State       pos.PaymentState `json:"state"`
	Title       string           `json:"title"`
	CreatedAt   time.Time        `json:"created_at"`
	Refunded    pos.Fen          `json:"refunded"`
	OrderStatus pos.OrderStatus  `json:"order_status"`
}

// orders lists the payments of a day, newest order first.
func (a *app) orders(ctx context.Context, f *flags, args []string) error {
	on := f.text("day", "YYYY-MM-DD")
	if _, err := f.parse(args, 0); err != nil || a.asked(f) {
		return err
	}
	if _, err := day(*on, f.given("day"), pos.Shop{TimeZone: time.UTC}); err != nil {
		return err
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	d, err := day(*on, f.given("day"), cfg.Shop)
	if err != nil {
		return err
	}
	orders, err := ledger.Orders(ctx, d)
	if err != nil {
		return err
	}
	zone := cfg.Shop.TimeZone
	var rows [][]string
	for _, o := range orders {
		for _, p := range o.Payments {
			if a.json {
				a.emit(listed{p.OutTradeNo, p.OrderID, p.Wallet, p.Amount, p.State, p.Title, at(p.CreatedAt, zone), p.Refunded, o.Order.Status}, "")
				continue
			}
			rows = append(rows, []string{
				p.CreatedAt.In(zone).Format(time.TimeOnly), p.OutTradeNo, a.lang.T(p.Wallet.Name()),
				p.Amount.String(), stateName(a.lang, p.State), p.Refunded.String(), p.Title,
			})
		}
	}
	if a.json {
		return nil
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, a.lang.T("No payments on %s.", string(d)))
		return nil
	}
	header := []string{a.lang.T("Time"), "out_trade_no", a.lang.T("Wallet"), "¥", a.lang.T("State"), a.lang.T("Refunded ¥"), a.lang.T("Title")}
	fmt.Fprint(a.out, columns(append([][]string{header}, rows...), func(col int) bool { return col == 3 || col == 5 }))
	return nil
}

// detail is what show prints.
type detail struct {
	Order      orderView       `json:"order"`
	Payments   []paymentView   `json:"payments"`
	Refunds    []refundView    `json:"refunds"`
	Exceptions []exceptionView `json:"exceptions"`
}

// orderView is an order as scripts read it.
type orderView struct {
	ID        int64           `json:"id"`
	Status    pos.OrderStatus `json:"status"`
	Title     string          `json:"title"`
	Total     pos.Fen         `json:"total"`
	Lines     []lineView      `json:"lines"`
	Counter   string          `json:"counter"`
	Cashier   string          `json:"cashier"`
	CreatedAt time.Time       `json:"created_at"`
	Day       pos.Day         `json:"day"`
}

type lineView struct {
	Title    string  `json:"title"`
	Quantity int64   `json:"quantity"`
	Price    pos.Fen `json:"price"`
}

// show prints one order with everything that happened to it.
func (a *app) show(ctx context.Context, f *flags, args []string) error {
	arguments, err := f.parse(args, 1)
	if err != nil || a.asked(f) {
		return err
	}
	no, err := orderNo(arguments[0])
	if err != nil {
		return err
	}
	cfg, ledger, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer ledger.Close()
	o, err := ledger.OrderByNo(ctx, no)
	if pos.CodeOf(err) == pos.NotFound {
		return a.onlyException(ctx, ledger, no, err)
	}
	if err != nil {
		return err
	}
	d := viewDetail(o, cfg.Shop.TimeZone)
	a.emit(d, strings.TrimRight(a.describe(o, cfg.Shop.TimeZone), "\n"))
	return nil
}

// onlyException names an open exception about no, of which the ledger has no order; without one it returns missing.
func (a *app) onlyException(ctx context.Context, ledger *db.Ledger, no string, missing error) error {
	var open []pos.Exception
	err := ledger.View(ctx, func(tx pos.Tx) (err error) {
		open, err = tx.OpenExceptions()
		return err
	})
	if err != nil {
		return err
	}
	for _, x := range open {
		if x.OutTradeNo == no || x.OutRefundNo == no {
			return pos.Errorf(pos.NotFound, "The ledger has no order %s, but exception %d is about it and waits for a decision; see: %s", no, x.ID, "saomactl exceptions").Because(missing)
		}
	}
	return missing
}

func viewDetail(o *pos.OrderDetail, zone *time.Location) detail {
	d := detail{
		Order: orderView{
			ID: o.Order.ID, Status: o.Order.Status, Title: o.Order.Title, Total: o.Order.Total, Lines: []lineView{},
			Counter: o.Order.Counter, Cashier: o.Order.Cashier, CreatedAt: at(o.Order.CreatedAt, zone), Day: o.Order.Day,
		},
		Payments: []paymentView{}, Refunds: []refundView{}, Exceptions: []exceptionView{},
	}
	for _, l := range o.Order.Lines {
		d.Order.Lines = append(d.Order.Lines, lineView{l.Title, l.Quantity, l.Price})
	}
	for i := range o.Payments {
		d.Payments = append(d.Payments, viewPayment(&o.Payments[i], zone))
	}
	for i := range o.Refunds {
		d.Refunds = append(d.Refunds, viewRefund(&o.Refunds[i], zone))
	}
	for i := range o.Exceptions {
		d.Exceptions = append(d.Exceptions, viewException(&o.Exceptions[i], zone))
	}
	return d
}

// describe is an order in words.
func (a *app) describe(o *pos.OrderDetail, zone *time.Location) string {
	l := a.lang
	var b strings.Builder
	fmt.Fprintln(&b, l.T("Order %s: ¥%s, %s, %s", strconv.FormatInt(o.Order.ID, 10), o.Order.Total, orderStatusName(l, o.Order.Status), clock(o.Order.CreatedAt, zone)))
	if o.Order.Title != "" {
		fmt.Fprintln(&b, "  "+o.Order.Title)
	}
	for _, p := range o.Payments {
		fmt.Fprintln(&b, l.T("Payment %s: %s ¥%s, %s", p.OutTradeNo, p.Wallet, p.Amount, stateName(l, p.State)))
		if p.State == pos.Paid {
			fmt.Fprintln(&b, "  "+l.T("paid at %s, %s, transaction %s", clock(p.PaidAt, zone), sourceName(l, p.ConfirmedBy), p.TransactionID))
		} else {
			fmt.Fprintln(&b, "  "+l.T("payable until %s", clock(p.ExpiresAt, zone)))
		}
		if p.Refunded > 0 {
			fmt.Fprintln(&b, "  "+l.T("refunded ¥%s", p.Refunded))
		}
	}
	for _, r := range o.Refunds {
		fmt.Fprintln(&b, l.T("Refund %s: ¥%s, %s", r.OutRefundNo, r.Amount, report.RefundName(l, r.State)))
		if r.Reason != "" {
			fmt.Fprintln(&b, "  "+r.Reason)
		}
	}
	for _, x := range o.Exceptions {
		fmt.Fprintln(&b, l.T("Exception %d, %s: ¥%s, %s", x.ID, report.ExceptionName(l, x.Kind), x.Amount, clock(x.CreatedAt, zone)))
		decided := l.T("to decide")
		if x.Resolution != "" {
			decided = a.decision(&x, refundOf(&x, o.Refunds), zone)
		}
		fmt.Fprintln(&b, "  "+decided)
	}
	return b.String()
}
