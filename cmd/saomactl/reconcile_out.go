package main

import (
	"fmt"
	"time"

	"saoma/assets/words"
	"saoma/pos"
)

// reconciled is one wallet's day as scripts read it. Amounts are fen; the sums are of this counter's own lines.
type reconciled struct {
	Event       string                  `json:"event"`
	Wallet      pos.Wallet              `json:"wallet"`
	Day         pos.Day                 `json:"day"`
	State       pos.ReconciliationState `json:"state,omitempty"`
	Red         bool                    `json:"red"`
	Lines       int                     `json:"lines"` // of the whole bill
	Agreed      int                     `json:"agreed"`
	Foreign     int                     `json:"foreign"`
	Deferred    int                     `json:"deferred"` // payments at midnight that the next day's bill decides
	Paid        pos.Fen                 `json:"paid"`
	Refunded    pos.Fen                 `json:"refunded"`
	Fee         pos.Fen                 `json:"fee"`
	Net         pos.Fen                 `json:"net"`
	Settlement  pos.Fen                 `json:"settlement"`
	Differences int                     `json:"differences"`
	Open        int                     `json:"open"`
	BillHash    string                  `json:"bill_sha256,omitempty"` // of the kept text, payers masked
	ComparedAt  time.Time               `json:"compared_at,omitzero"`
	Note        string                  `json:"note,omitempty"`
	DecidedBy   string                  `json:"decided_by,omitempty"`
	Message     string                  `json:"message,omitempty"` // why the bill was not compared
}

// listedDifference is one difference as scripts read it.
type listedDifference struct {
	Event       string              `json:"event"`
	Wallet      pos.Wallet          `json:"wallet"`
	Day         pos.Day             `json:"day"`
	N           int                 `json:"n"`
	Kind        pos.DifferenceKind  `json:"kind"`
	State       pos.DifferenceState `json:"state"`
	OutTradeNo  string              `json:"out_trade_no"`
	OutRefundNo string              `json:"out_refund_no,omitempty"`
	Lines       int                 `json:"lines"`
	There       claim               `json:"there"`
	Here        claim               `json:"here"`
	Story       string              `json:"story"`
	Choices     []pos.Remedy        `json:"choices"`
	Note        string              `json:"note,omitempty"`
	DecidedBy   string              `json:"decided_by,omitempty"`
}

// claim is what one side says.
type claim struct {
	Amount        pos.Fen `json:"amount"`
	State         string  `json:"state,omitempty"`
	TransactionID string  `json:"transaction_id,omitempty"`
}

func viewClaim(c pos.Claim) claim { return claim{c.Amount, c.State, c.TransactionID} }

func viewDifference(d *pos.Difference, l words.Language) listedDifference {
	return listedDifference{
		Event: "difference", Wallet: d.Wallet, Day: d.Day, N: d.N, Kind: d.Kind, State: d.State, OutTradeNo: d.OutTradeNo,
		OutRefundNo: d.OutRefundNo, Lines: d.Lines, There: viewClaim(d.There), Here: viewClaim(d.Here), Story: l.Error(d.Story()),
		Choices: append([]pos.Remedy{}, d.Choices()...), Note: d.Note, DecidedBy: d.DecidedBy,
	}
}

// tellReconciliation prints how one day stands: in full, with its sums and differences, or in one line.
func (a *app) tellReconciliation(r *pos.Reconciliation, differences []pos.Difference, full bool) {
	l := a.lang
	v := reconciled{
		Event: "reconcile", Wallet: r.Wallet, Day: r.Day, State: r.State, Red: r.State.Red(), Lines: r.All.Lines, Agreed: r.Agree,
		Foreign: r.All.Lines - r.Own.Lines, Deferred: r.Deferred, Paid: r.Own.Paid, Refunded: r.Own.Refunded, Fee: r.Own.Fee,
		Net: r.Own.Net(), Settlement: r.Own.Settlement(), Differences: r.Differences, Open: r.Open, BillHash: r.BillHash,
		ComparedAt: r.ComparedAt, Note: r.Note, DecidedBy: r.DecidedBy,
	}
	mark := "  "
	if r.State.Red() {
		mark = "! "
	}
	said := mark + l.T("%s, %s: %s", string(r.Day), r.Wallet, reconciliationName(l, r))
	if r.Note != "" {
		said = l.T("%s: %s", said, r.Note)
	}
	if full && !r.ComparedAt.IsZero() {
		said += "\n   " + l.T("lines in the bill: %d, of which agree: %d; of other counters: %d", r.All.Lines, r.Agree, v.Foreign)
		said += "\n   " + l.T("paid ¥%s, refunded ¥%s, net ¥%s, fees ¥%s, settlement ¥%s", v.Paid, v.Refunded, v.Net, v.Fee, v.Settlement)
	}
	a.emit(v, said)
	for i := range differences {
		a.tellDifference(&differences[i])
	}
}

func (a *app) tellDifference(d *pos.Difference) {
	l := a.lang
	said := fmt.Sprintf("%5d  %s", d.N, l.Error(d.Story()))
	for _, c := range d.Choices() {
		said += "\n       " + fmt.Sprintf("saomactl reconcile --day %s --wallet %s --fix %d %s", d.Day, d.Wallet, d.N, c)
		if c == pos.NoteIt {
			said += " --note TEXT"
		}
	}
	if d.State != pos.DifferenceOpen {
		said += "\n       " + differenceStateName(l, d.State)
		if d.Note != "" {
			said += ": " + d.Note
		}
	}
	a.emit(viewDifference(d, l), said)
}

// tellNoBill prints why one wallet's bill was not compared.
func (a *app) tellNoBill(w pos.Wallet, day pos.Day, err error) {
	message := a.lang.Error(err)
	a.emit(reconciled{Event: "reconcile", Wallet: w, Day: day, Red: true, Message: message}, "! "+message)
}

// reconciliationName says how a day stands.
func reconciliationName(l words.Language, r *pos.Reconciliation) string {
	switch r.State {
	case pos.BillAhead:
		return l.T("the bill is not made yet")
	case pos.BillDue:
		return l.T("not compared yet")
	case pos.Differs:
		return l.T("differences to settle: %d", r.Open)
	case pos.Agreed:
		return l.T("agrees")
	case pos.SignedOff:
		return l.T("signed off by %s", r.DecidedBy)
	}
	return string(r.State)
}

// differenceStateName says what became of a difference.
func differenceStateName(l words.Language, s pos.DifferenceState) string {
	switch s {
	case pos.DifferenceOpen:
		return l.T("to settle")
	case pos.DifferenceImported:
		return l.T("imported")
	case pos.DifferenceQueried:
		return l.T("confirmed by the platform")
	case pos.DifferenceNoted:
		return l.T("noted")
	case pos.DifferenceCleared:
		return l.T("gone in a later comparison")
	}
	return string(s)
}
