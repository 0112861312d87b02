package pos

import "time"

// DayTotal is one row of the daily totals, kept in the same transaction as the entries.
type DayTotal struct {
	Day         Day
	Counter     string
	Cashier     string
	Wallet      Wallet
	Paid        Fen // sum of the entries of payments
	PaidCount   int64
	Refunded    Fen // sum of the entries of refunds, as a positive amount
	RefundCount int64
}

// Net is what was paid less what was refunded.
func (t DayTotal) Net() Fen { return t.Paid - t.Refunded }

// OrderDetail is an order with everything that happened to it.
type OrderDetail struct {
	Order      Order
	Payments   []Payment
	Refunds    []Refund
	Exceptions []Exception
}

// QuarterTotal is what was booked in one quarter of an hour. Amounts are fen.
type QuarterTotal struct {
	Begins      time.Time
	Paid        Fen
	PaidCount   int64
	Refunded    Fen
	RefundCount int64
}

// EntryRow is a ledger entry as a list of them shows it: money that came in, or went back as a negative amount.
type EntryRow struct {
	At    time.Time
	Sold  Day // the business day of the payment's order: an earlier one where the entry corrects it
	Title string
	Entry
	Number string // the platform's, of the payment or of the refund
}

// TitleTotal is what was booked of payments with one title. Amounts are fen.
type TitleTotal struct {
	Title       string
	Paid        Fen
	PaidCount   int64
	Refunded    Fen
	RefundCount int64
}
