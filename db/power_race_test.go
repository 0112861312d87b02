//go:build race

package db_test

// The race detector makes SQLite more than twenty times slower, and finds nothing in it; every test runs
// without it as well.
const powerCuts, powerCutsOfRestoring = 40, 10
