package sandbox

import (
	"slices"
	"time"
)

// The faults of bills. Those from FaultBillExtra on change one line for each count, or every line without one; the totals
// follow, so that such a bill is sound in itself and only disagrees with what happened. Their OutTradeNo may also be the
// number of a refund.
const (
	FaultBillLate        FaultKind = "bill_late"        // it is not made yet
	FaultBillCut         FaultKind = "bill_cut"         // half the file, delivered as if it were all
	FaultBillHash        FaultKind = "bill_hash"        // WeChat Pay: the answer gives another file's hash
	FaultBillExtra       FaultKind = "bill_extra"       // a line more, under a number nobody ordered
	FaultBillMissing     FaultKind = "bill_missing"     // a line less
	FaultBillDoubled     FaultKind = "bill_doubled"     // a line twice
	FaultBillAmount      FaultKind = "bill_amount"      // one fen more
	FaultBillTransaction FaultKind = "bill_transaction" // another number of the platform's own
	FaultBillPayment     FaultKind = "bill_payment"     // another out_trade_no
	FaultBillState       FaultKind = "bill_state"       // an unpaid order as paid; WeChat Pay's refund as failed
)

var billFaults = []FaultKind{
	FaultBillLate, FaultBillCut, FaultBillHash, FaultBillExtra, FaultBillMissing, FaultBillDoubled, FaultBillAmount,
	FaultBillTransaction, FaultBillPayment, FaultBillState,
}

// billRow is one line of a bill: a payment, or a refund r.
type billRow struct {
	t  *trade
	r  *back
	at time.Time
}

func (row billRow) no() string {
	if row.r != nil {
		return row.r.OutRefundNo
	}
	return row.t.OutTradeNo
}

// spoil does to the rows of a bill what the faults ask for. The orders themselves stay as they are. The caller holds the
// lock.
func (s *Sandbox) spoil(wallet string, rows []billRow, within func(time.Time) bool) []billRow {
	if !slices.ContainsFunc(s.faults.List(), func(f Fault) bool { return slices.Contains(billFaults, f.Kind) }) {
		return rows
	}
	strikes := func(kind FaultKind, row billRow) bool { return s.faults.takeKind(kind, wallet, opBill, row.no()) }
	var out []billRow
	for _, row := range rows {
		if strikes(FaultBillMissing, row) {
			continue
		}
		if strikes(FaultBillExtra, row) {
			extra := row.copied()
			extra.r, extra.t.OutTradeNo, extra.t.TransactionID = nil, otherNumber(row.t.OutTradeNo), otherNumber(row.t.TransactionID)
			out = append(out, extra)
		}
		if strikes(FaultBillDoubled, row) {
			out = append(out, row)
		}
		out = append(out, spoilRow(row, strikes))
	}
	for _, t := range s.list {
		if row := (billRow{t: t, at: t.Created}); t.Wallet == wallet && !t.paidOnce() && within(t.Created) && strikes(FaultBillState, row) {
			row = row.copied()
			if row.t.TransactionID == "" {
				row.t.TransactionID = alipayTradeNo(t.Created)
			}
			out = append(out, row)
		}
	}
	return out
}

// spoilRow changes one line.
func spoilRow(row billRow, strikes func(FaultKind, billRow) bool) billRow {
	before := row
	change := func(kind FaultKind) bool {
		if !strikes(kind, before) {
			return false
		}
		row = row.copied()
		return true
	}
	if change(FaultBillAmount) {
		if row.t.Amount++; row.r != nil {
			row.r.Amount++
		}
	}
	if change(FaultBillTransaction) {
		if row.t.TransactionID = otherNumber(row.t.TransactionID); row.r != nil {
			row.t.TransactionID, row.r.RefundID = before.t.TransactionID, otherNumber(row.r.RefundID)
		}
	}
	if change(FaultBillPayment) {
		row.t.OutTradeNo = otherNumber(row.t.OutTradeNo)
	}
	if row.r != nil && change(FaultBillState) {
		row.r.State = "FAIL"
	}
	return row
}

// copied is a row that can be changed without changing the order.
func (row billRow) copied() billRow {
	t := *row.t
	row.t = &t
	if row.r != nil {
		r := *row.r
		row.r = &r
	}
	return row
}

// otherNumber differs from no in its last character only, and is the same each time.
func otherNumber(no string) string {
	last := byte('0') // which every kind of number allows
	if was := no[len(no)-1]; '0' <= was && was <= '9' {
		last += (was - '0' + 5) % 10
	}
	return no[:len(no)-1] + string(last)
}

// cut is the file, or half of it.
func (s *Sandbox) cut(wallet string, file []byte) []byte {
	if s.faults.takeKind(FaultBillCut, wallet, opBill, "") {
		return file[:len(file)/2]
	}
	return file
}
