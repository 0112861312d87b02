package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/kit"
)

// doctor is the page that says of everything the counter needs whether it is as it should be.
type doctor struct {
	c       *Cashier
	whole   fyne.CanvasObject
	summary *fyne.Container
	finds   *findings
	buttons []*kit.Button // which wait for the end of the checks
	running bool
	stop    context.CancelFunc
}

// onDoctor opens the page and begins to look, or closes it.
func (c *Cashier) onDoctor() {
	if _, open := c.page.(*doctor); open {
		c.turnTo(nil)
		return
	}
	if c.opts.Doctor == nil {
		return
	}
	d := &doctor{c: c, finds: newFindings(), summary: container.NewStack()}
	d.update()
	c.turnTo(d)
	d.run()
}

// run makes all checks; each finding is shown as it is made.
func (d *doctor) run() {
	if d.running {
		return
	}
	d.running = true
	d.finds.clear(d.c.l)
	d.drawSummary()
	ctx, stop := context.WithCancel(d.c.ctx)
	d.stop = stop
	d.c.off(func(context.Context) error {
		d.c.opts.Doctor(ctx, func(found pos.Finding) {
			d.c.do(func() {
				if ctx.Err() == nil {
					d.finds.add(d.c.l, found)
					d.drawSummary()
				}
			})
		})
		return nil
	}, func(error) {
		stop()
		d.running = false
		d.drawSummary()
	})
}

// close ends the checks that are under way: the page is left.
func (d *doctor) close() {
	if d.stop != nil {
		d.stop()
	}
}

func (d *doctor) object() fyne.CanvasObject { return d.whole }
func (d *doctor) read()                     {}

func (d *doctor) update() {
	l := d.c.l
	d.finds.draw(l)
	save := kit.NewButton(l.T("Save support file"), "F3", "", kit.PlainLook, d.save)
	again := kit.NewButton(l.T("Check again"), "F5", "", kit.StrongLook, d.run)
	d.buttons = []*kit.Button{save, again}
	d.drawSummary()
	foot := kit.Row(12, kit.Grow(1, d.summary), kit.Fixed(save), kit.Fixed(again))
	d.whole = kit.Col(0, kit.Fixed(pageHead(d.c, l.T("Check-up: is everything as it should be?"), "pulse")), kit.Fixed(kit.Rule()),
		kit.Grow(1, kit.Inset(12, 22, d.finds.pane)), kit.Fixed(kit.Rule()), kit.Fixed(kit.Inset(12, 22, foot)))
}

// drawSummary sums up what was found so far.
func (d *doctor) drawSummary() {
	said := d.finds.verdict(d.c.l)
	if d.running {
		said = line{d.c.l.T("Looking: %d checks made.", len(d.finds.all)), kit.Working}
	}
	d.summary.Objects = []fyne.CanvasObject{kit.NewFit(said.text, 18, said.tone.Ink, true, 2)}
	d.summary.Refresh()
	for _, b := range d.buttons {
		b.SetDisabled(d.running)
	}
}

func (d *doctor) onKey(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyF5:
		d.run()
	case fyne.KeyF3:
		d.save()
	default:
		return d.finds.onKey(k)
	}
	return true
}

// save writes the support file where a person finds it again.
func (d *doctor) save() {
	if d.c.opts.Bundle == nil || d.running {
		return
	}
	found := slices.Clone(d.finds.all)
	d.c.notify(d.c.l.T("Writing the support file."), kit.Working)
	var file string
	d.c.off(func(ctx context.Context) error {
		home, err := os.UserHomeDir()
		if err != nil {
			return pos.Errorf(pos.Setup, "This user has no folder of its own; run saomactl doctor --bundle FILE instead.").Because(err)
		}
		file = filepath.Join(downloads(home), "saoma-support-"+time.Now().Format("20060102-150405")+".zip")
		return d.c.opts.Bundle(ctx, file, found)
	}, func(err error) {
		if err != nil {
			d.c.complain(err)
			return
		}
		d.c.notify(d.c.l.T("The support file is %s. No key, PIN or customer is in it.", file), kit.Glad)
	})
}
