package doctor

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/db"
	"saoma/payments/tunnel"
	"saoma/pos"
)

// visit is one run: what several checks need is made once, by whoever comes first.
type visit struct {
	o   Options
	log *slog.Logger

	config   once[*config.Config]
	vault    once[*vault.Vault]
	ledger   once[*db.Ledger]
	report   once[*db.VerifyReport]
	server   once[tunnel.HostKey]
	platform [2]platform // WeChat Pay, Alipay
	port     sync.Mutex  // held while notify.listen is taken here
}

// once is a thing that is made at most once and then shared.
type once[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (o *once[T]) get(make func() (T, error)) (T, error) {
	o.once.Do(func() { o.value, o.err = make() })
	return o.value, o.err
}

// look makes one check. A defect in it is its own finding and keeps no other from being made.
func (v *visit) look(ctx context.Context, c *check) (f *pos.Finding) {
	defer func() {
		if p := recover(); p != nil {
			v.log.Error("doctor", "check", c.name, "panic", p)
			f = bad(
				pos.Errorf(pos.Internal, "This check failed by a defect of the program."),
				pos.Errorf(pos.Internal, "Report it with a support file: saomactl doctor --bundle FILE"),
			).named(c.name)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, v.o.Machine.OneCheck)
	defer cancel()
	if c.needs != nothing {
		cfg, err := v.cfg()
		switch {
		case err != nil:
			return notMade("saoma.toml").named(c.name)
		case c.needs == weChat && !cfg.WeChat.Enabled, c.needs == alipay && !cfg.Alipay.Enabled:
			return nil
		}
	}
	r := c.run(ctx, v)
	switch {
	case r == nil:
		return nil
	case r.Level != pos.Green && c.name != "key_storage" && errors.Is(r.Says, vault.ErrNobody): // key_storage says what to do
		r = warn(pos.Errorf(pos.Setup, "Not looked at: the keys are sealed."), pos.Errorf(pos.Setup, "See what key_storage says, then look again."))
	}
	return r.named(c.name)
}

// notMade is the finding of a check that has nothing to look at because of what another check tells.
func notMade(first string) *result {
	return warn(
		pos.Errorf(pos.Setup, "Not looked at, because %s cannot be read.", first),
		pos.Errorf(pos.Setup, "Put that right first, then look again."),
	)
}

// leave ends the visit. What still hangs is left to end by itself.
func (v *visit) leave(work *sync.WaitGroup, cancel context.CancelFunc) {
	cancel()
	ended := make(chan struct{})
	go func() {
		work.Wait()
		v.close()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(Limit - patience - time.Second):
	}
}

func (v *visit) close() {
	for i := range v.platform {
		v.platform[i].stop()
	}
	if l := v.ledger.value; l != nil {
		_ = l.Close() // it was only read
	}
}

func (v *visit) cfg() (*config.Config, error) {
	return v.config.get(func() (*config.Config, error) { return config.Load(v.o.Dir) })
}

// mustConfig is the configuration of a check that needs one.
func (v *visit) mustConfig() *config.Config {
	cfg, _ := v.cfg()
	return cfg
}

// readKey reads a key file, sealed or plain. The error is a sentence.
func (v *visit) readKey(ctx context.Context, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, pos.Errorf(pos.Setup, "The file %s cannot be read.", path).Because(err)
	case !vault.Sealed(data):
		return data, nil
	}
	opened, err := v.vault.get(func() (*vault.Vault, error) {
		if v.o.Vault != nil {
			return v.o.Vault, nil
		}
		return vault.Open(ctx, v.o.Dir, vault.Options{PassphraseFile: v.passphraseFile()})
	})
	if err != nil {
		return nil, err
	}
	return opened.Read(path)
}

func (v *visit) passphraseFile() string {
	if cfg, err := v.cfg(); err == nil {
		return cfg.Vault.PassphraseFile
	}
	return ""
}

// book is the ledger, for reading.
func (v *visit) book(ctx context.Context) (*db.Ledger, error) {
	return v.ledger.get(func() (*db.Ledger, error) { return db.OpenReadOnly(context.WithoutCancel(ctx), v.o.Dir) })
}

// sentence is err as something a person may read; what has no words of its own is only logged.
func (v *visit) sentence(err error) *pos.Error {
	if e, ok := errors.AsType[*pos.Error](err); ok {
		return e
	}
	v.log.Error("doctor", "error", err)
	return pos.Errorf(pos.Internal, "This could not be looked at: %s.", err.Error())
}
