package wechat

import (
	"crypto/rsa"
	"net/http"
	"testing"
	"time"

	"saoma/pos"
)

// While a public key is being replaced both verify, each under its own name; after its day the old one does not.
func TestPreviousPublicKey(t *testing.T) {
	k := keys()
	const oldID = "PUB_KEY_ID_OLD"
	start := time.Now()
	for name, c := range map[string]struct {
		until, now time.Time
		by         *rsa.PrivateKey
		serial     string
		good       bool
	}{
		"new":                 {start.Add(time.Minute), start, k.platform, testKeyID, true},
		"new, later":          {start.Add(-time.Minute), start, k.platform, testKeyID, true},
		"old, before its day": {start.Add(time.Minute), start, k.stranger, oldID, true},
		"old, after its day":  {start, start, k.stranger, oldID, false},
		"old, without a day":  {time.Time{}, start, k.stranger, oldID, true},
		"old as new":          {start.Add(time.Minute), start, k.stranger, testKeyID, false},
		"new as old":          {start.Add(time.Minute), start, k.platform, oldID, false},
		"neither":             {start.Add(time.Minute), start, k.certificate, oldID, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := reply{status: 200, body: trade(nil), by: c.by, serial: c.serial}
			g := gateway(t, Config{
				BaseURL:  serve(t, func(w http.ResponseWriter, _ *http.Request) { a.write(w) }),
				Previous: Previous{PublicKeyID: oldID, PublicKey: &k.stranger.PublicKey, Until: c.until},
				Now:      func() time.Time { return c.now },
			})
			e, err := g.Query(t.Context(), payment())
			if (err == nil) != c.good || c.good && e.State != pos.TradePaid {
				t.Errorf("answer: %+v, %v", e, err)
			}
			body := words(map[string]any{"id": "1", "event_type": "TRANSACTION.SUCCESS", "resource": seal(trade(nil), "twelve-chars")}, nil)
			_, err = g.Notification(t.Context(), signedHeader(c.by, c.serial, start, body), []byte(body))
			if (err == nil) != c.good {
				t.Errorf("notification: %v", err)
			}
		})
	}
}
