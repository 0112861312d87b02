package ui

import (
	"context"
	"os"

	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// check works the whole chain out again, which takes seconds where years of sales are in it.
func (a *audit) check() {
	if a.checking {
		return
	}
	a.checking = true
	a.draw()
	var chain pos.AuditChain
	a.c.off(func(ctx context.Context) (err error) {
		chain, err = a.c.till.AuditChain(ctx, a.by)
		return err
	}, func(err error) {
		a.checking = false
		if err != nil {
			a.c.complain(err)
		} else {
			a.chain = &chain
		}
		a.draw()
	})
}

// export writes every row that is asked for into the folder where a person finds downloads.
func (a *audit) export() {
	f, err := a.filter()
	if a.writing || a.c.opts.ExportAudit == nil {
		return
	}
	if err != nil {
		a.c.complain(err)
		return
	}
	a.writing = true
	a.draw()
	var file string
	l := a.c.l // which may change meanwhile
	rows := func(ctx context.Context, f pos.AuditFilter) ([]pos.AuditRow, error) {
		return a.c.till.Audit(ctx, a.by, f)
	}
	a.c.off(func(ctx context.Context) error {
		home, err := os.UserHomeDir()
		if err != nil {
			return pos.Errorf(pos.Setup, "This user has no folder of its own; run saomactl report instead.").Because(err)
		}
		file, err = a.c.opts.ExportAudit(downloads(home), report.AuditRows(ctx, rows, f), l)
		return err
	}, func(err error) {
		a.writing = false
		if err != nil {
			a.c.complain(err)
		} else {
			a.c.notify(a.c.l.T("The file is %s.", file), kit.Glad)
		}
		a.draw()
	})
}
