package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/setup"
	"saoma/db"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// unfinishedName is a file that lies in a data folder from the first step that the assistant has kept until the owner
// opens the counter: a set-up that was interrupted goes on at the next start.
const unfinishedName = "setup.unfinished"

// unfinished reports whether the data folder dir is the assistant's: it is new, or was left in the middle of the
// set-up, or has no wallet that could take a payment.
func unfinished(dir string) bool {
	if exists(dir, unfinishedName) {
		return true
	}
	if !exists(dir, config.FileName) {
		return !exists(dir, db.FileName) // a shop that has lost its saoma.toml is no new one
	}
	c, err := config.Load(dir)
	return err == nil && !c.WeChat.Enabled && !c.Alipay.Enabled
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}

// resumable is the assistant of the window: what it keeps goes on being set up at the next start until finish.
type resumable struct {
	*setup.Assistant
	dir string
}

// Keep implements flow.Assistant.
func (r resumable) Keep(ctx context.Context, id flow.StepID, values flow.Values) error {
	if err := r.Assistant.Keep(ctx, id, values); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.dir, unfinishedName), nil, 0o600); err != nil {
		return pos.Errorf(pos.Setup, "The data folder %s cannot be written to; check its permissions and the free space of the disk.", r.dir).Because(err)
	}
	return nil
}

// finish notes that the set-up is done.
func finish(dir string) error {
	if err := os.Remove(filepath.Join(dir, unfinishedName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pos.Errorf(pos.Setup, "The data folder %s cannot be written to; check its permissions and the free space of the disk.", dir).Because(err)
	}
	return nil
}
