package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"saoma/pos"
)

// orderLife is how long the doctor's order can be paid where it cannot be closed. WeChat Pay takes nothing below a minute.
const orderLife = 90 * time.Second

// nobodys is a payment under a number that no counter gives out: theirs end in twelve digits and eight characters.
func nobodys(g pos.Gateway, now time.Time) *pos.Payment {
	return &pos.Payment{
		OutTradeNo: "DOCTOR" + rand.Text()[:20], Wallet: g.Wallet(), Account: g.Account(), Amount: 1, Title: "Saoma doctor",
		CreatedAt: now, ExpiresAt: now.Add(orderLife - pos.CodeGrace),
	}
}

// The platforms' codes for what a merchant has to change on their sites. WeChat Pay checks appid and product only when
// something is ordered; Alipay checks the product at every question (isv.insufficient-…) or when ordering (ACQ.ACCESS_FORBIDDEN).
var (
	codesSignature = []string{"SIGN_ERROR", "isv.invalid-signature", "isv.missing-signature", "isv.missing-signature-key"}
	codesUnknownID = []string{"MCH_NOT_EXISTS", "MCHID_NOT_EXIST", "isv.invalid-app-id", "isv.missing-app-id", "ACQ.PARTNER_ERROR"}
	codesBinding   = []string{"APPID_MCHID_NOT_MATCH"}
	codesProduct   = []string{"NO_AUTH", "ACQ.ACCESS_FORBIDDEN"}
)

func isProduct(code string) bool {
	return slices.Contains(codesProduct, code) || strings.HasPrefix(code, "isv.insufficient-")
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*pos.GatewayError](err); ok {
		return e.Code
	}
	return ""
}

// refusal says what a platform's no, or its silence, means and what to do.
func refusal(w pos.Wallet, a answer) *result {
	code, failure := codeOf(a.err), pos.FailureOf(a.err)
	switch {
	case slices.Contains(codesSignature, code) && w == pos.WeChat:
		return bad(
			pos.Errorf(pos.Setup, "WeChat Pay refuses this counter's signature (%s).", code).Because(a.err),
			pos.Errorf(pos.Setup, "See that merchant number, merchant_serial and merchant key belong to one another, and that the clock is right."),
		)
	case slices.Contains(codesSignature, code):
		return bad(
			pos.Errorf(pos.Setup, "Alipay refuses this counter's signature (%s).", code).Because(a.err),
			pos.Errorf(pos.Setup, "Hand the application's public key, the one that belongs to alipay.app_key_file, in on the open platform, and see that the APPID is that application's."),
		)
	case slices.Contains(codesUnknownID, code):
		return bad(
			pos.Errorf(pos.Setup, "%s does not know this shop's number (%s).", w, code).Because(a.err),
			pos.Errorf(pos.Setup, "Copy the numbers of %s again from the platform's site.", w),
		)
	case slices.Contains(codesBinding, code):
		return unbound(a.err)
	case isProduct(code):
		return notAllowed(w, a.err)
	case failure == pos.Misconfigured:
		return bad(
			pos.Errorf(pos.Setup, "%s does not accept this shop's papers (%s).", w, code).Because(a.err),
			pos.Errorf(pos.Setup, "Compare every number and key of %s with the platform's site.", w),
		)
	case failure == pos.RateLimited:
		return warn(
			pos.Errorf(pos.Unavailable, "%s wants to be asked less often just now.", w).Because(a.err),
			pos.Errorf(pos.Unavailable, "Look again in a few minutes."),
		)
	case failure == pos.Unknown && a.known:
		return bad(
			pos.Errorf(pos.Setup, "%s answers, but not with anything its key has signed.", w).Because(a.err),
			pos.Errorf(pos.Setup, "Fetch the platform's public key or certificate anew from its site. If it is the same, the platform or the network is disturbed: look again later."),
		)
	}
	return bad(
		pos.Errorf(pos.Unavailable, "%s gives no clear answer.", w).Because(a.err),
		pos.Errorf(pos.Unavailable, "See that this computer is on the internet, then look again."),
	)
}

func unbound(err error) *result {
	return bad(
		pos.Errorf(pos.Setup, "The appid is not bound to the merchant number (APPID_MCHID_NOT_MATCH).").Because(err),
		pos.Errorf(pos.Setup, "Bind them on WeChat Pay's site (products, AppID accounts) and confirm it on the appid's own site, or correct wechat.appid."),
	)
}

func notAllowed(w pos.Wallet, err error) *result {
	says := pos.Errorf(pos.Setup, "%s does not allow this shop to be paid by a code on the screen (%s).", w, codeOf(err)).Because(err)
	if w == pos.Alipay {
		return bad(says, pos.Errorf(pos.Setup, "Sign the product 当面付 (face-to-face payment) on Alipay's site, and add it to the application."))
	}
	return bad(says, pos.Errorf(pos.Setup, "Apply for the product Native on WeChat Pay's site (products), and wait for its approval."))
}

// order has w's platform make an order of one fen and close it, which Alipay can do only of a code that was scanned:
// else it ends after orderLife. The code is shown to nobody. left is the finding where the order may still be paid, or was; err is why the platform took none.
func (v *visit) order(ctx context.Context, w pos.Wallet) (left *result, err error) {
	g, err := v.open(ctx, w)
	if err != nil {
		return nil, err
	}
	return v.of(w).ordered.get(func() (*result, error) {
		p := nobodys(g, v.o.Now())
		within, cancel := context.WithTimeout(ctx, v.o.Machine.OneCheck/2) // there must be time to close it
		defer cancel()
		_, err := g.Create(within, p)
		if f := pos.FailureOf(err); err != nil && (f == pos.Refused || f == pos.Misconfigured) {
			return nil, err
		}
		return v.undo(context.WithoutCancel(ctx), g, p), err
	})
}

// undo closes p, of which there may be an order, and asks what became of it; nil: nothing is open.
func (v *visit) undo(ctx context.Context, g pos.Gateway, p *pos.Payment) *result {
	closed := g.Close(ctx, p)
	e, err := g.Query(ctx, p)
	switch {
	case err == nil && e.State == pos.TradePaid:
		return warn(
			pos.Errorf(pos.Setup, "The order of ¥0.01 (%s) at %s was paid before it could be closed.", p.OutTradeNo, g.Wallet()),
			pos.Errorf(pos.Setup, "Refund it on the platform's site."),
		)
	case err == nil && (e.State == pos.TradeClosed || e.State == pos.TradeNone):
		return nil
	}
	return warn(
		pos.Errorf(pos.Unavailable, "An order of ¥0.01 (%s) could not be closed; it ends by itself within minutes, and must not be paid.", p.OutTradeNo).Because(errors.Join(closed, err)),
		pos.Errorf(pos.Unavailable, "See in a few minutes on the platform's site that it was not paid, then look again."),
	)
}

// ordered tells when the platform last took an order of the account that is set up now. It takes none of another
// appid or without the product.
func (v *visit) orderedBefore(ctx context.Context, w pos.Wallet) (at time.Time, ok bool) {
	cfg := v.mustConfig()
	account := pos.Account{MerchantID: cfg.WeChat.MchID, AppID: cfg.WeChat.AppID}
	if w == pos.Alipay {
		account = pos.Account{MerchantID: cfg.Alipay.SellerID, AppID: cfg.Alipay.AppID}
	}
	book, err := v.book(ctx)
	if err != nil {
		return at, false
	}
	_ = book.View(ctx, func(tx pos.Tx) error {
		list, err := tx.RecentPayments(500)
		for _, p := range list {
			if p.Wallet == w && p.Account == account && p.CodeURL != "" {
				at, ok = p.CreatedAt, true
				break
			}
		}
		return err
	})
	return at, ok
}

// accepted looks at one thing that a platform tells only when it is asked for an order: what is says that it does,
// no finds it in a refusal.
func (v *visit) accepted(ctx context.Context, w pos.Wallet, is func(how *pos.Error) *result, no func(code string) bool, refused func(error) *result) *result {
	if a, err := v.ask(ctx, w); err == nil && a.err != nil && no(codeOf(a.err)) {
		return refused(a.err)
	}
	if v.o.Order {
		left, err := v.order(ctx, w)
		switch {
		case left != nil:
			return left
		case err == nil:
			return is(pos.Errorf(pos.Setup, "an order of ¥0.01 whose code nobody was shown"))
		case no(codeOf(err)):
			return refused(err)
		}
		return warn(
			pos.Errorf(pos.Unavailable, "%s did not clearly take an order of ¥0.01, and named neither appid nor product as the reason.", w).Because(err),
			pos.Errorf(pos.Unavailable, "See what %s_connection and %s_answers say, then look again.", string(w), string(w)),
		)
	}
	if at, ok := v.orderedBefore(ctx, w); ok {
		return is(pos.Errorf(pos.Setup, "the order of %s", v.day(at)))
	}
	return warn(
		pos.Errorf(pos.Setup, "Not tried: %s tells this only when something is ordered.", w),
		pos.Errorf(pos.Setup, "Charge ¥0.01, or look with an order whose code nobody is shown: saomactl doctor --order"),
	)
}

func lookAppID(ctx context.Context, v *visit) *result {
	return v.accepted(
		ctx, pos.WeChat,
		func(how *pos.Error) *result {
			return good(pos.Errorf(pos.Setup, "The appid is bound to the merchant number (as shown by: %s).", how))
		},
		func(code string) bool { return slices.Contains(codesBinding, code) }, unbound,
	)
}

func lookProduct(w pos.Wallet) func(context.Context, *visit) *result {
	return func(ctx context.Context, v *visit) *result {
		return v.accepted(
			ctx, w,
			func(how *pos.Error) *result {
				return good(pos.Errorf(pos.Setup, "%s lets this shop be paid by a code on the screen (as shown by: %s).", w, how))
			},
			isProduct, func(err error) *result { return notAllowed(w, err) },
		)
	}
}
