package alipay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	sdk "github.com/smartwalle/alipay/v3"
)

// productCode is 当面付 by a code shown to the customer.
const productCode = "FACE_TO_FACE_PAYMENT"

// Create orders p (precreate) and returns its qr_code. The parameters depend on p and the configuration
// only, so that a repetition is identical. No trade exists before the customer scans.
func (g *Gateway) Create(ctx context.Context, p *pos.Payment) (string, error) {
	if err := g.ours(p); err != nil {
		return "", err
	}
	var a struct {
		answer
		OutTradeNo string `json:"out_trade_no"`
		QRCode     string `json:"qr_code"`
	}
	_, err := g.call(ctx, sdk.TradePreCreate{Trade: sdk.Trade{
		NotifyURL:   g.cfg.NotifyURL,
		OutTradeNo:  p.OutTradeNo,
		TotalAmount: p.Amount.String(),
		Subject:     g.subject(p),
		ProductCode: productCode,
		SellerId:    g.cfg.SellerID,
		TimeExpire:  p.CodeExpiresAt().In(wire.Beijing).Format(time.DateTime),
	}}, &a)
	switch {
	case err != nil:
		return "", err
	case a.OutTradeNo != p.OutTradeNo:
		return "", g.fail(pos.Unknown, "", errors.New("the answer is about another order"))
	case a.QRCode == "":
		return "", g.fail(pos.Unknown, "", errors.New("the answer has no qr_code"))
	}
	return a.QRCode, nil
}

// subject is what the customer's wallet shows. It is never empty, and the platform forbids some signs in it.
func (g *Gateway) subject(p *pos.Payment) string {
	for _, s := range []string{p.Title, g.cfg.Title} {
		if s = strings.TrimSpace(strings.NewReplacer("/", " ", "=", " ", "&", " ").Replace(s)); s != "" {
			return wire.Cut(s, pos.MaxTitle)
		}
	}
	return p.OutTradeNo
}

// trade is what is needed of a trade; the rest of the platform's words only goes to the log.
type trade struct {
	answer
	OutTradeNo  string `json:"out_trade_no"`
	TradeNo     string `json:"trade_no"`
	TradeStatus string `json:"trade_status"`
	TotalAmount string `json:"total_amount"`
	Currency    string `json:"trans_currency"`
	PaidAt      string `json:"send_pay_date"`
}

// Query asks for p's trade by our number. The answer names no account; it is about ours, because the
// request is signed by it.
func (g *Gateway) Query(ctx context.Context, p *pos.Payment) (pos.Evidence, error) {
	if err := g.ours(p); err != nil {
		return pos.Evidence{}, err
	}
	var t trade
	text, err := g.call(ctx, sdk.TradeQuery{OutTradeNo: p.OutTradeNo}, &t)
	if saysSigned(err, codesNone) {
		return pos.Evidence{
			Wallet: pos.Alipay, OutTradeNo: p.OutTradeNo, Account: p.Account,
			Amount: p.Amount, Currency: pos.CNY, State: pos.TradeNone,
		}, nil
	}
	if err != nil {
		return pos.Evidence{}, err
	}
	e, err := g.evidence(t)
	switch {
	case err != nil:
	case e.OutTradeNo != p.OutTradeNo:
		err = errors.New("the answer is about another order")
	case e.State != pos.TradePaid && e.Amount != p.Amount: // money of another amount is the till's to judge
		err = errors.New("the answer is about a trade of another amount")
	}
	if err != nil {
		return pos.Evidence{}, g.fail(pos.Unknown, "", err)
	}
	e.Account, e.Raw = g.Account(), maskJSON(text)
	return e, nil
}

// evidence translates a verified trade; account and raw words are the caller's to add.
func (g *Gateway) evidence(t trade) (pos.Evidence, error) {
	e := pos.Evidence{Wallet: pos.Alipay, OutTradeNo: t.OutTradeNo, TransactionID: t.TradeNo, Currency: pos.CNY}
	if t.Currency != "" {
		e.Currency = t.Currency
	}
	var err error
	if e.State, err = tradeState(t.TradeStatus); err != nil {
		return pos.Evidence{}, err
	}
	if e.Amount, err = yuan(t.TotalAmount); err != nil {
		return pos.Evidence{}, err
	}
	if e.State != pos.TradePaid {
		return e, nil
	}
	if t.OutTradeNo == "" || t.TradeNo == "" || e.Amount == 0 {
		return pos.Evidence{}, errors.New("a paid trade without its numbers")
	}
	e.At, err = g.time(t.PaidAt)
	return e, err
}

// tradeState translates trade_status. Only TRADE_SUCCESS and TRADE_FINISHED mean paid; TRADE_CLOSED is
// a trade that timed out, was closed, or is fully refunded.
func tradeState(s string) (pos.TradeState, error) {
	switch s {
	case "TRADE_SUCCESS", "TRADE_FINISHED":
		return pos.TradePaid, nil
	case "WAIT_BUYER_PAY":
		return pos.TradeUnpaid, nil
	case "TRADE_CLOSED":
		return pos.TradeClosed, nil
	}
	return "", fmt.Errorf("the trade status %q is not known", wire.Clean(s))
}

// yuan reads an amount as the platform writes it: always two decimals.
func yuan(s string) (pos.Fen, error) {
	if len(s) < 4 || s[len(s)-3] != '.' {
		return 0, fmt.Errorf("the amount %q has not two decimals", wire.Clean(s))
	}
	f, err := pos.ParseYuan(s)
	if err != nil {
		return 0, fmt.Errorf("the amount %q is not one", wire.Clean(s))
	}
	return f, nil
}

// time reads a time without a zone. Money that moved is not disbelieved for want of one: then it is now.
func (g *Gateway) time(s string) (time.Time, error) {
	if s == "" {
		return g.now(), nil
	}
	t, err := time.ParseInLocation(time.DateTime, s, wire.Beijing)
	if err != nil {
		return time.Time{}, errors.New("the time of payment is not a time")
	}
	return t, nil
}

// Close asks the platform to close p's trade, which must exist and be unpaid. Where none exists, because
// nobody scanned the code, or none is open, there is nothing to close. It is never cancel: see the package.
func (g *Gateway) Close(ctx context.Context, p *pos.Payment) error {
	if err := g.ours(p); err != nil {
		return err
	}
	var a struct {
		answer
		OutTradeNo string `json:"out_trade_no"`
	}
	_, err := g.call(ctx, sdk.TradeClose{OutTradeNo: p.OutTradeNo}, &a)
	switch {
	case saysSigned(err, codesNone), saysSigned(err, codesNotOpen):
		return nil
	case err == nil && a.OutTradeNo != p.OutTradeNo:
		return g.fail(pos.Unknown, "", errors.New("the answer is about another order"))
	}
	return err
}

// maskJSON returns the platform's words for the payment log, without anything that names the buyer and
// without the shop's own words.
func maskJSON(text []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil {
		return nil
	}
	for k := range fields {
		switch {
		case shopsWords(k):
			delete(fields, k)
		case namesBuyer(k):
			fields[k] = json.RawMessage(`"` + wire.Masked + `"`)
		}
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return out
}

// shopsWords reports whether a field repeats what the shop wrote itself. The order has it already, and a
// title may say anything, so that it could look like a secret among the platform's words.
func shopsWords(key string) bool {
	switch strings.ToLower(key) {
	case "subject", "body", "passback_params", "goods_detail":
		return true
	}
	return false
}

// namesBuyer reports whether a field says who paid. Amounts do not.
func namesBuyer(key string) bool {
	key = strings.ToLower(key)
	return strings.HasPrefix(key, "buyer_") && key != "buyer_pay_amount" && key != "buyer_user_type" || strings.HasSuffix(key, "open_id")
}
