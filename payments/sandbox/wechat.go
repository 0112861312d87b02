package sandbox

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// clockSkew is how far a request's timestamp may be off: 5 minutes, pay.weixin.qq.com API v3 "sign".
const clockSkew = 5 * time.Minute

// wxError is WeChat Pay's error answer.
type wxError struct {
	status  int
	Code    string    `json:"code"`
	Message string    `json:"message"`
	Detail  *wxDetail `json:"detail,omitempty"`
}

type wxDetail struct {
	Field    string `json:"field,omitempty"`
	Value    any    `json:"value,omitempty"`
	Issue    string `json:"issue,omitempty"`
	Location string `json:"location,omitempty"`
}

func wxFail(status int, code, message string) *wxError {
	return &wxError{status: status, Code: code, Message: message}
}

// wxRoute is one of WeChat Pay's operations; no is the number in its path.
type wxRoute struct {
	op, method string
	no         string
	run        func(s *Sandbox, c *call, no string) (int, any, *wxError)
}

// wechatRoute finds the operation a path names; nil when there is none.
func wechatRoute(path string) *wxRoute {
	const trades, refunds = "/v3/pay/transactions/", "/v3/refund/domestic/refunds"
	switch rest, isTrade := strings.CutPrefix(path, trades); {
	case path == "/v3/pay/transactions/native":
		return &wxRoute{opCreate, http.MethodPost, "", (*Sandbox).wechatCreate}
	case isTrade && strings.HasPrefix(rest, "id/"):
		return &wxRoute{opQuery, http.MethodGet, rest[len("id/"):], (*Sandbox).wechatQueryID}
	case isTrade && strings.HasPrefix(rest, "out-trade-no/"):
		no := rest[len("out-trade-no/"):]
		if no, ok := strings.CutSuffix(no, "/close"); ok {
			return &wxRoute{opClose, http.MethodPost, no, (*Sandbox).wechatClose}
		}
		return &wxRoute{opQuery, http.MethodGet, no, (*Sandbox).wechatQuery}
	case path == refunds:
		return &wxRoute{opRefund, http.MethodPost, "", (*Sandbox).wechatRefund}
	case strings.HasPrefix(path, refunds+"/"):
		return &wxRoute{opQueryRefund, http.MethodGet, path[len(refunds)+1:], (*Sandbox).wechatQueryRefund}
	case path == "/v3/certificates":
		return &wxRoute{opCertificates, http.MethodGet, "", (*Sandbox).wechatCertificates}
	case path == "/v3/bill/tradebill":
		return &wxRoute{opBill, http.MethodGet, "", (*Sandbox).wechatBill}
	case path == wechatBillPath:
		return &wxRoute{opBill, http.MethodGet, "", (*Sandbox).wechatBillFile}
	}
	return nil
}

func (s *Sandbox) serveWeChat(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	c := &call{r: r, body: body, wallet: WeChat}
	route := wechatRoute(r.URL.Path)
	if route != nil {
		c.op, c.outTradeNo = route.op, route.no
		switch route.op {
		case opCreate, opRefund:
			c.outTradeNo = peek(body, "out_trade_no")
		case opQueryRefund:
			c.outTradeNo = s.refundedOrder(route.no)
		}
		c.fault = s.faults.take(WeChat, c.op, c.outTradeNo)
	}
	if s.interfere(w, c) {
		return
	}
	a := s.wechatAnswer(c, route)
	s.signWeChat(w, c, a)
	s.deliver(w, c, a)
}

// peek reads one field of a body not verified yet, only to see which faults concern it.
func peek(body []byte, field string) string {
	var fields map[string]json.RawMessage
	var value string
	if json.Unmarshal(body, &fields) != nil || json.Unmarshal(fields[field], &value) != nil {
		return ""
	}
	return value
}

func (s *Sandbox) refundedOrder(outRefundNo string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.refunds[outRefundNo]; t != nil {
		return t.OutTradeNo
	}
	return ""
}

func (s *Sandbox) wechatAnswer(c *call, route *wxRoute) answer {
	status, value, fail := s.wechatRun(c, route)
	switch file, isFile := value.([]byte); {
	case fail != nil:
		status, value = fail.status, fail
	case isFile:
		return answer{status: status, contentType: "application/octet-stream", body: file, bare: true}
	case status == http.StatusNoContent:
		return answer{status: status}
	}
	return answer{status: status, contentType: "application/json; charset=utf-8", body: compactJSON(value)}
}

func (s *Sandbox) wechatRun(c *call, route *wxRoute) (int, any, *wxError) {
	switch {
	case c.r.Header.Get("User-Agent") == "": // no Accept means any (RFC 9110, 12.5.1)
		return 0, nil, wxFail(400, "INVALID_REQUEST", "Http头缺少User-Agent")
	case route == nil:
		return 0, nil, wxFail(404, "RESOURCE_NOT_EXISTS", "请求的接口不存在")
	case c.r.Method != route.method:
		return 0, nil, wxFail(405, "INVALID_REQUEST", "该接口不支持 "+c.r.Method+" 方法")
	}
	if fail := s.authorize(c); fail != nil {
		return 0, nil, fail
	}
	switch c.fault.Kind {
	case FaultSystemError:
		return 0, nil, wxFail(500, "SYSTEM_ERROR", "系统异常，请用相同参数重新调用")
	case FaultRateLimit:
		return 0, nil, wxFail(429, "FREQUENCY_LIMITED", "频率超限，请降低请求接口频率")
	case FaultOrderPaid:
		return 0, nil, errOrderPaid
	case FaultNumberUsed:
		return 0, nil, errNumberUsed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return route.run(s, c, route.no)
}

// authorize verifies the Authorization header: WECHATPAY2-SHA256-RSA2048 over method, request URI, timestamp, nonce
// and body, each ended by a line feed.
func (s *Sandbox) authorize(c *call) *wxError {
	p := s.papers.WeChat
	fields, ok := authorization(c.r.Header.Get("Authorization"))
	if !ok {
		return signError("Http头Authorization值格式错误，应为 WECHATPAY2-SHA256-RSA2048 加五个参数", "authorization")
	}
	key := s.keys.merchant(fields.serial)
	seconds, err := strconv.ParseInt(fields.timestamp, 10, 64)
	switch skew := s.now().Sub(time.Unix(seconds, 0)).Abs(); {
	case fields.mchid != p.MchID:
		return signError("商户号 "+fields.mchid+" 不存在或与证书不匹配", "mchid")
	case key == nil:
		return signError("商户证书序列号有误，应为签名私钥所属证书的序列号", "serial_no")
	case err != nil || skew > clockSkew:
		return signError("Http头Authorization中的timestamp与当前时间相差不得超过 5 分钟", "timestamp")
	}
	lines := []string{c.r.Method, originForm(c.r.RequestURI), fields.timestamp, fields.nonce, string(c.body), ""}
	message := strings.Join(lines, "\n")
	if !verify(key, message, fields.signature) {
		return signError("错误的签名，验签失败", "signature")
	}
	return nil
}

// originForm is the path and query of a request target exactly as sent: a parsed URL may have normalised them.
// A proxy's client sends the whole address.
func originForm(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	if u, err := url.Parse(target); err == nil {
		return u.RequestURI()
	}
	return target
}

func signError(message, field string) *wxError {
	return &wxError{401, "SIGN_ERROR", message, &wxDetail{Field: field, Issue: "sign not match", Location: "authorization"}}
}

type authFields struct{ mchid, serial, nonce, timestamp, signature string }

// authorization takes the header apart; its five parameters may come in any order.
func authorization(header string) (authFields, bool) {
	var f authFields
	rest, ok := strings.CutPrefix(header, "WECHATPAY2-SHA256-RSA2048 ")
	if !ok {
		return f, false
	}
	into := map[string]*string{
		"mchid": &f.mchid, "serial_no": &f.serial, "nonce_str": &f.nonce, "timestamp": &f.timestamp, "signature": &f.signature,
	}
	for pair := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		at := into[name]
		if !ok || at == nil || *at != "" || len(value) < 3 || value[0] != '"' || value[len(value)-1] != '"' {
			return f, false
		}
		*at = value[1 : len(value)-1]
	}
	for _, at := range into {
		if *at == "" {
			return f, false
		}
	}
	return f, true
}

// identity chooses what signs a message: what the request's Wechatpay-Serial named, else the default.
func (s *Sandbox) identity(asked string, m message) (serial string, key *rsa.PrivateKey) {
	usual := PlatformCertificate
	if s.opt.Identity == PublicKey {
		usual = WeChatPublicKey
	}
	i := s.keys.signer(asked, usual, m)
	return i.serial, i.key
}

// signWeChat adds the signature headers to the answer, errors included.
func (s *Sandbox) signWeChat(w http.ResponseWriter, c *call, a answer) {
	h := w.Header()
	h.Set("Request-Id", requestID())
	if a.bare || c.fault.Kind == FaultUnsigned {
		return
	}
	serial, key := s.identity(c.r.Header.Get("Wechatpay-Serial"), anAnswer)
	if c.fault.Kind == FaultBadSignature {
		key = s.papers.WeChat.MerchantKey // any key but the platform's
	}
	s.wechatSignature(h, serial, key, a.body)
}

func (s *Sandbox) wechatSignature(h http.Header, serial string, key *rsa.PrivateKey, body []byte) {
	timestamp, nonce := strconv.FormatInt(s.now().Unix(), 10), hexDigits(32)
	h.Set("Wechatpay-Serial", serial)
	h.Set("Wechatpay-Timestamp", timestamp)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Signature", sign(key, timestamp+"\n"+nonce+"\n"+string(body)+"\n"))
	h.Set("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
}

func requestID() string { return "08" + strings.ToUpper(hexDigits(34)) }

// compactJSON leaves <, > and & as they are: the platforms do not write for HTML.
func compactJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("answer does not marshal: %v", err)) // our own types always do
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
