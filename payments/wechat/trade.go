package wechat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"
)

// Create orders p (Native) and returns its code_url. The parameters depend on p and the configuration
// only, so that a repetition is identical; the platform then invalidates the older code.
func (g *Gateway) Create(ctx context.Context, p *pos.Payment) (string, error) {
	if p.Account != g.Account() {
		return "", g.fail(pos.Misconfigured, "", fmt.Errorf("payment %s belongs to another account", p.OutTradeNo))
	}
	expire := p.CodeExpiresAt().In(wire.Beijing).Truncate(time.Second)
	body, err := g.call(ctx, http.MethodPost, "/v3/pay/transactions/native", native.PrepayRequest{
		Appid:       core.String(g.cfg.AppID),
		Mchid:       core.String(g.cfg.MchID),
		Description: core.String(g.description(p)),
		OutTradeNo:  core.String(p.OutTradeNo),
		TimeExpire:  core.Time(expire),
		NotifyUrl:   core.String(g.cfg.NotifyURL),
		Amount:      &native.Amount{Total: core.Int64(int64(p.Amount)), Currency: core.String(pos.CNY)},
	})
	if err != nil {
		return "", err
	}
	var answer struct {
		CodeURL string `json:"code_url"`
	}
	if err := wire.Decode(body, &answer); err != nil {
		return "", g.fail(pos.Unknown, "", err)
	}
	if answer.CodeURL == "" {
		return "", g.fail(pos.Unknown, "", errors.New("the answer has no code_url"))
	}
	return answer.CodeURL, nil
}

// description is what the customer's wallet shows: at most pos.MaxTitle bytes and never empty.
func (g *Gateway) description(p *pos.Payment) string {
	return wire.Cut(cmp.Or(plain(p.Title), plain(g.cfg.Title), p.OutTradeNo), pos.MaxTitle)
}

// plain leaves out what WeChat Pay refuses: it takes characters of at most three bytes of UTF-8, so no emoji.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return -1
		}
		return r
	}, s))
}

// Query asks for p's trade by our number.
func (g *Gateway) Query(ctx context.Context, p *pos.Payment) (pos.Evidence, error) {
	if err := g.ours(p); err != nil {
		return pos.Evidence{}, err
	}
	body, err := g.call(ctx, http.MethodGet, orderPath(p)+"?mchid="+url.QueryEscape(g.cfg.MchID), nil)
	if saysSigned(err, codesNoOrder) {
		return pos.Evidence{
			Wallet: pos.WeChat, OutTradeNo: p.OutTradeNo, Account: p.Account,
			Amount: p.Amount, Currency: pos.CNY, State: pos.TradeNone,
		}, nil
	}
	if err != nil {
		return pos.Evidence{}, err
	}
	e, err := g.queried(body, p)
	if err != nil {
		return pos.Evidence{}, g.fail(pos.Unknown, "", err)
	}
	return e, nil
}

// queried translates a verified answer about p. Before a payment it may leave the amount out; money of
// another amount is the till's to judge, but an unpaid order of another amount is not p's.
func (g *Gateway) queried(body []byte, p *pos.Payment) (pos.Evidence, error) {
	t, err := readTransaction(body)
	if err != nil {
		return pos.Evidence{}, err
	}
	e, err := g.evidence(t)
	switch {
	case err != nil:
		return pos.Evidence{}, err
	case e.OutTradeNo != p.OutTradeNo || e.Account.MerchantID != g.cfg.MchID:
		return pos.Evidence{}, errors.New("the answer is about another order")
	case e.State == pos.TradePaid:
		return e, nil
	case t.Amount == nil || t.Amount.Total == nil:
		e.Amount, e.Currency = p.Amount, pos.CNY
	case e.Amount != p.Amount:
		return pos.Evidence{}, errors.New("the answer is about an order of another amount")
	}
	return e, nil
}

// Close asks the platform to close p's order. An order that is closed already or never was needs none.
func (g *Gateway) Close(ctx context.Context, p *pos.Payment) error {
	if err := g.ours(p); err != nil {
		return err
	}
	_, err := g.call(ctx, http.MethodPost, orderPath(p)+"/close", native.CloseRequest{Mchid: core.String(g.cfg.MchID)})
	if saysSigned(err, codesNoOrder) || saysSigned(err, codesClosed) {
		return nil
	}
	return err
}

func orderPath(p *pos.Payment) string {
	return "/v3/pay/transactions/out-trade-no/" + url.PathEscape(p.OutTradeNo)
}

// success is the state of a trade that is paid and of which nothing went back.
const success = "SUCCESS"

// transaction is what is needed of a trade; the rest of the platform's words only goes to the log.
type transaction struct {
	MchID         string `json:"mchid"`
	AppID         string `json:"appid"`
	OutTradeNo    string `json:"out_trade_no"`
	TransactionID string `json:"transaction_id"`
	TradeState    string `json:"trade_state"`
	SuccessTime   string `json:"success_time"`
	Amount        *struct {
		Total    *int64 `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`

	raw []byte // for the log
}

func readTransaction(body []byte) (t transaction, err error) {
	err = wire.Decode(body, &t)
	t.raw = mask(body)
	return t, err
}

// evidence translates a verified trade, from an answer or a notification. The currency is what the
// platform names, which it does wherever money moved: one left out is not taken for CNY.
func (g *Gateway) evidence(t transaction) (pos.Evidence, error) {
	e := pos.Evidence{
		Wallet: pos.WeChat, OutTradeNo: t.OutTradeNo, TransactionID: t.TransactionID,
		Account: pos.Account{MerchantID: t.MchID, AppID: t.AppID}, Raw: t.raw,
	}
	if t.Amount != nil {
		e.Currency = t.Amount.Currency
	}
	if t.Amount != nil && t.Amount.Total != nil {
		e.Amount = pos.Fen(*t.Amount.Total)
	}
	var err error
	if e.State, err = tradeState(t.TradeState); err != nil || e.State != pos.TradePaid {
		return e, err
	}
	switch {
	case t.OutTradeNo == "" || t.TransactionID == "" || t.MchID == "" || t.AppID == "":
		return pos.Evidence{}, errors.New("a paid trade without its numbers")
	case t.Amount == nil || t.Amount.Total == nil || *t.Amount.Total <= 0:
		return pos.Evidence{}, errors.New("a paid trade without its amount")
	}
	e.At, err = g.time(t.SuccessTime)
	return e, err
}

// tradeState translates trade_state. REFUND means paid: it stays so through any refund, even a partial one.
func tradeState(s string) (pos.TradeState, error) {
	switch s {
	case success, "REFUND":
		return pos.TradePaid, nil
	case "NOTPAY", "USERPAYING", "PAYERROR":
		return pos.TradeUnpaid, nil
	case "CLOSED", "REVOKED":
		return pos.TradeClosed, nil
	}
	return "", fmt.Errorf("the trade state %q is not known", wire.Clean(s))
}

// time reads success_time. Money that moved is not disbelieved for want of a time: then it is now.
func (g *Gateway) time(s string) (time.Time, error) {
	if strings.TrimSpace(s) == "" {
		return g.now(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, errors.New("success_time is not RFC 3339")
	}
	return t, nil
}
