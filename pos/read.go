package pos

import "time"

// DayTotal is one row of the daily totals, kept in the same transaction as the entries and their fees.
type DayTotal struct {
	Day     Day
	Counter string
	Cashier string
	Wallet  Wallet
	Totals
}

// OrderDetail is an order with everything that happened to it.
type OrderDetail struct {
	Order      Order
	Payments   []Payment
	Refunds    []Refund
	Exceptions []Exception
}

// QuarterTotal is what was booked in one quarter of an hour.
type QuarterTotal struct {
	Begins time.Time
	Totals
}

// PaymentRow is a payment as a list of them shows it.
type PaymentRow struct {
	Payment
	Fee Fee // of the payment and its refunds, once every one of them is on a bill that was compared
}

// EntryRow is a ledger entry as a list of them shows it: money that came in, or went back as a negative amount.
type EntryRow struct {
	At    time.Time
	Sold  Day // the business day of the payment's order: an earlier one where the entry corrects it
	Title string
	Entry
	Number string // the platform's, of the payment or of the refund
	Fee    Fee
}

// TitleTotal is what was booked of payments with one title.
type TitleTotal struct {
	Title string
	Totals
}
