package wechat

import (
	"bytes"
	"encoding/json"
	"strings"

	"saoma/payments/internal/wire"
)

// mask returns the platform's words for the payment log, without anything that names the payer.
func mask(data []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	out, err := json.Marshal(maskIn(v, false))
	if err != nil {
		return nil
	}
	return out
}

func maskIn(v any, secret bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = maskIn(v[k], secret || namesPayer(k))
		}
	case []any:
		for i := range v {
			v[i] = maskIn(v[i], secret)
		}
	default:
		if secret {
			return wire.Masked
		}
	}
	return v
}

// namesPayer reports whether a field says who paid: payer, any openid, and the refunded account.
func namesPayer(key string) bool {
	key = strings.ToLower(key)
	return key == "payer" || key == "user_received_account" || strings.HasSuffix(key, "openid")
}
