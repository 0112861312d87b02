package db

import "saoma/pos"

// stamps says, for each kind of batch, which column of an entry carries it and which open entries it takes.
var stamps = map[pos.BatchKind]struct{ column, takes string }{
	pos.DayBatch:   {"day_batch", `day = ?1 AND ?2 = ''`},
	pos.ShiftBatch: {"shift_batch", `id > ` + lastTaken + ` AND ?1 <> '' AND ?2 = ''`},
	// A settlement covers everything before its last day that none has covered.
	pos.SettlementBatch: {"settlement_batch", `day <= ?1 AND wallet = ?2`},
}

// lastTaken is the last entry that the open shift does not take: the last one of the shift before it, which took all
// there were. Where that one found none, or there was no shift, it is the one at the opening.
const lastTaken = `coalesce(
	(SELECT coalesce((SELECT max(t.id) FROM entry t WHERE t.shift_batch = p.batch), p.first_entry)
		FROM shift p WHERE p.closed_at IS NOT NULL ORDER BY p.id DESC LIMIT 1),
	(SELECT s.first_entry FROM shift s WHERE s.closed_at IS NULL))`

// Freeze stamps b's entries and then sums what carries the stamp. A day that was frozen takes no more entries.
func (t *tx) Freeze(b *pos.Batch) error {
	r, err := t.run(`INSERT INTO batch (kind, day, wallet, entries, amount, at, actor, note) VALUES (?, ?, ?, 0, 0, ?, ?, ?)`,
		b.Kind, b.Day, b.Wallet, instant(b.At), b.By, b.Note)
	if err != nil {
		return err
	}
	if b.ID, err = r.LastInsertId(); err != nil {
		return t.failed(err)
	}
	s := stamps[b.Kind]
	if _, err := t.exec(`UPDATE entry SET `+s.column+` = ?3 WHERE `+s.column+` IS NULL AND `+s.takes, b.Day, b.Wallet, b.ID); err != nil {
		return err
	}
	if b.Totals, err = t.totalsOf(`e.`+s.column+` = ?`, b.ID); err != nil {
		return err
	}
	for _, d := range b.Totals {
		b.Entries, b.Known = b.Entries+d.Entries(), b.Known+d.FeeCount
		if b.Amount, err = b.Amount.Add(d.Net()); err != nil {
			return err
		}
		if b.Fees, err = b.Fees.Add(d.Fees); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE batch SET entries = ?, amount = ?, fees = ?, fee_count = ? WHERE id = ?`, b.Entries, b.Amount, b.Fees, b.Known, b.ID); err != nil {
		return err
	}
	if b.Kind == pos.DayBatch {
		_, err = t.exec(`INSERT INTO closed_day (day, closed) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET closed = 1`, b.Day)
	}
	return err
}

// totalsOf adds up the entries that where selects.
func (t *tx) totalsOf(where string, args ...any) ([]pos.DayTotal, error) {
	return list(t, scanTotal, `SELECT e.day, e.counter, e.cashier, e.wallet, `+entrySums+`
		FROM entry e WHERE `+where+` GROUP BY e.day, e.counter, e.cashier, e.wallet ORDER BY e.day, e.counter, e.cashier, e.wallet`, args...)
}

func (t *tx) Batches(kind pos.BatchKind, from, to pos.Day) ([]pos.Batch, error) {
	all, err := list(t, scanBatch, `SELECT id, kind, day, wallet, at, actor, note, entries, amount, fees, fee_count
		FROM batch WHERE kind = ? AND day BETWEEN ? AND ? ORDER BY day, id`, kind, from, to)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Totals, err = t.totalsOf(`e.`+stamps[kind].column+` = ?`, all[i].ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func scanBatch(row scanner, b *pos.Batch) error {
	return row.Scan(&b.ID, &b.Kind, &b.Day, &b.Wallet, moment{&b.At}, &b.By, &b.Note, &b.Entries, &b.Amount, &b.Fees, &b.Known)
}

func scanDay(row scanner, d *pos.Day) error { return row.Scan(d) }

func (t *tx) OpenDays(through pos.Day) ([]pos.Day, error) {
	return list(t, scanDay, `SELECT DISTINCT day FROM entry WHERE day_batch IS NULL AND day <= ? ORDER BY day`, through)
}

func (t *tx) Pending(day pos.Day) ([]pos.DayTotal, error) {
	return t.totalsOf(`e.day_batch IS NULL AND e.day = ?`, day)
}

func (t *tx) Closed(day pos.Day) (bool, error) {
	d, err := first(t, scanDay, `SELECT day FROM closed_day WHERE day = ? AND closed = 1`, day)
	return d != nil, err
}

func (t *tx) LastClosed() (pos.Day, error) {
	d, err := first(t, scanDay, `SELECT day FROM closed_day WHERE closed = 1 ORDER BY day DESC LIMIT 1`)
	if err != nil || d == nil {
		return "", err
	}
	return *d, nil
}

func (t *tx) Reopen(day pos.Day) error {
	_, err := t.exec(`UPDATE closed_day SET closed = 0 WHERE day = ?`, day)
	return err
}

func (t *tx) Owed(through pos.Day) ([]pos.Owed, error) {
	return list(t, func(row scanner, o *pos.Owed) error {
		return row.Scan(&o.Wallet, &o.First, &o.Last, &o.Paid, &o.PaidCount, &o.Refunded, &o.RefundCount, &o.Fees, &o.FeeCount)
	}, `SELECT e.wallet, min(e.day), max(e.day), `+entrySums+`
		FROM entry e WHERE e.settlement_batch IS NULL AND (?1 = '' OR e.day <= ?1) GROUP BY e.wallet ORDER BY e.wallet`, through)
}

const shiftColumns = `id, cashier, counter, opened_at, opened_by, closed_at, closed_by, note, signed_over, coalesce(batch, 0)`

func scanShift(row scanner, s *pos.Shift) error {
	return row.Scan(&s.ID, &s.Cashier, &s.Counter, moment{&s.OpenedAt}, &s.OpenedBy, moment{&s.ClosedAt}, &s.ClosedBy,
		&s.Note, &s.SignedOver, &s.Batch)
}

func (t *tx) AddShift(s *pos.Shift) error {
	r, err := t.run(`INSERT INTO shift (cashier, counter, opened_at, opened_by, first_entry, first_order)
		VALUES (?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM entry), (SELECT coalesce(max(id), 0) FROM orders))`,
		s.Cashier, s.Counter, instant(s.OpenedAt), s.OpenedBy)
	if err != nil {
		return err
	}
	s.ID, err = r.LastInsertId()
	return t.failed(err)
}

func (t *tx) OpenShift() (*pos.Shift, error) {
	return first(t, scanShift, `SELECT `+shiftColumns+` FROM shift WHERE closed_at IS NULL`)
}

func (t *tx) EndShift(s *pos.Shift) error {
	n, err := t.exec(`UPDATE shift SET closed_at = ?, closed_by = ?, note = ?, signed_over = ?, batch = ?,
			last_order = (SELECT coalesce(max(id), 0) FROM orders)
		WHERE id = ? AND closed_at IS NULL`, instant(s.ClosedAt), s.ClosedBy, s.Note, s.SignedOver, s.Batch, s.ID)
	if err == nil && n == 0 {
		err = pos.Errorf(pos.Conflict, "No shift is open.")
	}
	return err
}

func (t *tx) Shifts(n int) ([]pos.Shift, error) {
	return list(t, scanShift, `SELECT `+shiftColumns+` FROM shift ORDER BY id DESC LIMIT ?`, n)
}

func (t *tx) ShiftTotals(r *pos.ShiftReport) error {
	count, err := first(t, func(row scanner, n *int64) error { return row.Scan(n) },
		`SELECT coalesce(s.last_order, (SELECT coalesce(max(o.id), 0) FROM orders o)) - s.first_order FROM shift s WHERE s.id = ?`, r.ID)
	if err != nil {
		return err
	}
	if count == nil {
		return pos.Errorf(pos.NotFound, "There is no shift %d.", r.ID)
	}
	r.Orders = *count
	its := `e.id > ` + lastTaken + ` AND e.shift_batch IS NULL AND ?1 = 0`
	if r.Batch != 0 {
		its = `e.shift_batch = ?1`
	}
	if r.Totals, err = t.totalsOf(its, r.Batch); err != nil {
		return err
	}
	before, err := t.totalsOf(its+` AND e.id <= (SELECT s.first_entry FROM shift s WHERE s.id = ?2)`, r.Batch, r.ID)
	for _, d := range before {
		r.Before.Paid, r.Before.PaidCount = r.Before.Paid+d.Paid, r.Before.PaidCount+d.PaidCount
		r.Before.Refunded, r.Before.RefundCount = r.Before.Refunded+d.Refunded, r.Before.RefundCount+d.RefundCount
	}
	return err
}
