package config

import "testing"

func TestFreeAddress(t *testing.T) {
	first := FreeAddress()
	if second := FreeAddress(first); first == "" || second == "" || second == first {
		t.Errorf("%q after %q", second, first)
	}
}
