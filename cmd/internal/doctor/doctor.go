// Package doctor looks at everything a counter needs, from saoma.toml to the printer, and says of each thing whether it
// is as it should be and else what to do. It works beside an open counter, charges nothing and leaves nothing behind.
package doctor

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"saoma/cmd/internal/vault"
	"saoma/payments/tunnel"
	"saoma/pos"
)

// Limit is how long Run takes at most, even where nothing answers.
const Limit = 15 * time.Second

// Bounds within it.
const (
	patience = 11 * time.Second
	oneCheck = 9 * time.Second
	atOnce   = 20 // checks that run at the same time
)

// Options are what Run is told. Only Dir is needed.
type Options struct {
	Dir  string   // the data folder
	Only []string // names of checks and groups; empty: all
	// Order allows an order of ¥0.01 at each platform, whose code nobody sees and which has ended after orderLife.
	// Without it what only an order can tell is told from earlier orders, or not at all.
	Order bool
	// Serve has the doctor itself answer at notify.listen, through the tunnel if there is one, while no counter is open.
	// Without it a closed counter is not looked for at its public address. It must not be set while a counter may start.
	Serve bool
	// Vault reads sealed keys; nil: one that opens without asking anybody for a passphrase, or none.
	Vault *vault.Vault
	// What only the process with the open counter knows.
	Monitors int            // of this computer, as a window sees them; 0: not known
	Tunnel   *tunnel.Status // nil: not known
	Log      *slog.Logger

	// What stands for the world around; each has a default.
	Now      func() time.Time
	Local    *time.Location // the computer's own zone
	Resolver Resolver       // of names
	Roots    *x509.CertPool // authorities for TLS; nil: the system's
	Machine  *Machine
}

// Resolver looks names up; *net.Resolver is one.
type Resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// Machine is the computer and the program, as far as a test cannot make them ill.
type Machine struct {
	DiskFree func(dir string) (bytes uint64, err error)
	Printers func(ctx context.Context) ([]string, error)
	Build    func() (*debug.BuildInfo, bool)
	SQLite   int           // SQLITE_VERSION_NUMBER
	Slow     time.Duration // how long a platform may take to connect
	Patience time.Duration // with all checks together: then what has no answer yet is told so
	OneCheck time.Duration // with one check; a platform is given pos.CallTimeout
}

func (o *Options) defaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Local == nil {
		o.Local = time.Local
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Machine == nil {
		o.Machine = ThisMachine()
	}
}

// Run looks and tells each finding, in the order of Names, as soon as those before it are told. found is called by Run's
// own goroutine. A check that does not apply, such as one of a wallet that is off, is left out; one that cannot be
// made is yellow or red and says why. Run takes at most Limit, and ends early when ctx does, telling no more.
func Run(ctx context.Context, o Options, found func(pos.Finding)) {
	o.defaults()
	within, cancel := context.WithTimeout(ctx, o.Machine.Patience)
	v := &visit{o: o, log: o.Log}
	chosen := choose(o.Only)
	results := make([]chan *pos.Finding, len(chosen))
	slots := make(chan struct{}, atOnce)
	var work sync.WaitGroup
	for i, c := range chosen {
		result := make(chan *pos.Finding, 1)
		results[i] = result
		work.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			result <- v.look(within, c)
		})
	}
	defer v.leave(&work, cancel)
	for i, c := range chosen {
		var f *pos.Finding
		select {
		case f = <-results[i]:
		case <-within.Done():
			f = late(c, results[i])
		}
		if ctx.Err() != nil {
			return
		}
		if f != nil {
			found(*f)
		}
	}
}

// late is the finding of a check that time ran out for; one that is just done still counts.
func late(c *check, result <-chan *pos.Finding) *pos.Finding {
	select {
	case f := <-result:
		return f
	case <-time.After(100 * time.Millisecond):
	}
	return warn(
		pos.Errorf(pos.Unavailable, "This took too long and was given up."),
		pos.Errorf(pos.Unavailable, "Look again when the computer is less busy."),
	).named(c.name)
}

// Names are the checks in their order.
func Names() []string {
	list := make([]string, len(checks()))
	for i, c := range checks() {
		list[i] = c.name
	}
	return list
}

// Group is what a check is about: config, wechat, alipay, address, ledger or machine.
func Group(name string) string {
	for _, c := range checks() {
		if c.name == name {
			return c.group
		}
	}
	return ""
}

// Groups are the groups in the order of their checks.
func Groups() (list []string) {
	for _, c := range checks() {
		if !slices.Contains(list, c.group) {
			list = append(list, c.group)
		}
	}
	return list
}

func choose(only []string) (list []*check) {
	for _, c := range checks() {
		if len(only) == 0 || slices.Contains(only, c.name) || slices.Contains(only, c.group) {
			list = append(list, &c)
		}
	}
	return list
}
