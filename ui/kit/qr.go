package kit

import (
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"github.com/skip2/go-qrcode"
)

// quiet is the margin kept free around a code, in modules. A reader needs four (ISO/IEC 18004): the ground
// the code stands on must be white and the room around it add the rest.
const quiet = 2

// QR shows a QR code with every module the same whole number of screen pixels, so that it is sharp at
// any size. The window's white ground is its quiet zone.
type QR struct {
	widget.BaseWidget
	modules [][]bool
	raster  *canvas.Raster
}

// NewQR makes an empty code.
func NewQR() *QR {
	q := &QR{}
	q.raster = canvas.NewRaster(q.draw)
	q.raster.ScaleMode = canvas.ImageScalePixels
	q.ExtendBaseWidget(q)
	return q
}

// SetCode draws content; empty content draws nothing.
func (q *QR) SetCode(content string) error {
	q.modules = nil
	defer q.Refresh()
	if content == "" {
		return nil
	}
	code, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return err
	}
	code.DisableBorder = true
	q.modules = code.Bitmap()
	return nil
}

// draw paints a pixel a module, which the painter enlarges by the whole number that place chose.
func (q *QR) draw(int, int) image.Image {
	n := len(q.modules)
	img := image.NewRGBA(image.Rect(0, 0, n, n)) // the painter would convert any other kind
	for y, row := range q.modules {
		for x, dark := range row {
			img.Set(x, y, color.White)
			if dark {
				img.Set(x, y, color.Black)
			}
		}
	}
	return img
}

// place is where the code is in a room, and its side, for a screen of so many pixels a unit: as large as
// whole pixels allow, in the middle.
func place(modules int, room fyne.Size, scale float32) (at fyne.Position, side float32) {
	pixels := math.Floor(float64(min(room.Width, room.Height) * scale / float32(modules+2*quiet)))
	side = float32(pixels) * float32(modules) / scale
	return fyne.NewPos((room.Width-side)/2, (room.Height-side)/2), side
}

// screenScale is how many screen pixels make a unit where o is shown, or will be.
func screenScale(o fyne.CanvasObject) float32 {
	driver := fyne.CurrentApp().Driver()
	if c := driver.CanvasForObject(o); c != nil {
		return c.Scale()
	}
	if windows := driver.AllWindows(); len(windows) > 0 {
		return windows[0].Canvas().Scale()
	}
	return 1
}

// CreateRenderer implements fyne.Widget.
func (q *QR) CreateRenderer() fyne.WidgetRenderer { return &qrRenderer{q} }

type qrRenderer struct{ q *QR }

func (r *qrRenderer) Destroy()                     {}
func (r *qrRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.q.raster} }
func (r *qrRenderer) MinSize() fyne.Size           { return fyne.NewSquareSize(Px(180)) }

func (r *qrRenderer) Refresh() {
	r.Layout(r.q.Size())
	r.q.raster.Refresh()
}

// Layout keeps the code square, in the middle of its room.
func (r *qrRenderer) Layout(room fyne.Size) {
	at, side := place(len(r.q.modules), room, screenScale(r.q))
	r.q.raster.Resize(fyne.NewSquareSize(side))
	r.q.raster.Move(at)
}
