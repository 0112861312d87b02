package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Either shows wide where there is room for it, and narrow elsewhere.
func Either(wide, narrow fyne.CanvasObject) *fyne.Container {
	return container.New(either{}, wide, narrow)
}

type either struct{}

// MinSize implements fyne.Layout.
func (either) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[1].MinSize() }

// Layout implements fyne.Layout.
func (either) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	fits := objects[0].MinSize().Width <= size.Width
	for i, o := range objects {
		o.Resize(size)
		if shown := fits == (i == 0); shown {
			o.Show()
		} else {
			o.Hide()
		}
	}
}
