package main

import (
	"bufio"
	"bytes"
	"image/color"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"saoma/ui/kit"
)

// Where the assistant's rail and buttons are, in pixels of its window at scale 1.
const (
	railTop  = 99 // the middle of the first step
	railStep = 58
	railEdge = 16 // left of the number
	railDisc = 28 // on the disc, left of the number
	footLine = 84 // above the window's lower edge: the line under the step
)

// reach waits until the assistant shows a step.
func (d *desk) reach(step int) {
	d.t.Helper()
	d.until("step "+strconv.Itoa(step+1), func() bool { return d.rail(step, railEdge) == opaque(kit.BusyBg) })
}

// rail is the colour of a step on the rail, x pixels from the window's edge.
func (d *desk) rail(step, x int) color.NRGBA {
	d.t.Helper()
	return d.pixel(x, railTop+railStep*step)
}

// foot is the ground of the line under the step: white where it says nothing.
func (d *desk) foot() color.NRGBA {
	d.t.Helper()
	return d.pixel(290, d.height-footLine)
}

// verdict waits until a step has been kept and its check is through.
func (d *desk) verdict(step int) {
	d.t.Helper()
	d.until("the step is kept", func() bool { return d.rail(step, railDisc) == opaque(kit.Good) })
	var ground color.NRGBA
	d.until("the check is through", func() bool {
		ground = d.foot()
		return ground == opaque(kit.GoodBg) || ground == opaque(kit.WarnBg) || ground == opaque(kit.BadBg)
	})
	if ground == opaque(kit.BadBg) {
		d.keep("failed")
		d.t.Errorf("the check of step %d found something red", step+1)
	}
}

// pixel is the colour at a place of the front window.
func (d *desk) pixel(x, y int) color.NRGBA {
	d.t.Helper()
	return d.at((float64(x)+0.5)/float64(d.width), (float64(y)+0.5)/float64(d.height))
}

// inked is how many pixels of the front window have a colour.
func (d *desk) inked(c color.NRGBA) int { return d.inkedIn("", c) }

// inkedIn is the same for a part of the window, given as ImageMagick's geometry.
func (d *desk) inkedIn(crop string, c color.NRGBA) (n int) {
	d.t.Helper()
	pixels, wanted := d.look(crop).Pix, []byte{c.R, c.G, c.B, c.A}
	for i := 0; i < len(pixels); i += 4 {
		if bytes.Equal(pixels[i:i+4], wanted) {
			n++
		}
	}
	return n
}

// shot keeps a picture of the front window, once it stands still.
func (d *desk) shot(name string) {
	d.t.Helper()
	if os.Getenv("SAOMA_SHOTS") == "" {
		return
	}
	var last []byte
	d.until("the window stands still", func() bool {
		before := last
		last = d.picture(d.front, "")
		return bytes.Equal(before, last)
	})
	d.keepWindow(d.front, name)
}

// fields fills in one field after the other; an empty text leaves a field as it is.
func (d *desk) fields(texts ...string) {
	d.t.Helper()
	for i, text := range texts {
		if i > 0 {
			d.keys("Tab")
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r > 0x7F }) {
			d.paste(text)
		} else if text != "" {
			d.digits(text)
		}
	}
}

// paste brings a text in through the clipboard, and returns when the window has taken it.
func (d *desk) paste(text string) {
	d.t.Helper()
	c := d.command("xclip", "-verbose", "-loops", "1", "-selection", "clipboard")
	c.Stdin = strings.NewReader(text)
	said, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), "Waiting for") {
	}
	d.keys("ctrl+v")
	taken := make(chan struct{})
	go func() {
		for lines.Scan() {
		}
		_ = c.Wait()
		close(taken)
	}()
	select {
	case <-taken:
	case <-time.After(slowly):
		_ = c.Process.Kill()
		d.t.Fatalf("nobody took %q from the clipboard", text)
	}
}

// haveXclip reports whether Chinese can be typed.
func haveXclip() bool {
	_, err := exec.LookPath("xclip")
	return err == nil
}
