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
// such as a missing OpenGL driver, and ends the process.
func watchWindowFailure(l words.Language, stderr io.Writer) {
	log.SetOutput(&failureWriter{l: l, out: stderr})
}

type failureWriter struct {
	l    words.Language
	out  io.Writer
	said bool
}

// failures are what Fyne logs when a window cannot be made.
var failures = [][]byte{[]byte("window creation error"), []byte("failed to initialise GLFW"), []byte("failed to initialise OpenGL")}

func (w *failureWriter) Write(text []byte) (int, error) {
	for _, f := range failures {
		if !w.said && bytes.Contains(text, f) {
			w.said = true
			sentence := w.l.T("The window cannot open: this computer's graphics driver gives no OpenGL 2. Install the driver of the graphics card; on Windows, Mesa's opengl32.dll beside saoma.exe helps as well.")
			fmt.Fprintln(w.out, sentence)
			alert(sentence)
		}
	}
	return w.out.Write(text)
}
