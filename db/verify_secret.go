package db

import (
	"net/url"
	"regexp"
	"strings"
)

// payerID finds what identifies a payer in the words of a platform, JSON (also JSON in JSON) or form.
var payerID = regexp.MustCompile(
	`(?i)\b((?:sub_?)?open_?id|buyer_(?:user_|open_|logon_)?id|buyer_(?:account|phone|mobile))\\*["']?\s*[:=]\s*\\*["']?([^"'\\&,}\s]+)`)

// secret finds keys and tokens.
var secret = regexp.MustCompile(
	`(?i)-----BEGIN [A-Z ]*PRIVATE KEY|\b((?:api_?)?v3_?key|app_?secret|private_key|(?:access|refresh|app_auth)_token|auth_code)\\*["']?\s*[:=]\s*\\*["']?[^"'\\&,}\s]{5,}`)

// verifySecrets looks through everything on record that a platform or an error may have worded.
func verifySecrets(v *verifier) error {
	return v.each(`SELECT 'payment log ' || id, CAST(raw AS TEXT) FROM payment_log
		UNION ALL SELECT 'audit row ' || seq, detail FROM audit`, func(row scanner) error {
		var where, words string
		if err := row.Scan(&where, &words); err != nil {
			return err
		}
		v.check.Counted++
		if what := exposes(words); what != "" {
			v.broken("%s: %s", where, what)
		}
		return nil
	})
}

// exposes names what words give away, never its value.
func exposes(words string) string {
	for _, found := range payerID.FindAllStringSubmatch(words, -1) {
		if !masked(strings.ToLower(found[1]), found[2]) {
			return found[1]
		}
	}
	if found := secret.FindStringSubmatch(words); found != nil {
		if found[1] == "" {
			return "private key"
		}
		return found[1]
	}
	return ""
}

// masked reports whether value tells people apart but does not say who they are. A login name comes
// masked from the platform; of other identities at most eight characters may be left beside asterisks.
func masked(key, value string) bool {
	if plain, err := url.QueryUnescape(value); err == nil {
		value = plain
	}
	if len(value) <= len("null") {
		return true
	}
	hidden := strings.Count(value, "*") + strings.Count(value, "…")
	return hidden > 0 && (strings.Contains(key, "logon") || len([]rune(value))-hidden <= 8)
}
