package pos

import (
	"crypto/rand"
	"time"
)

// MaxCounter is the longest counter code: with twelve digits of time and eight random characters it
// makes the 32 characters WeChat Pay allows.
const MaxCounter = 12

const base32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// mint makes a number that is unique for ever: counter, the shop's time, forty random bits.
func (s Shop) mint(now time.Time) string {
	var random [8]byte
	rand.Read(random[:]) // never fails
	for i, b := range random {
		random[i] = base32[b%32]
	}
	return s.Counter + now.In(s.TimeZone).Format("060102150405") + string(random[:])
}

// CheckCounter refuses a counter code that could not begin an out_trade_no.
func CheckCounter(code string) error {
	ok := len(code) >= 1 && len(code) <= MaxCounter
	for _, r := range code {
		ok = ok && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z')
	}
	if !ok {
		return Errorf(Invalid, "The counter code %q must be 1 to %d of the characters 0-9 and A-Z.", code, MaxCounter)
	}
	return nil
}
