package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// FileRow is a file or a folder in a list to choose from.
type FileRow struct {
	widget.BaseWidget
	ground   *canvas.Rectangle
	body     *fyne.Container
	onTapped func()
}

var _ fyne.Tappable = (*FileRow)(nil)

// NewFileRow makes a row; folders have a drawing.
func NewFileRow(name string, folder, chosen bool, onTapped func()) *FileRow {
	r := &FileRow{ground: canvas.NewRectangle(color.Transparent), onTapped: onTapped}
	r.ground.CornerRadius = Px(8)
	mark := AtLeast(22, 22, canvas.NewRectangle(color.Transparent))
	if folder {
		mark = container.NewStack(Image("file", Busy, 22))
	}
	text := NewFit(name, 17, Ink, folder, 1)
	text.Cut = true
	r.body = container.NewStack(r.ground, Inset(5, 10, Row(10, Fixed(container.NewCenter(mark)), Grow(1, text))))
	r.ExtendBaseWidget(r)
	r.SetChosen(chosen)
	return r
}

// SetChosen shows that Enter takes this one.
func (r *FileRow) SetChosen(chosen bool) {
	r.ground.FillColor = color.Transparent
	if chosen {
		r.ground.FillColor = BusyBg
	}
	r.ground.Refresh()
}

// Tapped implements fyne.Tappable.
func (r *FileRow) Tapped(*fyne.PointEvent) {
	Use()
	r.onTapped()
}

// CreateRenderer implements fyne.Widget.
func (r *FileRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.body) }
