package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

const (
	screenWidth, screenHeight = 1280, 800
	glance                    = time.Millisecond // between two looks at a pixel
	patience                  = 20 * time.Second // for anything to appear
)

// screen is an X server of the bench's own, with an eye on its pixels and a hand on its keyboard.
type screen struct {
	display string
	server  *exec.Cmd
	x       *xgb.Conn
	root    xproto.Window
	codes   map[xproto.Keysym]xproto.Keycode
	frame   image.Rectangle // of the window awaited last
}

func hasXvfb() bool {
	_, err := exec.LookPath("Xvfb")
	return runtime.GOOS == "linux" && err == nil
}

func newScreen(ctx context.Context) (s *screen, err error) {
	tell, told, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer tell.Close()
	s = &screen{server: exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-br",
		"-screen", "0", fmt.Sprintf("%dx%dx24", screenWidth, screenHeight))}
	s.server.ExtraFiles = []*os.File{told}
	s.server.Cancel = s.stop
	err = s.server.Start()
	told.Close()
	if err != nil {
		return nil, err
	}
	number, err := io.ReadAll(tell) // ends when the server is ready, or gone
	if err == nil && len(number) == 0 {
		err = errors.New("the screen Xvfb did not start")
	}
	if err == nil {
		s.display = ":" + strings.TrimSpace(string(number))
		err = s.connect()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *screen) connect() (err error) {
	xgb.Logger = log.New(io.Discard, "", 0) // it complains where there is no X authority
	if s.x, err = xgb.NewConnDisplay(s.display); err != nil {
		return err
	}
	if err := xtest.Init(s.x); err != nil {
		return err
	}
	setup := xproto.Setup(s.x)
	s.root = setup.DefaultScreen(s.x).Root
	first := setup.MinKeycode
	mapping, err := xproto.GetKeyboardMapping(s.x, first, byte(setup.MaxKeycode-first+1)).Reply()
	if err != nil {
		return err
	}
	s.codes = map[xproto.Keysym]xproto.Keycode{}
	for i := 0; i < len(mapping.Keysyms); i += int(mapping.KeysymsPerKeycode) {
		if _, known := s.codes[mapping.Keysyms[i]]; !known {
			s.codes[mapping.Keysyms[i]] = first + xproto.Keycode(i/int(mapping.KeysymsPerKeycode))
		}
	}
	return nil
}

func (s *screen) close() {
	if s.x != nil {
		s.x.Close()
	}
	s.stop()
	s.server.Wait()
}

// stop lets the server take its lock and socket away.
func (s *screen) stop() error { return s.server.Process.Signal(syscall.SIGTERM) }

// The keys pressed that are not characters.
const keyF1, keyF2, keySpace = 0xFFBE, 0xFFBF, ' '

// press strikes one key.
func (s *screen) press(key xproto.Keysym) error {
	code, ok := s.codes[key]
	if !ok {
		return fmt.Errorf("the keyboard has no key %#x", key)
	}
	for _, event := range []byte{xproto.KeyPress, xproto.KeyRelease} {
		if err := xtest.FakeInputChecked(s.x, event, byte(code), 0, s.root, 0, 0, 0).Check(); err != nil {
			return err
		}
	}
	return nil
}

// program is a window program on the screen.
type program struct {
	cmd   *exec.Cmd
	log   *os.File
	ended chan struct{}
	begun time.Time
}

// start runs a window program with its settings and its log in dir.
func (s *screen) start(ctx context.Context, dir, path string, args ...string) (*program, error) {
	out, err := os.Create(filepath.Join(dir, filepath.Base(path)+".log")) // a pipe's reader would hang
	if err != nil {
		return nil, err
	}
	p := &program{cmd: exec.CommandContext(ctx, path, args...), log: out, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = append(os.Environ(), "DISPLAY="+s.display, "WAYLAND_DISPLAY=", "LIBGL_ALWAYS_SOFTWARE=1",
		"HOME="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, "settings"))
	p.begun = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// stop ends the program as closing the desktop would.
func (p *program) stop() {
	p.cmd.Process.Kill()
	<-p.ended
	p.log.Close()
}

// awaitWindow waits until the program has painted its window, and gives it the keyboard. It returns when that was seen.
func (s *screen) awaitWindow(ctx context.Context, p *program) (time.Time, error) {
	var seen time.Time
	err := s.until(ctx, "a window", func() (bool, error) {
		select {
		case <-p.ended:
			text, _ := os.ReadFile(p.log.Name())
			return false, fmt.Errorf("the program ended: %s", text)
		default:
		}
		w, frame, err := s.window()
		s.frame = frame
		if err != nil || w == 0 {
			return false, err
		}
		painted, err := s.pixel(image.Pt(screenWidth/2, screenHeight/2))
		if seen = time.Now(); err != nil || painted == (color.RGBA{A: 0xFF}) {
			return false, err
		}
		return true, xproto.SetInputFocusChecked(s.x, xproto.InputFocusPointerRoot, w, xproto.TimeCurrentTime).Check()
	})
	return seen, err
}

// window is the window shown and where it is; 0: none yet.
func (s *screen) window() (xproto.Window, image.Rectangle, error) {
	tree, err := xproto.QueryTree(s.x, s.root).Reply()
	if err != nil {
		return 0, image.Rectangle{}, err
	}
	for _, w := range tree.Children {
		a, err := xproto.GetWindowAttributes(s.x, w).Reply()
		if err != nil {
			continue // it is gone again
		}
		g, err := xproto.GetGeometry(s.x, xproto.Drawable(w)).Reply()
		if err == nil && a.MapState == xproto.MapStateViewable && g.Width > screenWidth/2 {
			at := image.Pt(int(g.X), int(g.Y))
			return w, image.Rectangle{at, at.Add(image.Pt(int(g.Width), int(g.Height)))}.Intersect(whole), nil
		}
	}
	return 0, image.Rectangle{}, nil
}

// until asks again and again whether something is so.
func (s *screen) until(ctx context.Context, what string, so func() (bool, error)) error {
	for end := time.Now().Add(patience); ; time.Sleep(glance) {
		ok, err := so()
		switch {
		case err != nil:
			return fmt.Errorf("waiting for %s: %w", what, err)
		case ok:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(end):
			return fmt.Errorf("%s did not appear within %s", what, patience)
		}
	}
}

// await waits until the pixel at has the colour, and returns when it was seen.
func (s *screen) await(ctx context.Context, what string, at image.Point, c color.RGBA) (time.Time, error) {
	var seen time.Time
	err := s.until(ctx, what, func() (bool, error) {
		got, err := s.pixel(at)
		seen = time.Now()
		return got == c, err
	})
	return seen, err
}

func (s *screen) pixel(at image.Point) (color.RGBA, error) {
	img, err := s.look(image.Rectangle{at, at.Add(image.Pt(1, 1))})
	if err != nil {
		return color.RGBA{}, err
	}
	return img.RGBAAt(at.X, at.Y), nil
}

// whole is the whole screen.
var whole = image.Rect(0, 0, screenWidth, screenHeight)

// look reads part of the screen.
func (s *screen) look(r image.Rectangle) (*image.RGBA, error) {
	got, err := xproto.GetImage(s.x, xproto.ImageFormatZPixmap, xproto.Drawable(s.root),
		int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), 0xFFFFFFFF).Reply()
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(r)
	for i := 0; i < len(got.Data) && i < len(img.Pix); i += 4 { // 24 bits deep: blue, green, red and nothing
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = got.Data[i+2], got.Data[i+1], got.Data[i], 0xFF
	}
	return img, nil
}
