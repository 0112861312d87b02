package ui

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// playTime is more than a player takes for any sound of this program, also on a busy machine.
const playTime = 20 * time.Second

// play plays a WAV file with whatever the system has, off the caller's goroutine. A counter without
// a loudspeaker is silent; that is no failure.
func play(wav func() []byte) {
	go func() {
		f, err := os.CreateTemp("", "saoma-*.wav")
		if err != nil {
			return
		}
		file := f.Name()
		defer os.Remove(file)
		_, err = f.Write(wav())
		if f.Close() != nil || err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), playTime)
		defer cancel()
		for _, player := range players(file) {
			if exec.CommandContext(ctx, player[0], player[1:]...).Run() == nil {
				return
			}
		}
	}()
}

// players lists the commands that can play file on this system, best first.
func players(file string) [][]string {
	switch runtime.GOOS {
	case "darwin":
		return [][]string{{"afplay", file}}
	case "windows":
		return [][]string{{"powershell", "-NoProfile", "-WindowStyle", "Hidden", "-Command", "(New-Object Media.SoundPlayer '" + file + "').PlaySync()"}}
	}
	return [][]string{{"paplay", file}, {"pw-play", file}, {"aplay", "-q", file}}
}
