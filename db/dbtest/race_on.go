//go:build race

package dbtest

// raceDetector says whether the race detector watches: it makes SQLite more than ten times slower.
const raceDetector = true
