package kit

import (
	"image"
	"image/color"
	"image/draw"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"github.com/skip2/go-qrcode"
)

// quiet is the white margin drawn around a code, in modules. A reader needs four (ISO/IEC 18004): the
// card the code stands on must be white and add the rest.
const quiet = 2

// QR shows a QR code with every module the same whole number of screen pixels, so that it is sharp at
// any size, on white with its quiet zone.
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

// SetCode draws content; empty content draws white.
func (q *QR) SetCode(content string) error {
	q.modules = nil
	defer q.raster.Refresh()
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

// draw paints w by h screen pixels.
func (q *QR) draw(w, h int) image.Image {
	img := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	if len(q.modules) == 0 {
		return img
	}
	n := len(q.modules)
	px := min(w, h) / (n + 2*quiet)
	if px == 0 {
		return img
	}
	left, top := (w-n*px)/2, (h-n*px)/2
	for y, row := range q.modules {
		for x, dark := range row {
			if dark {
				r := image.Rect(left+x*px, top+y*px, left+(x+1)*px, top+(y+1)*px)
				draw.Draw(img, r, image.NewUniform(color.Black), image.Point{}, draw.Src)
			}
		}
	}
	return img
}

// CreateRenderer implements fyne.Widget.
func (q *QR) CreateRenderer() fyne.WidgetRenderer { return &qrRenderer{q} }

type qrRenderer struct{ q *QR }

func (r *qrRenderer) Destroy()                     {}
func (r *qrRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.q.raster} }
func (r *qrRenderer) MinSize() fyne.Size           { return fyne.NewSquareSize(Px(180)) }
func (r *qrRenderer) Refresh()                     { r.q.raster.Refresh() }

// Layout keeps the code square, in the middle of its room.
func (r *qrRenderer) Layout(size fyne.Size) {
	side := min(size.Width, size.Height)
	r.q.raster.Resize(fyne.NewSquareSize(side))
	r.q.raster.Move(fyne.NewPos((size.Width-side)/2, (size.Height-side)/2))
}
