package config

import (
	"net"
	"testing"
)

func TestFreeAddress(t *testing.T) {
	first := FreeAddress()
	l, err := net.Listen("tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second := FreeAddress(first); second == "" || second == first {
		t.Errorf("%q after %q", second, first)
	}
}
