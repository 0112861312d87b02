package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"

	"saoma/assets/words"
)

// haveDisplay reports whether there is a display at all. Windows and macOS always have one.
func haveDisplay() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// watchWindowFailure says in words why no window opens. Fyne has no way to ask: it logs the reason,
// such as a missing OpenGL driver, and then ends the process or panics. The function it returns is
// deferred around everything that opens windows.
func watchWindowFailure(l words.Language, stderr io.Writer) func() {
	w := &failureWriter{l: l, out: stderr}
	log.SetOutput(w)
	return func() {
		if p := recover(); p != nil {
			if !w.said {
				panic(p)
			}
			os.Exit(exitError) // the sentence has been said; the ledger is safe at any moment
		}
	}
}

type failureWriter struct {
	l    words.Language
	out  io.Writer
	said bool
}

// failures are what Fyne logs when a window cannot be made.
var failures = [][]byte{[]byte("window creation error"), []byte("failed to initialise GLFW"), []byte("failed to initialise OpenGL")}

// Write implements io.Writer for package log, which Fyne writes to.
func (w *failureWriter) Write(text []byte) (int, error) {
	for _, f := range failures {
		if !w.said && bytes.Contains(text, f) {
			w.said = true
			sentence := w.l.T("The window cannot open: there is no display, or its driver gives no OpenGL 2. Install the driver of the graphics card; on Windows, Mesa's opengl32.dll beside saoma.exe helps as well.")
			fmt.Fprintln(w.out, sentence)
			alert(sentence)
		}
	}
	return w.out.Write(text)
}
