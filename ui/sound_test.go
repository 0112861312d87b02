package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"saoma/assets"
)

// hearing is how long it may take on a busy machine until a player has been given a sound.
const hearing = 90 * time.Second

// TestPlayHandsTheSoundToThePlayerThatWorks puts two players into the path: one that fails, and one
// that keeps what it was given.
func TestPlayHandsTheSoundToThePlayerThatWorks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the players of this system cannot be replaced by scripts")
	}
	dir := t.TempDir()
	heard := filepath.Join(dir, "heard.wav")
	for name, script := range map[string]string{
		"paplay":  "#!/bin/sh\nexit 1\n",
		"pw-play": "#!/bin/sh\nexit 1\n", // this machine may have one that works
		"aplay":   "#!/bin/sh\ncp \"$2\" " + heard + ".part && mv " + heard + ".part " + heard + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	play(assets.PaidSound)
	for end := time.Now().Add(hearing); time.Now().Before(end); {
		if b, err := os.ReadFile(heard); err == nil {
			if !bytes.Equal(b, assets.PaidSound()) {
				t.Errorf("the player got %d bytes that are not the sound", len(b))
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no player got the sound")
}
