package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// journal is the state file: one JSON line for each change, holding the whole order as it is then; the last line of
// an order counts. A line cut short by a crash is the change that did not happen.
type journal struct{ f *os.File }

// restore reads the state file, writes it anew with one line an order, and takes up what was under way.
func (s *Sandbox) restore(path string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("state file: %w", err)
	}
	if err := s.replay(bytes.NewReader(old)); err != nil {
		return fmt.Errorf("state file %s: %w", path, err)
	}
	var compact bytes.Buffer
	for _, t := range s.list {
		line, err := json.Marshal(t)
		if err != nil {
			return err
		}
		compact.Write(append(line, '\n'))
	}
	if err := writeAtomic(path, compact.Bytes()); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	s.journal = &journal{f}
	s.resume()
	return nil
}

func (s *Sandbox) replay(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what follows the last line end was cut short
		}
		if err != nil {
			return err
		}
		t := new(trade)
		if err := json.Unmarshal(line, t); err != nil {
			return err
		}
		if old := s.trades[t.key()]; old != nil {
			*old = *t // keeps its place in the list
			s.index(old)
			continue
		}
		s.add(t)
	}
}

// resume sends what was not delivered and finishes refunds under way.
func (s *Sandbox) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.list {
		for _, n := range t.Notices {
			if !n.Done {
				s.send(t, n)
			}
		}
		for _, r := range t.Refunds {
			if r.State == refundProcessing {
				s.finishLater(t, r)
			}
		}
	}
}

// save appends the order as it is now. The caller holds the lock.
func (s *Sandbox) save(t *trade) {
	if s.journal == nil {
		return
	}
	line, err := json.Marshal(t)
	if err == nil {
		_, err = s.journal.f.Write(append(line, '\n'))
	}
	if err != nil {
		s.log.Error("sandbox state not kept", "err", err)
	}
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.f.Close()
}
