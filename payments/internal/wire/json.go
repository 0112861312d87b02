package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Decode reads one JSON object into v. A key that comes twice, also in other letter case, is refused:
// two readers of such a text could see two different amounts. So is text that is not UTF-8, which one
// reader repairs and another does not.
func Decode(data []byte, v any) error {
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
			return fmt.Errorf("the key %q comes twice", Clean(key))
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
