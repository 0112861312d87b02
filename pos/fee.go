package pos

import (
	"encoding/json"
	"fmt"
)

// Fee is what a platform keeps of an entry, in fen; negative where it gives a fee back with a refund. Only the platform's
// bill says so: until one is compared, a fee is not known, which is something else than zero.
type Fee struct {
	Amount Fen
	Known  bool
}

// String is the fee in yuan, and empty while it is not known.
func (f Fee) String() string {
	if !f.Known {
		return ""
	}
	return f.Amount.String()
}

// MarshalJSON is the fee in fen, and null while it is not known.
func (f Fee) MarshalJSON() ([]byte, error) {
	if !f.Known {
		return []byte("null"), nil
	}
	return json.Marshal(f.Amount)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Fee) UnmarshalJSON(text []byte) (err error) {
	*f = Fee{}
	if string(text) != "null" {
		f.Known = true
		err = json.Unmarshal(text, &f.Amount)
	}
	return err
}

// EntryFee is what a bill says that the platform keeps of one payment or refund.
type EntryFee struct {
	OutTradeNo  string
	OutRefundNo string // empty for a payment
	Amount      Fen
}

// auditFees is how the audit chain tells the sum of the fees of n entries.
func auditFees(sum Fen, n int64) string { return fmt.Sprintf("fees %s of %d", sum, n) }

// Totals is what ledger entries add up to. Amounts are fen.
type Totals struct {
	Paid        Fen // of the entries of payments
	PaidCount   int64
	Refunded    Fen // of the entries of refunds, as a positive amount
	RefundCount int64
	Fees        Fen   // of the entries whose fee is known, less what was given back
	FeeCount    int64 // how many entries these are
}

// Entries is how many entries were added up.
func (t Totals) Entries() int64 { return t.PaidCount + t.RefundCount }

// WithoutFee is of how many entries the fee is not known yet.
func (t Totals) WithoutFee() int64 { return t.Entries() - t.FeeCount }

// Fee is the sum of the fees that are known.
func (t Totals) Fee() Fee { return Fee{Amount: t.Fees, Known: t.FeeCount > 0} }

// Net is what was paid less what was refunded.
func (t Totals) Net() Fen { return t.Paid - t.Refunded }

// Payout is what the platforms pay out: Net less the fees that are known.
func (t Totals) Payout() Fen { return t.Net() - t.Fees }
