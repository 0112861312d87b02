package assets

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
)

// sample holds what screens and receipts show: digits, the yuan sign, the shop's own name, and the
// last characters of both levels of GB2312.
const sample = "0123456789.,:¥￥Aa扫码收银微信支付宝已收款，。！“”座齄→✓"

func TestFontsDrawWhatScreensShow(t *testing.T) {
	for name, raw := range map[string][]byte{"Regular": Regular, "Bold": Bold, "PDFFont": PDFFont} {
		f, err := sfnt.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var buf sfnt.Buffer
		for _, r := range sample {
			if name == "PDFFont" && (r == '→' || r == '✓') {
				continue
			}
			if i, err := f.GlyphIndex(&buf, r); err != nil || i == 0 {
				t.Errorf("%s has no glyph for %q (%v)", name, r, err)
			}
		}
	}
}

func TestPDFFontIsAcceptedByThePDFWriter(t *testing.T) {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes("hei", "", PDFFont)
	pdf.SetFont("hei", "", 14)
	pdf.AddPage()
	pdf.Cell(40, 10, "扫码收银 日报 ¥12.50")
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out.Bytes(), []byte("%PDF")) || out.Len() < 5_000 {
		t.Errorf("wrote %d bytes beginning %q; want a PDF with an embedded font", out.Len(), out.Bytes()[:8])
	}
}

func TestSoundsAreSoundWAVFiles(t *testing.T) {
	for name, b := range map[string][]byte{"paid": PaidSound(), "alert": AlertSound()} {
		if string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " || string(b[36:40]) != "data" {
			t.Fatalf("%s: header %q", name, b[:44])
		}
		if n := binary.LittleEndian.Uint32(b[40:]); int(n) != len(b)-44 {
			t.Errorf("%s: %d bytes of samples announced, %d there", name, n, len(b)-44)
		}
		peak := 0.0
		for i := 44; i < len(b); i += 2 {
			peak = max(peak, math.Abs(float64(int16(binary.LittleEndian.Uint16(b[i:])))))
		}
		if peak < 6_000 || peak >= math.MaxInt16 {
			t.Errorf("%s: peak %v; want audible and not clipped", name, peak)
		}
	}
}

func TestGlyphTakesItsColour(t *testing.T) {
	name, svg := Glyph("check", color.NRGBA{R: 0x07, G: 0xC1, B: 0x60, A: 0xFF})
	if name != "check07c160.svg" || !strings.Contains(string(svg), "#07c160") || strings.Contains(string(svg), ink) {
		t.Errorf("Glyph = %s, %s", name, svg)
	}
}

func TestIconIsSquareAndTransparentAtItsCorners(t *testing.T) {
	img, err := png.Decode(bytes.NewReader(IconPNG))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != 512 || b.Dy() != 512 {
		t.Errorf("icon is %v; want 512x512", b)
	}
	if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
		t.Error("the icon's corner is not transparent")
	}
}
