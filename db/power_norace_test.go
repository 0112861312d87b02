//go:build !race

package db_test

// How many power cuts a run tries that is not a soak run.
const powerCuts, powerCutsOfRestoring = 500, 200
