package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"saoma/assets/words"
	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/doctor"
	"saoma/cmd/internal/setup"
	"saoma/cmd/internal/sheet"
	"saoma/cmd/internal/vault"
	"saoma/pos"
	flow "saoma/pos/setup"
	"saoma/ui"
)

// shop is what one run of the program goes through: the assistant or the passphrase, the counter, and the counter
// again after a change. Its fields belong to the UI thread, except where it says otherwise.
type shop struct {
	app    fyne.App
	flags  flags
	dir    string
	stderr io.Writer
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // what opens a counter in the background

	window  *ui.Cashier
	counter *counter.Counter
	release func() error // closes the counter; nil: none is open
	failed  error        // why none could be opened
}

func newShop(a fyne.App, f flags, stderr io.Writer) *shop {
	s := &shop{app: a, flags: f, stderr: stderr}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// begin opens the first window.
func (s *shop) begin() {
	var err error
	if s.dir = s.flags.data; s.dir == "" {
		s.dir, err = config.DefaultDir()
	}
	switch {
	case err != nil:
	case unfinished(s.dir):
		err = s.assist()
	default:
		s.unlock(nil, nil)
	}
	if err != nil {
		s.fail(err)
	}
}

// end closes the counter when the last window has closed, and returns the exit code.
func (s *shop) end() int {
	s.cancel()
	s.work.Wait()
	if s.failed != nil {
		return code(s.failed)
	}
	if s.release == nil {
		return exitOK
	}
	if err := s.release(); err != nil {
		fmt.Fprintln(s.stderr, s.flags.language().Error(err))
		return exitError
	}
	return exitOK
}

// fail says why the counter cannot open.
func (s *shop) fail(err error) {
	s.failed = err
	l := ui.Language(s.flags.options(), s.app.Preferences())
	fmt.Fprintln(s.stderr, l.Error(err))
	ui.Problem(s.app, l, l.Error(err))
}

// operate runs the counter c behind its window.
func (s *shop) operate(c *counter.Counter) {
	_, warning := c.Listen()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		if err := c.Run(ctx); err != nil {
			c.Log.Error("the counter stopped confirming payments", "error", err)
		}
	})
	o := s.flags.options()
	o.Warning = warning
	s.show(c, o, func() error {
		cancel()
		work.Wait()
		return c.Close()
	})
}

// show opens the cashier's window on a counter that runs.
func (s *shop) show(c *counter.Counter, o ui.Options, release func() error) {
	s.counter, s.release = c, release
	o.Till, o.Sandbox, o.OnDamage = c.Till, c.Sandbox, c.OnDamage
	o.LockAfter = c.Config.Window.LockAfter
	if c.Sandbox {
		o.PayAsCustomer = c.PayAsCustomer
	}
	o.Reports, o.Export = c.Ledger, func(ctx context.Context, e ui.ExportRequest, l words.Language, progress func(done, total int64)) (string, error) {
		file := sheet.Export{
			Source: c.Ledger, Shop: c.Shop, Period: e.Period, Words: l, Format: e.Format, Orders: e.Payments, Now: time.Now(), Progress: progress,
		}
		return file.File(ctx, e.Folder)
	}
	o.ExportAudit = func(folder string, rows iter.Seq2[pos.AuditRow, error], l words.Language) (string, error) {
		return writeAudit(folder, c.Shop, rows, l, time.Now())
	}
	o.Reconcile = func(ctx context.Context, w pos.Wallet, day pos.Day, actor string) error {
		_, err := c.Books.Reconcile(ctx, w, day, true, actor)
		return err
	}
	o.Search = func(ctx context.Context, s pos.Search) ([]pos.Payment, error) { return c.Ledger.Search(ctx, s, c.Shop) }
	o.CloseDay = func(ctx context.Context, r pos.CloseDayRequest, l words.Language) (days []ui.ClosedDay, err error) {
		closed, err := c.CloseDay(ctx, r, l)
		if closed != nil {
			for _, d := range closed.Days {
				days = append(days, ui.ClosedDay{Batch: d.Batch, Files: d.Files})
			}
		}
		return days, err
	}
	o.Settings = func(context.Context) (flow.Assistant, error) {
		return setup.New(s.dir, setup.Options{Counter: c, Ask: s.ask})
	}
	o.Reopen = s.reopen
	o.Doctor = func(ctx context.Context, found func(pos.Finding)) { doctor.Run(ctx, s.examination(c), found) }
	o.Bundle = func(ctx context.Context, file string, found []pos.Finding) error {
		return doctor.WriteBundle(ctx, file, s.examination(c), found)
	}
	s.window = ui.Open(s.app, o)
}

// examination is what the doctor is told about this computer.
func (s *shop) examination(c *counter.Counter) doctor.Options {
	monitors := 1
	if d, ok := s.app.Driver().(desktop.Driver); ok && d.HasSecondaryDisplay() {
		monitors = 2
	}
	return doctor.Options{Dir: s.dir, Monitors: monitors, Vault: c.Vault, Tunnel: c.Tunnel(), Log: c.Log}
}

// reopen closes the counter and opens it again, so that changed settings count. The old window stays until the new one
// is there.
func (s *shop) reopen() {
	old, release, keys := s.window, s.release, s.counter.Vault
	s.release = nil
	s.work.Go(func() {
		err := release()
		fyne.Do(func() {
			if err != nil {
				s.fail(err)
				old.Close()
				return
			}
			s.unlock(keys, old.Close)
		})
	})
}

// unlock opens the counter in the background with the keys that were open before, or else asking for the passphrase
// where one is needed. after is called on the UI thread when its window, or the reason why there is none, is on the screen.
func (s *shop) unlock(keys *vault.Vault, after func()) {
	l := ui.Language(s.flags.options(), s.app.Preferences())
	asker := ui.NewPassphrase(s.app, l)
	upgrading, opened := s.upgrading(l)
	s.work.Go(func() {
		c, err := counter.Open(s.ctx, s.dir, counter.Options{Vault: keys, Ask: asker.Ask, Upgrading: upgrading})
		if keys != nil && pos.CodeOf(err) == pos.Setup { // how they are kept may have been changed
			c, err = counter.Open(s.ctx, s.dir, counter.Options{Ask: asker.Ask, Upgrading: upgrading})
		}
		if s.ctx.Err() != nil { // the program ends
			if err == nil {
				_ = c.Close()
			}
			return
		}
		fyne.Do(func() {
			switch {
			case s.ctx.Err() != nil:
				_ = c.Close()
				return
			case asker.GivenUp():
			case err != nil:
				s.fail(err)
			default:
				s.operate(c)
			}
			asker.Close()
			opened()
			if after != nil {
				after()
			}
		})
	})
}

// upgrading says in a window of its own why the counter is not there yet, where the ledger's upgrade takes longer than a
// second, until opened is called on the UI thread.
func (s *shop) upgrading(l words.Language) (begun, opened func()) {
	var win fyne.Window
	over := false
	begun = func() {
		time.AfterFunc(time.Second, func() {
			fyne.Do(func() {
				if !over && win == nil {
					win = ui.Upgrading(s.app, l)
				}
			})
		})
	}
	opened = func() {
		if over = true; win != nil {
			win.Close()
		}
	}
	return begun, opened
}

// ask asks for the passphrase in a window of its own, away from the UI thread.
func (s *shop) ask(ctx context.Context, again bool) (string, error) {
	asker := ui.NewPassphrase(s.app, ui.Language(s.flags.options(), s.app.Preferences()))
	defer fyne.Do(asker.Close)
	return asker.Ask(ctx, again)
}

// assist opens the first-run assistant. The counter of its trial becomes the cashier's.
func (s *shop) assist() error {
	a, err := setup.New(s.dir, setup.Options{Ask: s.ask})
	if err != nil {
		return err
	}
	s.release = a.Close
	ui.OpenAssistant(s.app, ui.AssistantOptions{
		Assistant: resumable{a, s.dir}, Language: s.flags.lang, Scale: s.flags.scale,
		Sandbox: func() bool { c := a.Counter(); return c != nil && c.Sandbox },
		PayAsCustomer: func(ctx context.Context, outTradeNo string) error {
			c := a.Counter()
			if c == nil {
				return errors.New("no counter is open")
			}
			return c.PayAsCustomer(ctx, outTradeNo)
		},
		Done: func(_ *pos.Till, who string) {
			if err := finish(s.dir); err != nil {
				s.fail(err)
				return
			}
			o := s.flags.options()
			if who != "" {
				o.Cashier, o.SignedIn = who, true
			}
			s.show(a.Counter(), o, a.Close)
		},
	})
	return nil
}
