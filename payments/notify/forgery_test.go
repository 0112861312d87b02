package notify_test

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"saoma/db/dbtest"
	"saoma/pos"
)

// answer is what a sender may be told.
type answer string

const (
	refused      answer = "refused"      // 4xx: not the platform's
	unsettled    answer = "unsettled"    // 500: the platform's, but a manager must look; the platform tells again
	acknowledged answer = "acknowledged" // success: nothing to settle
	turnedAway   answer = "turned away"  // by HTTP itself: a failure, or no answer at all
)

// forgery is one message that must not be credited. Unless it raises an exception or leaves the payment
// in another state than waiting, it must not write anything into the ledger.
type forgery[N any] struct {
	name   string
	change func(n N) // how it is made of a genuine notification
	want   answer
	raises pos.ExceptionKind
	leaves pos.PaymentState
}

// notice is a wallet's notification in the making.
type notice interface {
	request() request
	send(r *rig, q request) (status int, answer string)
}

// mustBelieveNone makes each forgery of a genuine notification of a payment of its own, sends it, and
// looks at the answer, the payment and the ledger. Then it looks at everything that was said.
func mustBelieveNone[N notice](r *rig, w pos.Wallet, fresh func(*pos.Payment) N, cases []forgery[N]) {
	r.Helper()
	var said strings.Builder
	var signatures []string
	for _, c := range cases {
		r.Run(c.name, func(t *testing.T) {
			r := r.in(t)
			p := r.charge(w)
			n := fresh(p)
			c.change(n)
			q := n.request()
			before, open, paid := r.version(), len(r.exceptions()), r.paidInLedger()
			status, body := n.send(r, q)
			said.WriteString(body)
			signatures = append(signatures, q.header.Get("Wechatpay-Signature"))
			if err := c.want.check(w, status, body); err != nil {
				t.Error(err)
			}
			leaves := c.leaves
			if leaves == "" {
				leaves = pos.Waiting
			}
			if now, err := r.till.Payment(t.Context(), p.OutTradeNo); err != nil || now.State != leaves || r.paidInLedger() != paid {
				t.Fatalf("believed: payment %s, ledger %s instead of %s, %v", now.State, r.paidInLedger(), paid, err)
			}
			raised := r.exceptions()[open:]
			switch {
			case c.raises == "" && len(raised) > 0, c.raises != "" && (len(raised) != 1 || raised[0].Kind != c.raises):
				t.Errorf("exceptions %+v, want %q", raised, c.raises)
			case c.raises == "" && c.leaves == "" && r.version() != before:
				t.Error("it wrote into the ledger")
			}
		})
	}
	r.verified()
	r.quiet(said.String(), signatures...)
	dbtest.Figures(r.T, "forgeries against the path of %s: %d variants, 0 credited", w, len(cases))
}

func (a answer) check(w pos.Wallet, status int, body string) error {
	class := answer("")
	switch {
	case status >= 400 && status < 500:
		class = refused
	case status == 500:
		class = unsettled
	case status == 200:
		class = acknowledged
	}
	if a == turnedAway && class != acknowledged {
		return nil
	}
	if a == acknowledged && class == a && body == success(w) {
		return nil
	}
	if a == class && a != acknowledged {
		return failed(w, status, body)
	}
	return fmt.Errorf("answered %d %q, want it %s", status, body, a)
}

// quiet checks that neither the log nor an error nor what was answered tells anything it must not, and that
// nothing panicked. The errors count whole: of many kinds in one minute, the log has only the first.
func (r *rig) quiet(said string, more ...string) {
	r.Helper()
	log := r.log.String()
	for _, err := range r.reports.list() {
		if err != nil {
			log += err.Error() + "\n"
		}
	}
	for _, s := range []string{"panic", `{"`, `{\"`, "amount="} { // a notification in whatever form
		if strings.Contains(log, s) {
			r.Errorf("%q is in the log:\n%s", s, log)
		}
	}
	for _, s := range append(more, secrets()...) {
		if s != "" && (strings.Contains(log, s) || strings.Contains(said, s)) {
			r.Errorf("%q is told:\n%s\n%s", s, log, said)
		}
	}
}

// secrets are the keys in every form they could be told in, and the payers.
func secrets() []string {
	keys, _ := papers()
	all := []string{
		keys.WeChat.APIv3Key, base64.StdEncoding.EncodeToString([]byte(keys.WeChat.APIv3Key)), "PRIVATE KEY", "ciphertext",
		payer, payerLogon, "openid", "buyer_id", "sign=",
	}
	w, a := keys.WeChat, keys.Alipay
	for _, d := range [][]byte{
		x509.MarshalPKCS1PrivateKey(w.MerchantKey), x509.MarshalPKCS1PrivateKey(a.AppKey),
	} {
		text := base64.StdEncoding.EncodeToString(d)
		for ; len(text) > 64; text = text[64:] { // the lines of a PEM file
			all = append(all, text[:64])
		}
	}
	return append(all, w.MerchantKey.D.String()[:40], w.MerchantKey.D.Text(16)[:40], a.AppKey.D.String()[:40], a.AppKey.D.Text(16)[:40])
}
