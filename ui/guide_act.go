package ui

import (
	"context"
	"maps"
	"slices"
	"strings"

	"saoma/pos"
	"saoma/pos/setup"
	"saoma/ui/kit"
)

// next keeps the step, tries it where that can be done, and goes on.
func (g *guide) next() {
	if g.busy || g.at < 0 {
		return
	}
	s := g.here()
	switch {
	case s.ID == setup.Language:
		g.room.app.Preferences().SetString(prefLanguage, string(g.room.l))
		g.opts.language(g.room.l)
		s.state = setup.Kept
		g.show(g.at + 1)
	case s.ID == setup.Trial:
		g.trial.onEnter()
	case g.tried && !g.opts.settings:
		g.show(g.at + 1)
	case g.tried:
		g.show(g.at)
	default:
		g.keep()
	}
}

func (g *guide) keep() {
	g.collect()
	id, values, at := g.here().ID, maps.Clone(g.here().draft), g.at
	g.room.win.Canvas().Unfocus()
	g.says, g.wrong, g.wrongAt = line{g.room.l.T("Checking."), kit.Working}, nil, ""
	g.call(func(ctx context.Context) error { return g.a.Keep(ctx, id, values) }, func(err error) {
		g.says = line{}
		if err != nil {
			g.onWrong(err)
			return
		}
		g.kept, g.trial = true, nil // the trial's counter has been closed: it would not use this
		g.noteManager(id, values)
		switch {
		case slices.Contains(triable, id):
			g.try()
		case g.opts.settings:
			g.form = nil
			g.says = line{g.room.l.T("Kept."), kit.Glad}
		default:
			g.show(at + 1)
		}
	})
}

// noteManager remembers who has just chosen a PIN: that person need not key it in again for the trial.
func (g *guide) noteManager(id setup.StepID, values setup.Values) {
	if id != setup.Manager {
		return
	}
	name, pin := "", ""
	for _, f := range g.here().Fields {
		switch {
		case f.Kind == setup.Text && name == "":
			name = values[f.Key]
		case f.Kind == setup.Secret && pin == "":
			pin = values[f.Key]
		}
	}
	if pin != "" && pin != setup.Held {
		g.manager = strings.TrimSpace(name)
	}
}

// onWrong shows what is wrong, at its field where there is one.
func (g *guide) onWrong(err error) {
	g.wrong, g.wrongAt = err, setup.KeyOf(err)
	if g.form == nil || g.form.at(g.wrongAt) < 0 {
		g.wrongAt = ""
		g.says = line{g.room.l.Error(err), toneOfError(err)}
		return
	}
	g.draw()
	g.focus(g.wrongAt)
}

// skippable reports whether the step may be left out, as it stands on the screen.
func (g *guide) skippable() bool {
	return g.here().Skip && g.here().ID != setup.Trial && !g.tried && !g.opts.settings
}

// skip leaves the step out.
func (g *guide) skip() {
	if g.busy || g.at < 0 || !g.skippable() {
		return
	}
	id, at := g.here().ID, g.at
	g.call(func(ctx context.Context) error { return g.a.Pass(ctx, id) }, func(err error) {
		if err != nil {
			g.onWrong(err)
			return
		}
		g.trial = nil
		g.show(at + 1)
	})
}

// try tries what is kept of the step; each finding is shown as it is made.
func (g *guide) try() {
	id := g.here().ID
	g.tried, g.says = true, line{g.room.l.T("Trying it."), kit.Working}
	g.trial = nil
	g.finds.clear(g.room.l)
	var ctx context.Context
	ctx, g.stopTry = context.WithCancel(g.room.ctx)
	g.call(func(context.Context) error {
		return g.a.Try(ctx, id, func(found pos.Finding) {
			g.room.do(func() {
				if ctx.Err() == nil {
					g.finds.add(g.room.l, found)
				}
			})
		})
	}, func(err error) {
		switch {
		case ctx.Err() != nil: // the step was left
		case err != nil:
			g.says = line{g.room.l.Error(err), toneOfError(err)}
		default:
			g.says = g.finds.verdict(g.room.l)
		}
	})
}

// leaveTry ends a try that is under way.
func (g *guide) leaveTry() {
	if g.stopTry != nil {
		g.stopTry()
		g.stopTry = nil
	}
}

// goBack leads from the findings to the fields, and from there to the step before. It reports false at the first one.
func (g *guide) goBack() bool {
	switch {
	case g.at < 0:
		return false
	case g.tried:
		g.show(g.at)
	case g.at > 0 && !g.opts.settings:
		g.show(g.at - 1)
	default:
		return false
	}
	return true
}

// toneOfError is calm about what a person can mend.
func toneOfError(err error) kit.Tone {
	if code := pos.CodeOf(err); code == pos.Invalid || code == pos.Unavailable || code == pos.Conflict {
		return kit.Doubtful
	}
	return kit.Alarmed
}

// fingerprint is that of a server's key which the try asks the owner to confirm; empty: it asks nothing.
func (g *guide) fingerprint() string {
	if !g.tried {
		return ""
	}
	for _, found := range g.finds.all {
		if found.Check != "host_key" || found.Level == pos.Green || found.Says == nil {
			continue
		}
		for _, arg := range found.Says.Args {
			if text, ok := arg.(string); ok && strings.HasPrefix(text, "SHA256:") {
				return text
			}
		}
	}
	return ""
}

// confirm accepts a server's key and tries again.
func (g *guide) confirm(fingerprint string) {
	if g.busy {
		return
	}
	id := g.here().ID
	g.call(func(ctx context.Context) error { return g.a.Confirm(ctx, id, fingerprint) }, func(err error) {
		if err != nil {
			g.says = line{g.room.l.Error(err), toneOfError(err)}
			return
		}
		g.try()
	})
}
