package wechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"saoma/payments/internal/wire"
)

// decode reads one JSON object into v. A key that comes twice, also in other letter case, is refused:
// two readers of such a text could see two different amounts. So is text that is not UTF-8, which one
// reader repairs and another does not.
func decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	first, err := d.Token()
	if err != nil {
		return errors.New("not JSON")
	}
	if first != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	if err := uniqueKeys(d); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after the JSON object")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return errors.New("a field has another type than documented")
	}
	return nil
}

// uniqueKeys reads the rest of an object whose opening brace has been read.
func uniqueKeys(d *json.Decoder) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return errors.New("broken JSON")
		}
		// A key is a string here, and folded as encoding/json folds it: U+017F is an s to it.
		key := strings.ToLower(strings.ToUpper(t.(string)))
		if seen[key] {
			return fmt.Errorf("the key %q comes twice", wire.Clean(key))
		}
		seen[key] = true
		if err := uniqueIn(d); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errors.New("broken JSON")
	}
	return nil
}

// uniqueIn reads one value.
func uniqueIn(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return errors.New("broken JSON")
	}
	switch t {
	case json.Delim('{'):
		return uniqueKeys(d)
	case json.Delim('['):
		for d.More() {
			if err := uniqueIn(d); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil {
			return errors.New("broken JSON")
		}
	}
	return nil
}

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
