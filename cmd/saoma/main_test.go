package main

import (
	"os"
	"testing"
)

// asCounter makes the test binary be the counter: the very code under test, without a second build.
const asCounter = "SAOMA_TEST_AS_COUNTER"

func TestMain(m *testing.M) {
	if os.Getenv(asCounter) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
