package sandbox

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// get reads a page as a browser of that language does.
func get(t *testing.T, url, language string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", language)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestPhonePages: what a code shows over its life, in both languages, without a browser.
func TestPhonePages(t *testing.T) {
	now := newClock(time.Now())
	s := start(t, Options{Shop: "晨光小店", Now: now.now})
	a := wechatOrder(t, s, map[string]any{"description": "<b>tea</b>"})
	if s.Orders()[0].State != wxNotPay {
		t.Fatal(s.Orders())
	}
	code := s.Orders()[0].CodeURL
	for _, tt := range []struct{ language, want string }{
		{"zh-CN,zh;q=0.9", "立即支付"}, {"en-GB", ">Pay<"}, {"", ">Pay<"},
	} {
		if _, page := get(t, code, tt.language); !strings.Contains(page, tt.want) || !strings.Contains(page, "12.50") || !strings.Contains(page, "晨光小店") {
			t.Errorf("%s: %q missing in %s", tt.language, tt.want, page)
		}
	}
	if _, page := get(t, code, "en"); strings.Contains(page, "<b>tea</b>") {
		t.Error("the description is not escaped")
	}
	if _, page := get(t, s.URL()+"/phone", "en"); !strings.Contains(page, strings.TrimPrefix(code, s.URL())) {
		t.Error("the list lacks the code")
	}
	if _, page := get(t, s.URL(), "en"); !strings.Contains(page, strings.TrimPrefix(code, s.URL())) {
		t.Error("the sandbox's own address does not lead to the list")
	}

	wechatOrder(t, s, map[string]any{"description": "<b>tea</b>", "out_trade_no": a})
	if status, page := get(t, code, "en"); status != 200 || !strings.Contains(page, "no longer valid") {
		t.Errorf("a replaced code: %d %s", status, page)
	}
	if status, _ := get(t, s.URL()+"/phone/nobody-knows-it", "en"); status != http.StatusNotFound {
		t.Errorf("an unknown code: %d", status)
	}
	code = s.Orders()[0].CodeURL
	now.add(codeLife)
	if _, page := get(t, code, "zh"); !strings.Contains(page, "二维码已过期") {
		t.Errorf("an expired code: %s", page)
	}
	if res, err := http.Post(code+"/pay", "", nil); err != nil {
		t.Fatal(err)
	} else if res.Body.Close(); len(s.Money()) != 0 {
		t.Error("an expired code was paid")
	}
}

// TestPhoneInBrowser pays with both wallets in a real browser of a phone's size.
func TestPhoneInBrowser(t *testing.T) {
	binary := os.Getenv("SAOMA_CHROMIUM")
	if binary == "" {
		t.Skip("SAOMA_CHROMIUM does not name a browser")
	}
	s := start(t, Options{Shop: "晨光小店"})
	for _, tt := range []struct{ wallet, language, pay, paid string }{
		{WeChat, "en-GB", "Pay", "Paid"},
		{Alipay, "zh-CN", "立即支付", "支付成功"},
	} {
		t.Run(tt.wallet, func(t *testing.T) {
			ctx := browser(t, binary, tt.language)
			run(t, ctx,
				chromedp.Navigate(s.PhoneURL()),
				chromedp.WaitVisible(".empty h1"),
				picture(t, tt.wallet+"-0-empty"),
			)
			no := wechatOrder(t, s, nil)
			if tt.wallet == Alipay {
				no = alipayOrder(t, s, nil)
			}
			run(t, ctx,
				chromedp.WaitVisible(`.codes .`+tt.wallet+` a`), // the list refreshes itself
				picture(t, tt.wallet+"-1-list"),
				choose(`.codes .`+tt.wallet+` a`),
				picture(t, tt.wallet+"-2-pay"),
			)
			pay := text(t, ctx, "#pay")
			run(t, ctx,
				chromedp.Click("#cancel"),
				chromedp.WaitVisible(".canceled .button"),
				picture(t, tt.wallet+"-3-canceled"),
				chromedp.Click(".canceled .button"),
				chromedp.WaitVisible("#pay"),
			)
			if m := moneyOf(s, no); m != 0 {
				t.Fatalf("%d fen moved before Pay", m)
			}
			run(t, ctx,
				chromedp.Click("#pay"),
				chromedp.WaitVisible(".paid #state"),
				picture(t, tt.wallet+"-4-paid"),
			)
			paid := text(t, ctx, "#state")
			if pay != tt.pay || paid != tt.paid || moneyOf(s, no) != 1250 {
				t.Fatalf("button %q, then %q; %d fen", pay, paid, moneyOf(s, no))
			}
		})
	}
}

// TestPhoneNoticesClosing: an open page changes by itself when the shop closes the order.
func TestPhoneNoticesClosing(t *testing.T) {
	binary := os.Getenv("SAOMA_CHROMIUM")
	if binary == "" {
		t.Skip("SAOMA_CHROMIUM does not name a browser")
	}
	s := start(t, Options{})
	no := wechatOrder(t, s, nil)
	ctx := browser(t, binary, "zh-CN")
	run(t, ctx, chromedp.Navigate(s.Orders()[0].CodeURL), chromedp.WaitVisible("#pay"))
	if res := wechatPost(t, s, "/v3/pay/transactions/out-trade-no/"+no+"/close", map[string]any{"mchid": s.papers.WeChat.MchID}); res.status != 204 {
		t.Fatalf("close: %+v", res)
	}
	run(t, ctx, chromedp.WaitVisible(".closed #state"), picture(t, "closed"))
	if state := text(t, ctx, "#state"); state != "订单已关闭" {
		t.Fatalf("the page says %q", state)
	}
}

func moneyOf(s *Sandbox, no string) (sum int64) {
	for _, m := range s.Money() {
		if m.OutTradeNo == no {
			sum += m.Amount
		}
	}
	return sum
}

// browser is a headless phone, 390x844.
func browser(t *testing.T, binary, language string) context.Context {
	t.Helper()
	opts := append(
		slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(patience), // its start alone takes long on a slow machine
	)
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	run(t, ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulatePortrait, chromedp.EmulateMobile, chromedp.EmulateTouch),
		chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "Phone", AcceptLanguage: language})
			return err
		}))
	return ctx
}

// choose clicks a code of the list until its page is there: the list refreshes itself, also under the finger.
func choose(code string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		soon := func(do chromedp.Action[chromedp.Void]) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err := do(ctx, tab)
			return err
		}
		for ctx.Err() == nil {
			_ = soon(chromedp.Click(code)) // what became of it is on the screen
			if soon(chromedp.WaitVisible("#pay")) == nil {
				return nil
			}
		}
		return ctx.Err()
	})
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Text(selector))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// picture keeps a screenshot where SAOMA_SCREENSHOTS says, for people to look at.
func picture(t *testing.T, name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		dir := os.Getenv("SAOMA_SCREENSHOTS")
		if dir == "" {
			return nil
		}
		png, err := chromedp.CaptureScreenshot()(ctx, tab)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	})
}
