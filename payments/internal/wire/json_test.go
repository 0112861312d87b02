package wire

import "testing"

func TestDecode(t *testing.T) {
	type trade struct {
		State  string `json:"trade_state"`
		Amount *struct {
			Total *int64 `json:"total"`
		} `json:"amount"`
	}
	for text, fine := range map[string]bool{
		`{"trade_state":"NOTPAY"}`: true,
		` {"trade_state":"支付","amount":{"total":1},"list":[{"total":1},{"total":2}]} `: true,
		`{"amount":null,"extra":1.5e3}`:                         true,
		`{"trade_state":"NOTPAY","trade_state":"SUCCESS"}`:      false,
		`{"trade_state":"NOTPAY","TRADE_STATE":"SUCCESS"}`:      false,
		`{"trade_state":"NOTPAY","trade_ſtate":"SUCCESS"}`:      false, // encoding/json takes U+017F for an s
		`{"trade_state":"NOTPAY","trade_\u0073tate":"SUCCESS"}`: false,
		`{"amount":{"total":1,"total":2}}`:                      false,
		`{"list":[{"total":1,"Total":2}]}`:                      false,
		"{\"trade_state\":\"\xff\"}":                            false,
		"{\"trade_state\xff\":\"SUCCESS\"}":                     false,
		`{"trade_state":1}`:                                     false,
		`{"amount":{"total":"1"}}`:                              false,
		`{"amount":{"total":1.0}}`:                              false,
		`{"amount":{"total":99999999999999999999}}`:             false,
		`{}{}`: false, `{} x`: false, `[]`: false, `null`: false, `""`: false, ``: false, `{`: false, `{"a":`: false, `{"a":[1}`: false,
	} {
		var v trade
		if err := Decode([]byte(text), &v); (err == nil) != fine {
			t.Errorf("%s: %v, read %+v", text, err, v)
		}
	}
}
