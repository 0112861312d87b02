// Package ui is the counter's windows: the cashier's and the customer's. It shows what the till says
// and passes on what people key in; it decides nothing about money.
package ui

import (
	"context"
	"iter"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/pos/report"
	"saoma/pos/setup"
)

// Options are what the windows need to know.
type Options struct {
	Till    *pos.Till
	Cashier string // who is named on charges; may be empty

	// SignedIn says that Cashier has proved to be a user of the ledger. Without it a ledger that has users asks for
	// name and PIN.
	SignedIn bool

	// LockAfter is how long nobody touches the counter before whoever is signed in is signed out; zero: never.
	LockAfter time.Duration

	// Sandbox shows that no real money moves, and offers to pay as the customer.
	Sandbox       bool
	PayAsCustomer func(ctx context.Context, outTradeNo string) error

	Language words.Language // empty: as remembered, else the system's
	Scale    float32        // zero: as remembered, else 1
	Mute     bool           // no sounds
	Warning  error          // said once the window is open; nil: nothing

	// OnDamage has its argument called once with the sentence why the ledger is only read any more, as soon
	// as there is one; nil: the ledger is never damaged.
	OnDamage func(func(error))

	// Settings opens the set-up of this counter, to be changed; nil: it cannot be. Reopen closes the counter and opens
	// it again with what was changed; it is called on the UI thread.
	Settings func(ctx context.Context) (setup.Assistant, error)
	Reopen   func()

	// Doctor makes every check and tells each finding as it is made; nil: there is none. Bundle writes the support
	// file with what it has found.
	Doctor func(ctx context.Context, found func(pos.Finding))
	Bundle func(ctx context.Context, file string, found []pos.Finding) error

	// CloseDay closes a business day for r.Actor, writes its files and backs the ledger up; nil: the day is closed, and that
	// is all. An error that comes with days says what is missing beside them.
	CloseDay func(ctx context.Context, r pos.CloseDayRequest, l words.Language) ([]ClosedDay, error)

	// Search finds payments, the newest first; nil: none can be looked up.
	Search func(ctx context.Context, s pos.Search) ([]pos.Payment, error)

	// Reports is what reports are made of; nil: there are none. Export writes a file and returns its path; progress
	// hears how many payments of how many are written. nil: nothing is exported.
	Reports report.Reader
	Export  func(ctx context.Context, e ExportRequest, l words.Language, progress func(done, total int64)) (string, error)

	// ExportAudit writes rows of the audit chain as a file in folder and returns its path; nil: they are not exported.
	ExportAudit func(folder string, rows iter.Seq2[pos.AuditRow, error], l words.Language) (string, error)

	// Reconcile compares a wallet's bill of a day of the platforms with the ledger; nil: no bills are compared.
	Reconcile func(ctx context.Context, w pos.Wallet, day pos.Day, actor string) error

	// CustomerAt is where the customer window opens, in the system's coordinates; nil: as remembered,
	// else where the system puts it.
	CustomerAt *Place
}

// ClosedDay is a day that was closed and the files that were written of it.
type ClosedDay struct {
	Batch pos.Batch
	Files []string
}

// Place is a position on the desktop, which may lie on a second monitor.
type Place struct{ X, Y int }

// Names of what is remembered from one run to the next.
const (
	prefLanguage  = "language"
	prefScale     = "scale"
	prefWallet    = "wallet"
	prefCustomer  = "customer.open"
	prefCustomerX = "customer.x"
	prefCustomerY = "customer.y"
	prefManager   = "manager"
)

// Language decides what the windows speak when they open.
func Language(o Options, prefs fyne.Preferences) words.Language {
	if o.Language != "" {
		return o.Language
	}
	if tag := prefs.String(prefLanguage); tag != "" {
		return words.In(tag)
	}
	return words.In(lang.SystemLocale().LanguageString())
}

func scale(o Options, prefs fyne.Preferences) float32 {
	if o.Scale != 0 {
		return o.Scale
	}
	return float32(prefs.FloatWithFallback(prefScale, 1))
}

// place decides where the customer window opens, and remembers a place that was asked for.
func place(o Options, prefs fyne.Preferences) *Place {
	if o.CustomerAt != nil {
		prefs.SetInt(prefCustomerX, o.CustomerAt.X)
		prefs.SetInt(prefCustomerY, o.CustomerAt.Y)
		return o.CustomerAt
	}
	const never = -1 << 31
	x, y := prefs.IntWithFallback(prefCustomerX, never), prefs.IntWithFallback(prefCustomerY, never)
	if x == never || y == never {
		return nil
	}
	return &Place{x, y}
}
