// Package assets holds what the counter carries inside its binary: fonts, icons and sounds.
// The sentences people read are in assets/words.
package assets

import (
	"embed"
	"fmt"
	"image/color"
	"strings"
)

// Regular and Bold are Noto Sans CJK SC, reduced to Latin-1 and GB2312 (SIL Open Font License 1.1).
var (
	//go:embed font/NotoSansSC-Regular.otf
	Regular []byte
	//go:embed font/NotoSansSC-Bold.otf
	Bold []byte
)

// PDFFont is WenQuanYi Micro Hei with TrueType outlines, for PDF writers, reduced to the same
// characters (Apache License 2.0).
//
//go:embed font/WenQuanYiMicroHei.ttf
var PDFFont []byte

// IconPNG is the program's icon, 512 pixels square.
//
//go:embed icon/saoma.png
var IconPNG []byte

//go:embed icon/*.svg
var icons embed.FS

// ink is the one colour glyphs are drawn in; Glyph replaces it.
const ink = "#000000"

// Glyph returns a one-colour drawing of assets/icon as SVG in the colour c, and a name unique to both.
// It panics when there is no such drawing: names are constants of the program.
func Glyph(name string, c color.Color) (file string, svg []byte) {
	raw, err := icons.ReadFile("icon/" + name + ".svg")
	if err != nil {
		panic(err)
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	hex := fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
	return name + hex[1:] + ".svg", []byte(strings.ReplaceAll(string(raw), ink, hex))
}
