package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	alipayTime = "2006-01-02 15:04:05" // in +08:00, without saying so
	// alipaySkew is how far a request's timestamp may be off. The platform publishes no figure: a day lets a wrong
	// zone through, as it does, and refuses a replay.
	alipaySkew = 24 * time.Hour
)

// aliError is a failed answer: code and msg of the gateway, sub_code and sub_msg of the business.
type aliError struct {
	Code    string `json:"code"`
	Msg     string `json:"msg"`
	SubCode string `json:"sub_code"`
	SubMsg  string `json:"sub_msg"`
}

func aliFail(code, subCode, subMsg string) *aliError {
	msg := map[string]string{
		"20000": "Service Currently Unavailable", "40001": "Missing Required Arguments", "40002": "Invalid Arguments",
		"40004": "Business Failed", "40005": "Call Limited", "40006": "Insufficient Permissions",
	}[code]
	return &aliError{code, msg, subCode, subMsg}
}

func business(subCode, subMsg string) *aliError { return aliFail("40004", subCode, subMsg) }

// aliOK opens every successful answer.
type aliOK struct {
	Code string `json:"code"`
	Msg  string `json:"msg"`
}

var success = aliOK{"10000", "Success"}

type aliMethod struct {
	op  string
	run func(s *Sandbox, c *call, p url.Values, b *biz) (any, *aliError)
}

var aliMethods = map[string]aliMethod{
	"alipay.trade.precreate":                         {opCreate, (*Sandbox).alipayPrecreate},
	"alipay.trade.query":                             {opQuery, (*Sandbox).alipayQuery},
	"alipay.trade.cancel":                            {opCancel, (*Sandbox).alipayCancel},
	"alipay.trade.close":                             {opClose, (*Sandbox).alipayClose},
	"alipay.trade.refund":                            {opRefund, (*Sandbox).alipayRefund},
	"alipay.trade.fastpay.refund.query":              {opQueryRefund, (*Sandbox).alipayQueryRefund},
	"alipay.data.dataservice.bill.downloadurl.query": {opBill, (*Sandbox).alipayBill},
	certDownload:                                     {opCertificates, (*Sandbox).alipayCertDownload},
}

func (s *Sandbox) serveAlipay(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	c := &call{r: r, body: body, wallet: Alipay}
	params, fail := aliParams(c)
	method := params.Get("method")
	if m, ok := aliMethods[method]; ok {
		c.op, c.outTradeNo = m.op, peek([]byte(params.Get("biz_content")), "out_trade_no")
		c.fault = s.faults.take(Alipay, c.op, c.outTradeNo)
	}
	if s.interfere(w, c) {
		return
	}
	if fail == nil {
		fail = s.aliGateway(params)
	}
	var value any = fail
	signed := fail == nil // the gateway signs only once it knows whom it talks to
	if signed {
		value = s.alipayRun(c, params)
	}
	s.deliver(w, c, s.alipayAnswer(c, method, value, signed))
}

// alipayAnswer signs the business text exactly as it is spliced in.
func (s *Sandbox) alipayAnswer(c *call, method string, value any, signed bool) answer {
	node := "error_response"
	if _, ok := aliMethods[method]; ok {
		node = strings.ReplaceAll(method, ".", "_") + "_response"
	}
	text := string(compactJSON(value))
	out := `{"` + node + `":` + text
	key, sn := s.keys.alipay()
	if c.fault.Kind == FaultBadSignature {
		key = s.papers.Alipay.AppKey // any key but the platform's
	}
	if signed && c.fault.Kind != FaultUnsigned && method != certDownload {
		if sn != "" { // certificate mode
			out += `,"alipay_cert_sn":"` + sn + `"`
		}
		out += `,"sign":"` + sign(key, text) + `"`
	}
	return answer{status: http.StatusOK, contentType: "text/html;charset=utf-8", body: []byte(out + "}")}
}

// aliParams takes query and form together; a parameter with two values is refused, for its signature
// means nothing.
func aliParams(c *call) (url.Values, *aliError) {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	form := url.Values{}
	if err == nil && c.r.Method == http.MethodPost {
		form, err = url.ParseQuery(string(c.body))
	}
	for name, values := range form {
		for _, v := range values {
			if !slices.Contains(query[name], v) { // the same in both places is one parameter
				query[name] = append(query[name], v)
			}
		}
	}
	if err != nil || c.r.Method != http.MethodPost && c.r.Method != http.MethodGet {
		return query, aliFail("40002", "isv.invalid-parameter", "请求参数无法解析")
	}
	for name, values := range query {
		if len(values) > 1 {
			return query, aliFail("40002", "isv.invalid-parameter", "参数重复："+name)
		}
	}
	return query, nil
}

// aliGateway checks the common parameters and the signature.
func (s *Sandbox) aliGateway(p url.Values) *aliError {
	method, known := aliMethods[p.Get("method")]
	charset := p.Get("charset")
	switch at, err := time.ParseInLocation(alipayTime, p.Get("timestamp"), beijing); {
	case p.Get("method") == "":
		return aliFail("40001", "isv.missing-method", "缺少方法名参数")
	case !known || method.run == nil:
		return aliFail("40002", "isv.invalid-method", "不存在的方法名")
	case p.Get("app_id") == "":
		return aliFail("40001", "isv.missing-app-id", "缺少AppID参数")
	case p.Get("app_id") != s.papers.Alipay.AppID:
		return aliFail("40002", "isv.invalid-app-id", "无效的AppID参数")
	case p.Get("sign_type") == "":
		return aliFail("40001", "isv.missing-signature-type", "缺少签名类型参数")
	case p.Get("sign_type") != "RSA2":
		return aliFail("40002", "isv.invalid-signature-type", "无效的签名类型")
	case p.Get("sign") == "":
		return aliFail("40001", "isv.missing-signature", "缺少签名参数")
	case p.Get("timestamp") == "":
		return aliFail("40001", "isv.missing-timestamp", "缺少时间戳参数")
	case err != nil || s.now().Sub(at).Abs() > alipaySkew:
		return aliFail("40002", "isv.invalid-timestamp", "非法的时间戳参数")
	case p.Get("version") == "":
		return aliFail("40001", "isv.missing-version", "缺少版本参数")
	case p.Get("version") != "1.0":
		return aliFail("40002", "isv.invalid-version", "不支持的版本号")
	case !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8"):
		return aliFail("40002", "isv.invalid-charset", "字符集错误，仅支持 utf-8")
	case p.Get("format") != "" && !strings.EqualFold(p.Get("format"), "json"):
		return aliFail("40002", "isv.invalid-format", "无效的数据格式")
	case p.Get("encrypt_type") != "":
		return aliFail("40002", "isv.invalid-encrypt-type", "该应用未设置内容加密")
	}
	if fail := s.aliCertificates(p); fail != nil {
		return fail
	}
	text := signedText(p, "sign")
	if !verify(&s.papers.Alipay.AppKey.PublicKey, text, p.Get("sign")) {
		return aliFail("40002", "isv.invalid-signature", "验签出错，请检查签名字符串或签名私钥与应用公钥是否匹配，网关的验签字符串为："+text)
	}
	return nil
}

// signedText is what Alipay signs: the non-empty parameters sorted by name, name=value joined with &.
func signedText(p url.Values, except ...string) string {
	var names []string
	for name := range p {
		if p.Get(name) != "" && !slices.Contains(except, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = name + "=" + p.Get(name)
	}
	return strings.Join(names, "&")
}

func (s *Sandbox) alipayRun(c *call, p url.Values) any {
	switch c.fault.Kind {
	case FaultSystemError:
		return business("ACQ.SYSTEM_ERROR", "系统错误")
	case FaultRateLimit:
		return aliFail("40005", "isv.app-call-limited", "应用调用次数超限")
	case FaultOrderPaid:
		return errTradeHasSuccess
	case FaultNumberUsed:
		return errInconsistent
	}
	b := &biz{}
	if json.Unmarshal([]byte(p.Get("biz_content")), &b.raw) != nil || b.raw == nil {
		return aliFail("40002", "isv.invalid-parameter", "biz_content 不是合法的 JSON 对象")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, fail := aliMethods[p.Get("method")].run(s, c, p, b)
	if fail != nil {
		return fail
	}
	return value
}
