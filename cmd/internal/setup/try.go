package setup

import (
	"context"
	"sync"

	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/doctor"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// Values are what is kept of a step, or what is proposed for it.
func (a *Assistant) Values(id flow.StepID) flow.Values {
	values := map[flow.StepID]func() flow.Values{
		flow.Shop: a.shopValues, flow.Manager: a.managerValues, flow.Keys: a.keysValues, flow.WeChat: a.wechatValues,
		flow.Alipay: a.alipayValues, flow.Address: a.addressValues,
	}[id]
	if values == nil {
		return flow.Values{}
	}
	return values()
}

// Try has the doctor look at what the step is about.
func (a *Assistant) Try(ctx context.Context, id flow.StepID, found func(pos.Finding)) error {
	switch id {
	case flow.WeChat, flow.Alipay, flow.Address:
	default:
		return pos.Errorf(pos.Invalid, "This step cannot be tried on its own.")
	}
	if a.State(id) != flow.Kept {
		return pos.Errorf(pos.Conflict, "Fill this step in first.")
	}
	if err := a.closeTrial(); err != nil {
		return err
	}
	keys, err := a.keys(ctx)
	if err != nil {
		return err
	}
	doctor.Run(ctx, doctor.Options{
		Dir: a.dir, Only: []string{string(id)}, Order: true, Serve: a.o.Counter == nil, Vault: keys, Log: a.o.Log,
	}, found)
	return ctx.Err()
}

// open is the counter of the trial.
type open struct {
	counter *counter.Counter
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// Till opens the counter for the trial, notifications included, or returns the one that is open.
func (a *Assistant) Till(ctx context.Context) (*pos.Till, error) {
	if a.o.Counter != nil {
		return a.o.Counter.Till, nil
	}
	if a.open != nil {
		return a.open.counter.Till, nil
	}
	if a.State(flow.WeChat) != flow.Kept && a.State(flow.Alipay) != flow.Kept {
		return nil, pos.Errorf(pos.Conflict, "Neither WeChat Pay nor Alipay is set up; fill in one of them first.")
	}
	keys, err := a.keys(ctx)
	if err != nil {
		return nil, err
	}
	c, err := counter.Open(ctx, a.dir, counter.Options{Log: a.o.Log, Vault: keys})
	if err != nil {
		return nil, err
	}
	if _, err := c.Listen(); err != nil {
		c.Log.Warn("no notifications during the trial", "error", err) // polling confirms it
	}
	o := &open{counter: c}
	var background context.Context
	background, o.stop = context.WithCancel(context.Background())
	o.work.Go(func() {
		if err := c.Run(background); err != nil {
			c.Log.Error("the counter stopped confirming payments", "error", err)
		}
	})
	a.open = o
	return c.Till, nil
}

// Counter is the counter that Till has opened or was given; nil while there is none. Whoever goes on with it calls
// nothing else of the assistant but Close.
func (a *Assistant) Counter() *counter.Counter {
	if a.open != nil {
		return a.open.counter
	}
	return a.o.Counter
}

// closeTrial closes the counter of the trial: what is changed next, it would not use.
func (a *Assistant) closeTrial() error {
	if a.open == nil {
		return nil
	}
	o := a.open
	a.open = nil
	o.stop()
	o.work.Wait()
	return o.counter.Close()
}
