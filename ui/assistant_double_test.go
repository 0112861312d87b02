package ui

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"saoma/pos"
	"saoma/pos/setup"
)

// double is an assistant in memory, so that each behaviour of the window can be called forth. The real one is driven
// by the test of cmd/saoma.
type double struct {
	mu       sync.Mutex
	calls    int // under way, to see that there is never more than one
	steps    []setup.Step
	state    map[setup.StepID]setup.State
	values   map[setup.StepID]setup.Values
	finds    []pos.Finding
	gate     chan struct{} // a try waits for it before its last finding; nil: it does not
	outside  []string
	removed  bool
	till     *pos.Till
	tillErr  error
	overlaps bool
	accepted string // fingerprint
	tries    int
}

func newDouble() *double {
	d := &double{state: map[setup.StepID]setup.State{}, values: map[setup.StepID]setup.Values{}}
	d.steps = []setup.Step{
		{ID: setup.Shop, Title: "Shop", About: "What stands on the receipt, and what begins every order's number.", Fields: []setup.Field{
			{Key: "shop.name", Label: "Name", Kind: setup.Text, Example: "Old Street Tea"},
			{Key: "shop.counter", Label: "Counter code", Where: "1 to 12 of 0-9 A-Z, another one for each counter of the shop", Kind: setup.Text, Example: "K1"},
		}},
		{ID: setup.WeChat, Title: "WeChat Pay", About: "The merchant's papers.", Skip: true, Fields: []setup.Field{
			{Key: "wechat.zip", Label: "Certificate zip", Kind: setup.Zip, Optional: true},
			{Key: "wechat.mchid", Label: "Merchant number", Where: "pay.weixin.qq.com, Account centre, Merchant information", Kind: setup.Text, Example: "1900000001"},
			{Key: "wechat.merchant_key_file", Label: "Merchant key", Where: "apiclient_key.pem in the zip", Kind: setup.Paper},
			{Key: "wechat.apiv3_key_file", Label: "APIv3 key", Where: "32 characters", Kind: setup.Secret},
			{Key: "wechat.verify", Label: "How WeChat Pay signs", Kind: setup.Pick, Choices: []setup.Choice{{Value: "public", Label: "Public key"}, {Value: "certificate", Label: "Platform certificates"}}},
			{Key: "wechat.public_key_id", Label: "Public key's id", Kind: setup.Text, When: &setup.When{Key: "wechat.verify", Values: []string{"public"}}},
			{Key: "wechat.public_key_file", Label: "Public key", Kind: setup.Paper, When: &setup.When{Key: "wechat.verify", Values: []string{"public"}}},
		}},
		{ID: setup.Trial, Title: "Trial payment", About: "One payment of 0.01 and its refund.", Skip: true},
	}
	return d
}

// enter notes that a method is called.
func (d *double) enter() func() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	d.overlaps = d.overlaps || d.calls > 1
	return func() { d.mu.Lock(); d.calls--; d.mu.Unlock() }
}

func (d *double) Steps() []setup.Step { defer d.enter()(); return d.steps }

func (d *double) State(id setup.StepID) setup.State {
	defer d.enter()()
	if s, ok := d.state[id]; ok {
		return s
	}
	return setup.Open
}

func (d *double) Values(id setup.StepID) setup.Values {
	defer d.enter()()
	return maps.Clone(d.values[id])
}

func (d *double) Keep(_ context.Context, id setup.StepID, v setup.Values) error {
	defer d.enter()()
	for _, s := range d.steps {
		for _, f := range s.Fields {
			if s.ID == id && f.Shows(v) && !f.Optional && strings.TrimSpace(v[f.Key]) == "" {
				return setup.At(f.Key, pos.Errorf(pos.Invalid, "Write who decides this."))
			}
		}
	}
	d.state[id], d.values[id] = setup.Kept, maps.Clone(v)
	return nil
}

func (d *double) Pass(_ context.Context, id setup.StepID) error {
	defer d.enter()()
	d.state[id] = setup.Skipped
	return nil
}

func (d *double) Try(ctx context.Context, _ setup.StepID, found func(pos.Finding)) error {
	defer d.enter()()
	d.mu.Lock()
	d.tries++
	d.mu.Unlock()
	for i, f := range d.finds {
		if i == len(d.finds)-1 && d.gate != nil {
			select {
			case <-d.gate:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		found(f)
	}
	return nil
}

func (d *double) Confirm(_ context.Context, _ setup.StepID, fingerprint string) error {
	defer d.enter()()
	d.mu.Lock()
	d.accepted = fingerprint
	d.mu.Unlock()
	return nil
}

// confirmed is the fingerprint that the window passed on, and how often a step was tried.
func (d *double) confirmed() (fingerprint string, tries int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accepted, d.tries
}

func (d *double) Originals() []string {
	defer d.enter()()
	return slices.Clone(d.outside)
}

func (d *double) RemoveOriginals() error {
	defer d.enter()()
	d.removed, d.outside = true, nil
	return nil
}

func (d *double) Till(context.Context) (*pos.Till, error) {
	defer d.enter()()
	if d.till == nil {
		return nil, errors.Join(d.tillErr, pos.Errorf(pos.Setup, "Write who decides this."))
	}
	return d.till, d.tillErr
}
