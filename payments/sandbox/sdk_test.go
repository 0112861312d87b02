package sandbox

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	ali "github.com/smartwalle/alipay/v3"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/native"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
)

var testPapers = sync.OnceValues(NewPapers)

func papers(t testing.TB) *Papers {
	t.Helper()
	p, err := testPapers()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start runs a sandbox on the loopback, fast unless o says otherwise.
func start(t testing.TB, o Options) *Sandbox {
	t.Helper()
	if o.Speed == 0 {
		o.Speed = 100
	}
	s := New(papers(t), o)
	if o.StateFile == "" { // with one it may be notifying already
		s.client.Timeout = patience // a hook on a slow machine is no merchant who does not answer, and is told once
	}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// toSandbox sends the SDK's requests, whose host is a constant, to the sandbox. The host is not signed.
type toSandbox struct{ base string }

func (rt toSandbox) RoundTrip(r *http.Request) (*http.Response, error) {
	u, err := url.Parse(rt.base)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = u.Scheme, u.Host, u.Host
	return http.DefaultTransport.RoundTrip(r)
}

func sdkWeChat(t *testing.T, s *Sandbox, opts ...core.ClientOption) *core.Client {
	t.Helper()
	opts = append([]core.ClientOption{option.WithHTTPClient(&http.Client{Transport: toSandbox{s.URL()}, Timeout: patience})}, opts...)
	c, err := core.NewClient(t.Context(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// publicKeyClient is wechatpay-go in public-key mode.
func publicKeyClient(t *testing.T, s *Sandbox) *core.Client {
	w := s.papers.WeChat
	return sdkWeChat(t, s, option.WithWechatPayPublicKeyAuthCipher(w.MchID, w.MerchantSerial, w.MerchantKey, w.PublicKeyID, &w.PlatformKey.PublicKey))
}

// certificateClient is wechatpay-go with platform certificates that it downloads itself.
func certificateClient(t *testing.T, s *Sandbox) *core.Client {
	w := s.papers.WeChat
	fetch := sdkWeChat(t, s, option.WithMerchantCredential(w.MchID, w.MerchantSerial, w.MerchantKey), option.WithoutValidator())
	d, err := downloader.NewCertificateDownloaderWithClient(t.Context(), fetch, w.APIv3Key)
	if err != nil {
		t.Fatal(err)
	}
	return sdkWeChat(t, s, option.WithMerchantCredential(w.MchID, w.MerchantSerial, w.MerchantKey), option.WithVerifier(verifiers.NewSHA256WithRSAVerifier(d)))
}

// TestWeChatSDK takes one payment through the platform's own SDK in both of its modes.
func TestWeChatSDK(t *testing.T) {
	for name, connect := range map[string]func(*testing.T, *Sandbox) *core.Client{"public key": publicKeyClient, "certificate": certificateClient} {
		t.Run(name, func(t *testing.T) {
			s := start(t, Options{})
			client, ctx, w := connect(t, s), t.Context(), s.papers.WeChat
			shop := newShop(t, s)
			orders := native.NativeApiService{Client: client}
			no := "ORDER" + digits(10)
			made, _, err := orders.Prepay(ctx, native.PrepayRequest{
				Appid: &w.AppID, Mchid: &w.MchID, Description: core.String("咖啡 <&>"), OutTradeNo: &no,
				TimeExpire: core.Time(time.Now().Add(5 * time.Minute)), NotifyUrl: core.String(shop.url + "/notify/wechat"),
				Amount: &native.Amount{Total: core.Int64(1250), Currency: core.String("CNY")},
			})
			if err != nil {
				t.Fatal(err)
			}
			if o := s.Orders()[0]; o.CodeURL != *made.CodeUrl || o.State != "NOTPAY" {
				t.Fatalf("order %+v, code_url %s", o, *made.CodeUrl)
			}
			if err := s.Pay(no); err != nil {
				t.Fatal(err)
			}
			got, _, err := orders.QueryOrderByOutTradeNo(ctx, native.QueryOrderByOutTradeNoRequest{OutTradeNo: &no, Mchid: &w.MchID})
			if err != nil {
				t.Fatal(err)
			}
			if *got.TradeState != "SUCCESS" || *got.Amount.Total != 1250 || *got.Amount.PayerTotal != 1250 || *got.Payer.Openid == "" {
				t.Fatalf("query: %v", got)
			}
			byID, _, err := orders.QueryOrderById(ctx, native.QueryOrderByIdRequest{TransactionId: got.TransactionId, Mchid: &w.MchID})
			if err != nil || *byID.OutTradeNo != no {
				t.Fatalf("query by id: %v, %v", byID, err)
			}
			paid := shop.wechat(t)
			if *paid.OutTradeNo != no || *paid.TransactionId != *got.TransactionId || *paid.SuccessTime != *got.SuccessTime {
				t.Fatalf("notification: %v", paid)
			}

			refunds := refunddomestic.RefundsApiService{Client: client}
			back, _, err := refunds.Create(ctx, refunddomestic.CreateRequest{
				OutTradeNo: &no, OutRefundNo: core.String("R" + no), Reason: core.String("cold"),
				Amount: &refunddomestic.AmountReq{Total: core.Int64(1250), Refund: core.Int64(250), Currency: core.String("CNY")},
			})
			if err != nil || *back.Status != refunddomestic.STATUS_PROCESSING {
				t.Fatalf("refund: %v, %v", back, err)
			}
			eventually(t, func() bool {
				q, _, err := refunds.QueryByOutRefundNo(ctx, refunddomestic.QueryByOutRefundNoRequest{OutRefundNo: core.String("R" + no)})
				return err == nil && *q.Status == refunddomestic.STATUS_SUCCESS && q.SuccessTime != nil
			})
			got, _, err = orders.QueryOrderByOutTradeNo(ctx, native.QueryOrderByOutTradeNoRequest{OutTradeNo: &no, Mchid: &w.MchID})
			if err != nil || *got.TradeState != "REFUND" {
				t.Fatalf("after the refund: %v, %v", got, err)
			}

			other := "OTHER" + digits(10)
			if _, _, err = orders.Prepay(ctx, native.PrepayRequest{
				Appid: &w.AppID, Mchid: &w.MchID, Description: core.String("tea"), OutTradeNo: &other,
				NotifyUrl: core.String(shop.url + "/notify/wechat"), Amount: &native.Amount{Total: core.Int64(1)},
			}); err != nil {
				t.Fatal(err)
			}
			if res, err := orders.CloseOrder(ctx, native.CloseOrderRequest{OutTradeNo: &other, Mchid: &w.MchID}); err != nil || res.Response.StatusCode != 204 {
				t.Fatalf("close: %v", err)
			}
			if err := s.Pay(other); !errors.Is(err, ErrNotPayable) {
				t.Fatalf("paying a closed order: %v", err)
			}
		})
	}
}

func sdkAlipay(t *testing.T, s *Sandbox) *ali.Client {
	t.Helper()
	p := s.papers.Alipay
	c, err := ali.New(p.AppID, string(privatePEM(p.AppKey)), false,
		ali.WithSandboxGateway(s.AlipayURL()), ali.WithHTTPClient(&http.Client{Timeout: patience}), ali.WithTimeLocation(time.FixedZone("", 8*3600)))
	if err == nil {
		err = c.LoadAliPayPublicKey(string(publicPEM(&p.PlatformKey.PublicKey)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAlipaySDK takes one payment through smartwalle/alipay.
func TestAlipaySDK(t *testing.T) {
	s := start(t, Options{})
	client, ctx, shop := sdkAlipay(t, s), t.Context(), newShop(t, s)
	no := "ORDER_" + digits(10)
	made, err := client.TradePreCreate(ctx, ali.TradePreCreate{Trade: ali.Trade{
		NotifyURL: shop.url + "/notify/alipay", Subject: "咖啡 <&> 50%", OutTradeNo: no, TotalAmount: "12.50",
		TimeExpire: time.Now().Add(5 * time.Minute).In(beijing).Format(alipayTime),
	}})
	if err != nil || !made.IsSuccess() || made.QRCode == "" {
		t.Fatalf("precreate: %+v, %v", made, err)
	}
	query := func() *ali.TradeQueryRsp {
		t.Helper()
		q, err := client.TradeQuery(ctx, ali.TradeQuery{OutTradeNo: no})
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	if q := query(); q.SubCode != "ACQ.TRADE_NOT_EXIST" {
		t.Fatalf("before the scan: %+v", q)
	}
	if err := s.Scan(no); err != nil {
		t.Fatal(err)
	}
	if q := query(); q.TradeStatus != ali.TradeStatusWaitBuyerPay || q.TotalAmount != "12.50" {
		t.Fatalf("after the scan: %+v", q)
	}
	if err := s.Pay(no); err != nil {
		t.Fatal(err)
	}
	q := query()
	if q.TradeStatus != ali.TradeStatusSuccess || q.BuyerPayAmount != "12.50" || len(q.FundBillList) != 1 {
		t.Fatalf("after the payment: %+v", q)
	}
	n := shop.ali(t)
	if n.TradeNo != q.TradeNo || n.TradeStatus != "TRADE_SUCCESS" || n.TotalAmount != "12.50" || n.SellerId != s.papers.Alipay.SellerID || n.Subject != "咖啡 <&> 50%" {
		t.Fatalf("notification: %+v", n)
	}

	for i, want := range []string{"Y", "N"} {
		r, err := client.TradeRefund(ctx, ali.TradeRefund{OutTradeNo: no, RefundAmount: "2.50", OutRequestNo: "R1", RefundReason: "cold"})
		if err != nil || !r.IsSuccess() || r.FundChange != want || r.RefundFee != "2.50" {
			t.Fatalf("refund %d: %+v, %v", i, r, err)
		}
	}
	if n := shop.ali(t); n.RefundFee != "2.50" || n.TradeStatus != "TRADE_SUCCESS" || n.OutBizNo != "R1" || n.GmtRefund == "" {
		t.Fatalf("refund notification: %+v", n)
	}
	if r, err := client.TradeRefund(ctx, ali.TradeRefund{OutTradeNo: no, RefundAmount: "10.01", OutRequestNo: "R2"}); err != nil || r.IsSuccess() {
		t.Fatalf("refunding too much: %+v, %v", r, err)
	}
	if r, err := client.TradeRefund(ctx, ali.TradeRefund{OutTradeNo: no, RefundAmount: "10.00", OutRequestNo: "R2"}); err != nil || r.RefundFee != "12.50" {
		t.Fatalf("the rest: %+v, %v", r, err)
	}
	if q := query(); q.TradeStatus != ali.TradeStatusClosed {
		t.Fatalf("after the full refund: %+v", q)
	}
	rq, err := client.TradeFastPayRefundQuery(ctx, ali.TradeFastPayRefundQuery{OutTradeNo: no, OutRequestNo: "R1"})
	if err != nil || rq.RefundStatus != "REFUND_SUCCESS" || rq.RefundAmount != "2.50" {
		t.Fatalf("refund query: %+v, %v", rq, err)
	}
	if rq.GMTRefundPay != "" {
		t.Errorf("the time of the refund was told unasked: %q", rq.GMTRefundPay)
	}
	rq, err = client.TradeFastPayRefundQuery(ctx, ali.TradeFastPayRefundQuery{OutTradeNo: no, OutRequestNo: "R1", QueryOptions: []string{"gmt_refund_pay"}})
	if err != nil || rq.GMTRefundPay == "" {
		t.Errorf("the time of the refund was asked for: %+v, %v", rq, err)
	}
	var sum int64
	for _, m := range s.Money() {
		sum += m.Amount
	}
	if sum != 0 || len(s.Money()) != 3 {
		t.Fatalf("money: %+v", s.Money())
	}
}

// TestAlipayCancel: what cancel does depends on how far the customer is.
func TestAlipayCancel(t *testing.T) {
	s := start(t, Options{})
	client, ctx := sdkAlipay(t, s), t.Context()
	for _, tt := range []struct {
		name, action string
		customer     []func(string) error
		fen          int64
	}{
		{"unknown", "", nil, 0},
		{"code", "", []func(string) error{}, 0},
		{"scanned", "close", []func(string) error{s.Scan}, 0},
		{"paid", "refund", []func(string) error{s.Pay}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			no := "C" + digits(12)
			if tt.customer != nil {
				if r, err := client.TradePreCreate(ctx, ali.TradePreCreate{Trade: ali.Trade{Subject: "x", OutTradeNo: no, TotalAmount: "1.00"}}); err != nil || !r.IsSuccess() {
					t.Fatalf("%+v, %v", r, err)
				}
			}
			for _, do := range tt.customer {
				if err := do(no); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // repeating it changes nothing
				r, err := client.TradeCancel(ctx, ali.TradeCancel{OutTradeNo: no})
				if err != nil || !r.IsSuccess() || r.Action != tt.action || r.OutTradeNo != no {
					t.Fatalf("cancel: %+v, %v", r, err)
				}
			}
			if err := s.Pay(no); err == nil {
				t.Fatal("paid after cancel")
			}
			var sum int64
			for _, m := range s.Money() {
				if m.OutTradeNo == no {
					sum += m.Amount
				}
			}
			if sum != tt.fen {
				t.Fatalf("%d fen stay", sum)
			}
		})
	}
}
