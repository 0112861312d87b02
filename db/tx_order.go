package db

import "saoma/pos"

func (t *tx) AddOrder(o *pos.Order) error {
	r, err := t.run(`INSERT INTO orders (status, title, total, counter, cashier, created_at, day)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		o.Status, o.Title, o.Total, o.Counter, o.Cashier, o.CreatedAt.UnixMilli(), o.Day)
	if err != nil {
		return err
	}
	id, err := r.LastInsertId()
	if err != nil {
		return t.failed(err)
	}
	for i, line := range o.Lines {
		if _, err := t.exec(`INSERT INTO order_line (order_id, n, title, quantity, price) VALUES (?, ?, ?, ?, ?)`,
			id, i+1, line.Title, line.Quantity, line.Price); err != nil {
			return err
		}
	}
	o.ID = id
	return nil
}

const orderColumns = `o.id, o.status, o.title, o.total, o.counter, o.cashier, o.created_at, o.day`

func scanOrder(row scanner, o *pos.Order) error {
	return row.Scan(&o.ID, &o.Status, &o.Title, &o.Total, &o.Counter, &o.Cashier, moment{&o.CreatedAt}, &o.Day)
}

// orderLine is a line with the order it belongs to.
type orderLine struct {
	order int64
	line  pos.Line
}

const lineColumns = `l.order_id, l.title, l.quantity, l.price`

func scanLine(row scanner, l *orderLine) error {
	return row.Scan(&l.order, &l.line.Title, &l.line.Quantity, &l.line.Price)
}

func (t *tx) Order(id int64) (*pos.Order, error) {
	o, err := first(t, scanOrder, `SELECT `+orderColumns+` FROM orders o WHERE o.id = ?`, id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, pos.Errorf(pos.NotFound, "There is no order %d.", id)
	}
	lines, err := list(t, scanLine, `SELECT `+lineColumns+` FROM order_line l WHERE l.order_id = ? ORDER BY l.n`, id)
	for _, l := range lines {
		o.Lines = append(o.Lines, l.line)
	}
	return o, err
}

func (t *tx) SetOrderStatus(id int64, s pos.OrderStatus) error {
	n, err := t.exec(`UPDATE orders SET status = ? WHERE id = ?`, s, id)
	if err == nil && n == 0 {
		return pos.Errorf(pos.NotFound, "There is no order %d.", id)
	}
	return err
}
