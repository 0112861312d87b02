package ui

import (
	"context"
	"errors"
	"os"

	"saoma/pos"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// ExportRequest is the file that a manager asks for.
type ExportRequest struct {
	Period   report.Period
	Format   string // xlsx, csv, pdf or json
	Payments bool   // one by one rather than the sums
	Folder   string
}

// export writes the file into the folder where a person finds downloads.
func (r *reports) export() {
	if r.exporting || r.c.opts.Export == nil {
		return
	}
	request := ExportRequest{Period: r.period, Format: formats[r.format], Payments: r.single}
	r.c.as(pos.Export, func(string) {
		if r.exporting {
			return // the button was pressed twice
		}
		ctx, stop := context.WithCancel(r.c.ctx)
		r.exporting, r.done, r.stop = true, 0, stop
		r.drawFoot()
		var file string
		l := r.c.l // which may change meanwhile
		r.c.off(func(context.Context) (err error) {
			home, err := os.UserHomeDir()
			if err != nil {
				return pos.Errorf(pos.Setup, "This user has no folder of its own; run saomactl report instead.").Because(err)
			}
			request.Folder = downloads(home)
			file, err = r.c.opts.Export(ctx, request, l, func(done, total int64) {
				r.c.do(func() {
					r.done = float64(done) / float64(max(total, 1))
					r.drawFoot()
				})
			})
			return err
		}, func(err error) {
			stop()
			r.exporting = false
			r.drawFoot()
			switch {
			case errors.Is(err, context.Canceled):
				r.c.notify(r.c.l.T("Nothing was exported."), kit.Working)
			case err != nil:
				r.c.complain(err)
			default:
				r.c.notify(r.c.l.T("The file is %s.", file), kit.Glad)
			}
		})
	})
}

func (r *reports) cancel() {
	if r.stop != nil {
		r.stop()
	}
}
