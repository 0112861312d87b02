package pos

import (
	"slices"
	"time"
)

// Movement is money that the ledger has as moved, or as on its way: what a bill should have a line about.
type Movement struct {
	OutTradeNo    string
	TransactionID string
	OutRefundNo   string // empty for a payment
	RefundID      string
	Amount        Fen
	State         string // PaymentState, or RefundState of a refund
	// The platform dates it between From and To, both included. Of a payment they are one, the platform's own time
	// of payment; of a refund the counter knows when it was asked for and when it had the answer. Zero To: it has none.
	From, To time.Time
}

// Standing is what the ledger has of one wallet on one day of the platforms, in short: another Standing means that the
// ledger has changed. Amounts are fen.
type Standing struct {
	Payments, Refunds int64 // that succeeded
	Paid, Refunded    Fen
	Pending           int64 // refunds on their way
}

// ReconciliationState says how one wallet's bill of one day and the ledger stand to each other.
type ReconciliationState string

const (
	BillAhead ReconciliationState = "waiting"    // the platform makes the bill later
	BillDue   ReconciliationState = "due"        // the bill should be there and was not compared yet
	Differs   ReconciliationState = "differs"    // differences wait for a decision
	Agreed    ReconciliationState = "agreed"     // no difference, or none that is not decided
	SignedOff ReconciliationState = "signed_off" // a manager let it be
)

// Red reports whether the day is marked red: it waits for somebody.
func (s ReconciliationState) Red() bool { return s == BillDue || s == Differs }

// BillSum adds up lines of a bill, in fen.
type BillSum struct {
	Lines    int
	Paid     Fen // gross
	Refunded Fen
	Fee      Fen // what the platform keeps, less what it gave back
}

// Net is what was paid less what was refunded.
func (s BillSum) Net() Fen { return s.Paid - s.Refunded }

// Settlement is what the platform pays out: Net less Fee.
func (s BillSum) Settlement() Fen { return s.Net() - s.Fee }

// Add counts one line.
func (s *BillSum) Add(l BillLine) (err error) {
	s.Lines++
	to := &s.Paid
	if isRefund(l) {
		to = &s.Refunded
	}
	if *to, err = to.Add(l.Amount); err != nil {
		return err
	}
	s.Fee, err = s.Fee.Add(l.Fee)
	return err
}

// Reconciliation is what came of comparing one wallet's bill of one day of the platforms with the ledger.
type Reconciliation struct {
	ID     int64 // of the store; 0 where there is none yet
	Wallet Wallet
	Day    Day
	State  ReconciliationState

	BillName     string // as the platform names it
	BillHash     string // SHA-256 of the kept text in hex, and so its place on the shelf; empty where no bill was to be had
	OriginalHash string // SHA-256 of the file as it was downloaded, in hex
	DownloadedAt time.Time
	ComparedAt   time.Time

	All      BillSum  // the whole bill
	Own      BillSum  // its lines that are this counter's; the rest is of other counters of the merchant
	Agree    int      // own lines that agree with the ledger
	Deferred int      // movements of the ledger that another day's bill, not here yet, may have
	Ledger   Standing // the ledger when it was compared
	FeesKept bool     // its fees are on the ledger's entries; not where an older version of the program compared it

	Differences int // all that were ever found
	Open        int // of these, what waits for a decision

	Note      string // of the manager who signed it off
	DecidedBy string
	DecidedAt time.Time
}

// subject is what the audit chain calls r.
func (r *Reconciliation) subject() string { return "bill " + string(r.Wallet) + " " + string(r.Day) }

// DifferenceKind says how a bill and the ledger differ in one payment or refund.
type DifferenceKind string

const (
	MissingHere      DifferenceKind = "missing_here"  // on the bill, and not in the ledger
	MissingThere     DifferenceKind = "missing_there" // in the ledger, and on no bill it could be on
	OtherAmount      DifferenceKind = "amount"
	OtherState       DifferenceKind = "state"
	OtherTransaction DifferenceKind = "transaction" // the platform's own number is another
	OtherPayment     DifferenceKind = "payment"     // the number belongs to another payment here
	Doubled          DifferenceKind = "doubled"     // the bill has it more than once
)

// DifferenceState says what became of a difference.
type DifferenceState string

const (
	DifferenceOpen     DifferenceState = "open"
	DifferenceImported DifferenceState = "imported" // the platform's signed answer was booked
	DifferenceQueried  DifferenceState = "queried"  // the platform's signed answer says what the ledger says
	DifferenceNoted    DifferenceState = "noted"    // a person's words explain it
	DifferenceCleared  DifferenceState = "cleared"  // a later comparison did not find it any more
)

// Claim is what one side says of a payment or refund.
type Claim struct {
	Amount        Fen
	State         string // TradePaid or RefundState of a bill; PaymentState or RefundState of the ledger
	TransactionID string // the platform's number of the payment, or of the refund
	At            time.Time
}

// Difference is one payment or refund in which a bill and the ledger differ.
type Difference struct {
	N           int // its number on its day, from 1
	Wallet      Wallet
	Day         Day
	Kind        DifferenceKind
	OutTradeNo  string
	OutRefundNo string // empty where it is about a payment
	Lines       int    // of the bill that are about it
	There       Claim  // the bill's; zero where it has none
	Here        Claim  // the ledger's; zero where it has none

	State     DifferenceState
	Note      string
	DecidedBy string
	DecidedAt time.Time
}

// Same reports whether d and o say the same of the same thing, whatever was decided about them.
func (d *Difference) Same(o *Difference) bool { return d.key() == o.key() }

// differenceKey is what makes a difference this one; times are left out, because a platform may round them.
type differenceKey struct {
	kind                                               DifferenceKind
	trade, refund                                      string
	there, here                                        Fen
	stateThere, stateHere, transactThere, transactHere string
	lines                                              int
}

func (d *Difference) key() differenceKey {
	return differenceKey{
		d.Kind, d.OutTradeNo, d.OutRefundNo, d.There.Amount, d.Here.Amount,
		d.There.State, d.Here.State, d.There.TransactionID, d.Here.TransactionID, d.Lines,
	}
}

// Remedy is what can be done about a difference.
type Remedy string

const (
	ImportIt Remedy = "import" // ask the platform, and book its signed answer
	AskAgain Remedy = "query"  // ask the platform whether the ledger is right
	NoteIt   Remedy = "note"   // explain it
)

// ParseRemedy reads a remedy as written on a command line.
func ParseRemedy(s string) (Remedy, error) {
	for _, r := range []Remedy{ImportIt, AskAgain, NoteIt} {
		if s == string(r) {
			return r, nil
		}
	}
	return "", Errorf(Invalid, "The remedy %q is not known; it must be import, query or note.", s)
}

// Choices are what can be done about d, the likeliest first; none once it is decided.
func (d *Difference) Choices() []Remedy {
	switch {
	case d.State != DifferenceOpen:
		return nil
	case d.Kind == MissingHere, d.Kind == OtherState:
		return []Remedy{ImportIt, NoteIt}
	case d.Kind == Doubled:
		return []Remedy{NoteIt}
	}
	return []Remedy{AskAgain, NoteIt}
}

// Allows returns why r cannot settle d, or nil.
func (d *Difference) Allows(r Remedy) error {
	switch {
	case d.State != DifferenceOpen:
		return Errorf(Conflict, "This difference is decided already.")
	case slices.Contains(d.Choices(), r):
		return nil
	case r == ImportIt:
		return Errorf(Conflict, "There is nothing here that could be imported; ask the platform again, or note what was found out.")
	}
	return Errorf(Conflict, "The platform cannot be asked about this; note what was found out.")
}

// line is what the bill says, as far as d has it.
func (d *Difference) line() BillLine {
	l := BillLine{OutTradeNo: d.OutTradeNo, OutRefundNo: d.OutRefundNo, Amount: d.There.Amount, State: d.There.State, At: d.There.At}
	if d.OutRefundNo == "" {
		l.TransactionID = d.There.TransactionID
	} else {
		l.RefundID = d.There.TransactionID
	}
	return l
}

// Story says in plain words how the bill and the ledger differ.
func (d *Difference) Story() *Error {
	if d.OutRefundNo != "" {
		return d.refundStory()
	}
	switch d.Kind {
	case MissingHere:
		return Errorf(Conflict, "The bill of %s has ¥%s paid under %s, which is not in the ledger. Import it: the platform is asked, and what it confirms is booked.", d.Wallet, d.There.Amount, d.OutTradeNo)
	case MissingThere:
		return Errorf(Conflict, "The ledger has ¥%[2]s paid under %[3]s, which the bill of %[1]s does not have. Ask the platform again.", d.Wallet, d.Here.Amount, d.OutTradeNo)
	case OtherAmount:
		return Errorf(Conflict, "The bill of %s has ¥%s under %s, the ledger ¥%s. Ask the platform again.", d.Wallet, d.There.Amount, d.OutTradeNo, d.Here.Amount)
	case OtherState:
		return Errorf(Conflict, "The bill of %s has ¥%s under %s as paid, the ledger does not. Import it: the platform is asked, and what it confirms is booked.", d.Wallet, d.There.Amount, d.OutTradeNo)
	case OtherTransaction:
		return Errorf(Conflict, "The bill of %s names transaction %s for %s, the ledger %s. Ask the platform again.", d.Wallet, d.There.TransactionID, d.OutTradeNo, d.Here.TransactionID)
	case OtherPayment:
		return Errorf(Conflict, "The bill of %s has transaction %s under %s, the ledger has it under another number. Ask the platform again.", d.Wallet, d.There.TransactionID, d.OutTradeNo)
	}
	return Errorf(Conflict, "The bill of %s has the payment %s %d times. Compare it with the platform's site and note what was found out.", d.Wallet, d.OutTradeNo, d.Lines)
}

func (d *Difference) refundStory() *Error {
	switch d.Kind {
	case MissingHere:
		return Errorf(Conflict, "The bill of %s has a refund of ¥%s under %s, which is not in the ledger. Import it: the platform is asked, and what it confirms is booked.", d.Wallet, d.There.Amount, d.OutRefundNo)
	case MissingThere:
		return Errorf(Conflict, "The ledger has a refund of ¥%[2]s under %[3]s, which the bill of %[1]s does not have. Ask the platform again.", d.Wallet, d.Here.Amount, d.OutRefundNo)
	case OtherAmount:
		return Errorf(Conflict, "The bill of %s has a refund of ¥%s under %s, the ledger one of ¥%s. Ask the platform again.", d.Wallet, d.There.Amount, d.OutRefundNo, d.Here.Amount)
	case OtherState:
		return Errorf(Conflict, "The refund %[2]s of ¥%[3]s has come to another end on the bill of %[1]s than in the ledger. Import it: the platform is asked, and what it confirms is booked.", d.Wallet, d.OutRefundNo, d.There.Amount)
	case OtherTransaction:
		return Errorf(Conflict, "The bill of %s names the number %s for the refund %s, the ledger %s. Ask the platform again.", d.Wallet, d.There.TransactionID, d.OutRefundNo, d.Here.TransactionID)
	case OtherPayment:
		return Errorf(Conflict, "The bill of %s has the refund %s with the payment %s, the ledger with another one. Ask the platform again.", d.Wallet, d.OutRefundNo, d.OutTradeNo)
	}
	return Errorf(Conflict, "The bill of %s has the refund %s %d times. Compare it with the platform's site and note what was found out.", d.Wallet, d.OutRefundNo, d.Lines)
}

// BillTx is what a Tx knows of bills and of what the ledger has to compare with them.
type BillTx interface {
	// Movements calls fn with every payment to a merchant that is paid, and every refund of one that has not failed,
	// which the platform may have dated from one time up to, but without, another. fn gets a Movement it may keep.
	Movements(w Wallet, merchantID string, from, to time.Time, fn func(Movement) error) error
	// MovementsOf returns, in any order and state, the payments and refunds of these out_trade_nos, and those of
	// these refund numbers and transactions.
	MovementsOf(w Wallet, outTradeNos, outRefundNos, transactionIDs []string) ([]Movement, error)
	// Standing is what Movements of the same range adds up to.
	Standing(w Wallet, merchantID string, from, to time.Time) (Standing, error)
	// FirstPaid is when the wallet's first payment was made, by the platform's clock; zero where there is none.
	FirstPaid(Wallet) (time.Time, error)

	Reconciliation(Wallet, Day) (*Reconciliation, error)
	// Reconciliations returns those of the days from..to, both included, by day and wallet.
	Reconciliations(from, to Day) ([]Reconciliation, error)
	// SaveReconciliation stores r under its wallet and day, and sets its ID.
	SaveReconciliation(r *Reconciliation) error
	// Differences of one reconciliation, by their numbers.
	Differences(reconciliation int64) ([]Difference, error)
	// AddDifference stores d and sets its number.
	AddDifference(reconciliation int64, d *Difference) error
	// SaveFees puts fees on the entries of these payments and refunds, as far as there are any, and on the daily totals. A
	// fee that is known already is replaced.
	SaveFees([]EntryFee) error
	// SaveDifference stores d's state, note, and by whom and when.
	SaveDifference(reconciliation int64, d *Difference) error
}
