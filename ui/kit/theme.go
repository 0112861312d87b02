// Package kit holds the counter's own widgets and its theme: light, high in contrast and large
// enough to read at arm's length. Nothing in it knows the till.
package kit

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"saoma/assets"
)

// Colour is a colour of the palette.
type Colour = color.NRGBA

// The palette. Text on paper and card has a contrast of at least 5:1.
var (
	Paper  = rgb(0xF1F4F8)
	Card   = rgb(0xFFFFFF) // behind everything
	Line   = rgb(0xDCE2EA)
	Ink    = rgb(0x121A26)
	Muted  = rgb(0x566173)
	Navy   = rgb(0x16243A) // the header, and the icon
	Gold   = rgb(0xFFB224)
	Good   = rgb(0x0A8A4A)
	Busy   = rgb(0x1A56B8)
	Warn   = rgb(0x8F4B00)
	Bad    = rgb(0xC0232C)
	Key    = rgb(0xF1F4F8)
	Key2   = rgb(0xE3E9F1)
	GoodBg = rgb(0xE3F5EA)
	BusyBg = rgb(0xE6EFFD)
	WarnBg = rgb(0xFFF0CC)
	BadBg  = rgb(0xFDE9EA)

	// The wallets' own colours.
	WeChatGreen = rgb(0x07C160)
	AlipayBlue  = rgb(0x1677FF)
)

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xFF}
}

// blend mixes a share of b, 0 to 255, into a.
func blend(a, b color.NRGBA, share int) color.NRGBA {
	mix := func(x, y uint8) uint8 { return uint8((int(x)*(255-share) + int(y)*share) / 255) }
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 0xFF}
}

// Theme is the counter's look. Its scale multiplies every size, on top of the screen's own.
type Theme struct{ scale float32 }

// Scales are the sizes a person can choose from.
var Scales = []float32{0.8, 0.9, 1, 1.1, 1.25, 1.5}

// NewTheme makes the theme at a scale; one outside Scales' range counts as 1.
func NewTheme(scale float32) *Theme {
	if scale < Scales[0] || scale > Scales[len(Scales)-1] {
		scale = 1
	}
	return &Theme{scale: scale}
}

// Scale is the factor in force.
func (t *Theme) Scale() float32 { return t.scale }

// Px is n design pixels at the scale of the theme in force.
func Px(n float32) float32 {
	if t, ok := fyne.CurrentApp().Settings().Theme().(*Theme); ok {
		return n * t.scale
	}
	return n
}

var colours = map[fyne.ThemeColorName]color.Color{
	theme.ColorNameBackground:          Card,
	theme.ColorNameForeground:          Ink,
	theme.ColorNamePrimary:             Busy,
	theme.ColorNameFocus:               BusyBg,
	theme.ColorNameButton:              Key2,
	theme.ColorNameInputBackground:     Key,
	theme.ColorNameInputBorder:         Line,
	theme.ColorNamePlaceHolder:         Muted,
	theme.ColorNameDisabled:            rgb(0x7A8598),
	theme.ColorNameSeparator:           Line,
	theme.ColorNameSuccess:             Good,
	theme.ColorNameWarning:             Warn,
	theme.ColorNameError:               Bad,
	theme.ColorNameMenuBackground:      Card,
	theme.ColorNameOverlayBackground:   Card,
	theme.ColorNameForegroundOnPrimary: Card,
}

// Color implements fyne.Theme. There is no dark variant: a counter stands in daylight.
func (t *Theme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := colours[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, theme.VariantLight)
}

var (
	regular = fyne.NewStaticResource("NotoSansSC-Regular.otf", assets.Regular)
	bold    = fyne.NewStaticResource("NotoSansSC-Bold.otf", assets.Bold)
)

// Font implements fyne.Theme.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Symbol:
		return theme.DefaultTheme().Font(style)
	case style.Bold:
		return bold
	}
	return regular
}

// Icon implements fyne.Theme.
func (t *Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size implements fyne.Theme.
func (t *Theme) Size(name fyne.ThemeSizeName) float32 {
	size := theme.DefaultTheme().Size(name)
	switch name {
	case theme.SizeNameText:
		size = 17
	case theme.SizeNameInputRadius:
		size = 10
	case theme.SizeNameInnerPadding:
		size = 10
	case theme.SizeNamePopupRadius, theme.SizeNameDialogRadius:
		size = 16
	}
	return size * t.scale
}

// Glyph is one of assets' drawings in a colour.
func Glyph(name string, c color.Color) fyne.Resource {
	file, svg := assets.Glyph(name, c)
	return fyne.NewStaticResource(file, svg)
}
