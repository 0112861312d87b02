package pos_test

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync"

	"saoma/payments/notify"
	"saoma/pos"
)

// crash kills this process at the nth meeting of one named point. The points lie between the parts of a
// counter, so that nothing in the parts knows of them.
type crash struct {
	point  string
	nth    int
	answer bool   // what is "sent" was answered too: die at the answer's first byte
	marker string // the file that says where it died

	mu  sync.Mutex
	met int
}

// at is a meeting of the point. Nobody gets past it in the moment it kills.
func (c *crash) at(point string) {
	if point != c.point {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met++; c.met < c.nth {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = os.WriteFile(c.marker, []byte(point), 0o600)
	}
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// between is a counter's parts with the points between them.
func (c *crash) between() between {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	return between{
		transport: crashTransport{transport, c},
		store:     func(s pos.Store) pos.Store { return crashStore{s, c} },
		gateway:   func(g pos.Gateway) pos.Gateway { return crashGateway{g, c} },
		settler:   func(s notify.Settler) notify.Settler { return crashSettler{s, c} },
		decoder:   func(d notify.Decoder) notify.Decoder { return crashDecoder{d, c} },
	}
}

// crashStore has points in and around every transaction that writes.
type crashStore struct {
	pos.Store
	*crash
}

func (s crashStore) Update(ctx context.Context, fn func(pos.Tx) error) error {
	tx := &crashTx{crash: s.crash}
	err := s.Store.Update(ctx, func(inner pos.Tx) error {
		tx.Tx = inner
		err := fn(tx)
		if err == nil && tx.wrote {
			s.at("before COMMIT")
			if tx.resolution {
				s.at("exception resolved")
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if tx.attempt {
		s.at("order inserted")
	}
	if tx.refund {
		s.at("refund inserted")
	}
	if tx.resolution {
		s.at("exception resolved")
	}
	return nil
}

// crashTx has a point after every write, and remembers what kind of transaction it is.
type crashTx struct {
	pos.Tx
	*crash
	wrote, attempt, refund, resolution bool
}

func (t *crashTx) write(err error) error {
	t.wrote = true
	t.at("mid-transaction")
	return err
}

func (t *crashTx) AddOrder(o *pos.Order) error { return t.write(t.Tx.AddOrder(o)) }

func (t *crashTx) AddPayment(p *pos.Payment) error {
	t.at("number minted")
	t.attempt = true
	return t.write(t.Tx.AddPayment(p))
}

func (t *crashTx) SavePayment(p *pos.Payment, from pos.PaymentState) error {
	return t.write(t.Tx.SavePayment(p, from))
}

func (t *crashTx) SetOrderStatus(id int64, s pos.OrderStatus) error {
	return t.write(t.Tx.SetOrderStatus(id, s))
}

func (t *crashTx) AddRefund(r *pos.Refund) error {
	t.refund = true
	return t.write(t.Tx.AddRefund(r))
}

func (t *crashTx) SaveRefund(r *pos.Refund, from pos.RefundState) error {
	return t.write(t.Tx.SaveRefund(r, from))
}

func (t *crashTx) AddEntry(e pos.Entry) error { return t.write(t.Tx.AddEntry(e)) }
func (t *crashTx) Log(l pos.LogEntry) error   { return t.write(t.Tx.Log(l)) }

func (t *crashTx) Raise(x *pos.Exception) (bool, error) {
	raised, err := t.Tx.Raise(x)
	return raised, t.write(err)
}

func (t *crashTx) Resolve(x *pos.Exception) error {
	t.resolution = true
	err := t.Tx.Resolve(x)
	t.at("exception resolved")
	return t.write(err)
}

func (t *crashTx) Audit(a pos.AuditEntry) error { return t.write(t.Tx.Audit(a)) }

// crashGateway has a point after each answer that the ledger does not have yet. It names the question for
// the transport below.
type crashGateway struct {
	pos.Gateway
	*crash
}

type question struct{} // key of a context

func (g crashGateway) Create(ctx context.Context, p *pos.Payment) (string, error) {
	code, err := g.Gateway.Create(context.WithValue(ctx, question{}, "create sent"), p)
	g.at("create answer unsaved")
	return code, err
}

func (g crashGateway) Query(ctx context.Context, p *pos.Payment) (pos.Evidence, error) {
	e, err := g.Gateway.Query(ctx, p)
	if err == nil && e.State == pos.TradePaid {
		g.at("poll answer unsaved")
	}
	return e, err
}

func (g crashGateway) Close(ctx context.Context, p *pos.Payment) error {
	return g.Gateway.Close(context.WithValue(ctx, question{}, "close sent"), p)
}

func (g crashGateway) Refund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	e, err := g.Gateway.Refund(context.WithValue(ctx, question{}, "refund sent"), p, r)
	g.at("refund answer unsaved")
	return e, err
}

// crashTransport has a point where a question has left this machine, or where its answer begins.
type crashTransport struct {
	http.RoundTripper
	*crash
}

func (t crashTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	point, _ := r.Context().Value(question{}).(string)
	trace := httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { t.at(point) }}
	if t.answer {
		trace = httptrace.ClientTrace{GotFirstResponseByte: func() { t.at(point) }}
	}
	return t.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), &trace)))
}

// crashDecoder has a point where a notification is verified and not yet settled.
type crashDecoder struct {
	notify.Decoder
	*crash
}

func (d crashDecoder) Notification(ctx context.Context, header http.Header, body []byte) (pos.Notice, error) {
	n, err := d.Decoder.Notification(ctx, header, body)
	if err == nil {
		d.at("notification verified")
	}
	return n, err
}

// crashSettler has a point where a notification is settled and not yet answered.
type crashSettler struct {
	notify.Settler
	*crash
}

func (s crashSettler) Settle(ctx context.Context, e pos.Evidence) (pos.Outcome, error) {
	out, err := s.Settler.Settle(ctx, e)
	s.at("after COMMIT, before the answer")
	return out, err
}

func (s crashSettler) SettleRefund(ctx context.Context, e pos.RefundEvidence) (pos.Outcome, error) {
	out, err := s.Settler.SettleRefund(ctx, e)
	s.at("after COMMIT, before the answer")
	return out, err
}

var (
	_ pos.Store         = crashStore{}
	_ pos.Tx            = (*crashTx)(nil)
	_ pos.Gateway       = crashGateway{}
	_ http.RoundTripper = crashTransport{}
)
