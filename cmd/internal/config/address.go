package config

import (
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
)

// The ports among which a free one is looked for. They are below those that systems hand out by themselves, so that
// nobody is given it before it is listened on.
const firstPort, lastPort = 20000, 29999

// FreeAddress is an address of the loopback that nobody listens on, and none of taken; empty where none is found.
func FreeAddress(taken ...string) string {
	for range 200 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort+1)))
		if slices.Contains(taken, address) {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			_ = l.Close()
			return address
		}
	}
	return ""
}
