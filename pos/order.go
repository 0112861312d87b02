package pos

import "time"

// Order is one sale: what the customer owes, and for what. It is paid through payment attempts,
// one after another, until one of them is paid.
type Order struct {
	ID        int64
	Status    OrderStatus
	Title     string // what the customer's wallet shows
	Lines     []Line
	Total     Fen
	Counter   string
	Cashier   string
	CreatedAt time.Time
	Day       Day
}

// Line is one position of an order.
type Line struct {
	Title    string
	Quantity int64
	Price    Fen // of one
}

// Amount is the line's price times its quantity.
func (l Line) Amount() (Fen, error) { return l.Price.Times(l.Quantity) }

// OrderStatus is derived from the order's payments:
//
//	any payment paid                       paid
//	no payment paid, at least one not final  open
//	every payment closed or rejected       closed
type OrderStatus string

const (
	OrderOpen   OrderStatus = "open"
	OrderPaid   OrderStatus = "paid"
	OrderClosed OrderStatus = "closed"
)

// StatusOf derives an order's status from the states of its payments. An order without one yet is open.
func StatusOf(payments []Payment) OrderStatus {
	open := len(payments) == 0
	for _, p := range payments {
		if p.State == Paid {
			return OrderPaid
		}
		open = open || !p.State.Final()
	}
	if open {
		return OrderOpen
	}
	return OrderClosed
}
