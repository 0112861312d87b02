package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
)

// The counter asks GET /healthz through its own public address with a fresh nonce in one header, and what answers
// proves in the other that it is the same counter: hex HMAC-SHA256(echo key, nonce). Nothing is learnt from an echo
// but who answers, so anyone may ask for one.
const (
	nonceHeader = "Saoma-Nonce"
	echoHeader  = "Saoma-Echo"
	maxNonce    = 128 // bytes; a longer one is not answered
)

// echo answers the nonce of r, if it has one and this counter has a key.
func (h *handler) echo(w http.ResponseWriter, r *http.Request) {
	nonce := r.Header.Get(nonceHeader)
	if len(h.Echo) == 0 || nonce == "" || len(nonce) > maxNonce {
		return
	}
	w.Header().Set("Cache-Control", "no-store") // a proxy that kept it would answer for a counter that is gone
	w.Header().Set(echoHeader, sign(h.Echo, nonce))
}

func sign(key []byte, nonce string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(nonce))
	return hex.EncodeToString(mac.Sum(nil))
}
