package main

import (
	"slices"
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	lines, err := collect(strings.NewReader(`{"Action":"run","Package":"saoma/db","Test":"TestPower"}
{"Action":"output","Package":"saoma/db","Test":"TestPower","Output":"    power_test.go:7: figures: power: 500 cuts, 0 violations\n"}
{"Action":"output","Package":"saoma/db","Test":"TestPower","Output":"    power_test.go:8: something else\n"}
{"Action":"pass","Package":"saoma/db","Test":"TestPower"}
not json
{"Action":"output","Package":"saoma/pos","Test":"TestStorm","Output":"    storm_test.go:9: figures: storm: 1000 orders"}`))
	want := []string{"power: 500 cuts, 0 violations", "storm: 1000 orders"}
	if err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestOutOfTime(t *testing.T) {
	const ended = "fuzz: elapsed: 30s\n--- FAIL: FuzzX (30.51s)\n    context deadline exceeded\nFAIL\n"
	for said, want := range map[string]bool{
		ended: true,
		"--- FAIL: FuzzX (3.51s)\n    Failing input written to testdata/fuzz/FuzzX/1\n    context deadline exceeded\n": false,
		"--- FAIL: FuzzX (3.51s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:1: wrong\n":                           false,
	} {
		if got := outOfTime(said); got != want {
			t.Errorf("%v for %q", got, said)
		}
	}
}
