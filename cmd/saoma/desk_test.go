package main

import (
	"bufio"
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"saoma/cmd/internal/config"
	"saoma/db/dbtest"
	"saoma/payments/sandbox"
	"saoma/ui/kit"
)

// desk is a counter on a virtual screen, with the sandbox behind it. It ends only what it started.
type desk struct {
	t        *testing.T
	display  string // such as ":3"
	data     string
	home     string
	sandbox  *sandbox.Sandbox
	papers   *sandbox.Papers
	counter  *exec.Cmd
	front    string // the window that run has waited for
	measured string // the window that geometry was last told of
	left     int    // of that window on the screen
	top      int
	width    int
	height   int
}

// newDesk starts a screen and a sandbox and makes a data folder wired to it.
func newDesk(t *testing.T) *desk {
	t.Helper()
	d := newScreen(t)
	papers := d.papers
	text, err := config.Fresh{
		Shop: "老街茶馆", Counter: "K1", MchID: papers.WeChat.MchID, WeChatAppID: papers.WeChat.AppID,
		MerchantSerial: papers.WeChat.MerchantSerial, WeChatPublicKeyID: papers.WeChat.PublicKeyID,
		AlipayAppID: papers.Alipay.AppID, SellerID: papers.Alipay.SellerID,
		Sandbox: d.sandbox.URL(), Notify: config.FreeAddress(),
	}.Text(d.data)
	if err != nil {
		t.Fatal(err)
	}
	if err := papers.WriteMerchant(filepath.Join(d.data, config.KeysDir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.data, config.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// newScreen starts a screen and a sandbox; its data folder is empty.
func newScreen(t *testing.T) *desk {
	t.Helper()
	if os.Getenv("SAOMA_WINDOW") == "" {
		t.Skip("SAOMA_WINDOW=1 drives the real window; it needs Xvfb, xdotool, ImageMagick and zbar-tools")
	}
	dbtest.OneDay(t)
	d := &desk{t: t, data: t.TempDir(), home: t.TempDir(), display: startScreen(t)}
	papers, err := sandbox.NewPapers()
	if err != nil {
		t.Fatal(err)
	}
	d.papers = papers
	d.sandbox = sandbox.New(papers, sandbox.Options{Identity: sandbox.PublicKey, Shop: "老街茶馆"})
	if err := d.sandbox.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.sandbox.Close() })
	return d
}

// startScreen starts an X server on a display it finds free itself.
func startScreen(t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// -r: no key repeats itself where a busy machine is late with its release.
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset", "-r")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { end(x) })
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb told no display: %v", err)
	}
	return ":" + strings.TrimSpace(number)
}

// end asks a process of ours to end, and waits; one that does not is killed.
func end(c *exec.Cmd) {
	_ = c.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = c.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		_ = c.Process.Kill()
		<-done
	}
}

// start starts a counter on the desk's data folder; its output goes to a file.
func (d *desk) start(args ...string) (c *exec.Cmd, output string) {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	f, err := os.CreateTemp(d.home, "output-*")
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	c = exec.Command(self, append([]string{"--data", d.data, "--mute"}, args...)...)
	c.Env = append(os.Environ(), asCounter+"=1", "DISPLAY="+d.display, "WAYLAND_DISPLAY=", "HOME="+d.home,
		"XDG_CONFIG_HOME="+d.home, "XDG_CACHE_HOME="+d.home, "LANG=zh_CN.UTF-8", "LC_ALL=", "LC_MESSAGES=")
	c.Stdout, c.Stderr = f, f
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	return c, f.Name()
}

// open starts the counter and waits until its window is there and takes keys.
func (d *desk) open(args ...string) {
	d.t.Helper()
	d.run("Saoma 扫码收银", args...)
	d.until("the window is drawn", func() bool { return d.at(0.3, 0.03) == opaque(kit.Navy) })
}

// run starts the program and waits for its first window.
func (d *desk) run(title string, args ...string) {
	d.t.Helper()
	c, output := d.start(args...)
	d.counter = c
	d.t.Cleanup(func() {
		if d.counter == c {
			end(c)
		}
		if d.t.Failed() {
			text, _ := os.ReadFile(output)
			d.t.Logf("the counter said:\n%s", text)
		}
	})
	d.front = d.window(title)
	d.geometry(d.front)
}

// close ends the counter, and waits until its window has gone: the next one may have the same title.
func (d *desk) close() {
	d.t.Helper()
	end(d.counter)
	d.counter = nil
	d.until("the window is gone", func() bool { return d.measure(d.front) != nil })
}

// window waits for a visible window by its title.
func (d *desk) window(title string) string {
	d.t.Helper()
	var id string
	d.until("a window called "+title, func() bool {
		out, err := d.command("xdotool", "search", "--onlyvisible", "--name", title).Output()
		id, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
		return err == nil && id != ""
	})
	return id
}

// geometry turns to a window: at and pixel look at it from now on.
func (d *desk) geometry(window string) {
	d.t.Helper()
	if err := d.measure(window); err != nil {
		d.t.Fatal(err)
	}
	d.measured = window
}

// measure reads where a window is now and how large: it may be seen before it is in its place.
func (d *desk) measure(window string) error {
	out, err := d.command("xdotool", "getwindowgeometry", "--shell", window).Output()
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		n, _ := strconv.Atoi(value)
		for name, field := range map[string]*int{"X": &d.left, "Y": &d.top, "WIDTH": &d.width, "HEIGHT": &d.height} {
			if key == name {
				*field = n
			}
		}
	}
	return nil
}

func (d *desk) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+d.display)
	return c
}

// keys types keys by their names.
func (d *desk) keys(names ...string) {
	d.t.Helper()
	if out, err := d.command("xdotool", append([]string{"key", "--delay", "0"}, names...)...).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// digits types an amount.
func (d *desk) digits(text string) {
	d.t.Helper()
	if out, err := d.command("xdotool", "type", "--delay", "0", text).CombinedOutput(); err != nil {
		d.t.Fatalf("xdotool: %v: %s", err, out)
	}
}

// picture is a window, or the screen ("root"), or a part of it given as ImageMagick's geometry.
func (d *desk) picture(window, crop string) []byte {
	d.t.Helper()
	args := []string{"-window", window}
	if crop != "" {
		args = append(args, "-crop", crop)
	}
	var raw, failure bytes.Buffer
	c := d.command("import", append(args, "png:-")...)
	c.Stdout, c.Stderr = &raw, &failure
	if err := c.Run(); err != nil {
		d.t.Fatalf("import: %v: %s", err, failure.Bytes())
	}
	return raw.Bytes()
}

// at is the colour at a place of the window, given as shares of its width and height.
func (d *desk) at(x, y float64) color.NRGBA {
	d.t.Helper()
	left, top := d.left+int(x*float64(d.width)), d.top+int(y*float64(d.height))
	img, err := png.Decode(bytes.NewReader(d.picture("root", "2x2+"+strconv.Itoa(left)+"+"+strconv.Itoa(top))))
	if err != nil {
		d.t.Fatal(err)
	}
	b := img.Bounds()
	return opaque(img.At(b.Min.X, b.Min.Y))
}

func opaque(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }

// code reads the QR code off a window or the screen, as a customer's phone would.
func (d *desk) code(window string) string {
	d.t.Helper()
	file := filepath.Join(d.home, "screen.png")
	if err := os.WriteFile(file, d.picture(window, ""), 0o600); err != nil {
		d.t.Fatal(err)
	}
	// QR codes only: stripes on the screen may look like a code of another kind.
	out, err := exec.Command("zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 4 {
		return "" // no code in the picture
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// slowly is how long a slow machine may take for anything.
const slowly = 90 * time.Second

// until polls until something is true, and returns how long that took.
func (d *desk) until(what string, ok func() bool) time.Duration {
	d.t.Helper()
	begin := time.Now()
	for !ok() {
		if time.Since(begin) > slowly {
			d.keep("failed")
			d.t.Fatalf("not within %v: %s", slowly, what)
		}
		time.Sleep(10 * time.Millisecond)
		_ = d.measure(d.measured) // which may have gone
	}
	return time.Since(begin)
}

// keep stores the screen in the folder SAOMA_SHOTS, if that is set.
func (d *desk) keep(name string) { d.keepWindow("root", name) }

func (d *desk) keepWindow(window, name string) {
	d.t.Helper()
	dir := os.Getenv("SAOMA_SHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), d.picture(window, ""), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// order waits for an order at the sandbox that was not there before, and returns it.
func (d *desk) order(known int) sandbox.Order {
	d.t.Helper()
	d.until("an order at the platform", func() bool { return len(d.sandbox.Orders()) > known })
	return d.sandbox.Orders()[known]
}
