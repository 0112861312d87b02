package papers

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// block is one piece of base64, or a whole DER file.
type block struct {
	label     string // what its BEGIN line says, without blanks, such as RSAPRIVATEKEY; empty where there is none
	der       []byte
	password  bool // a PEM header says that it is encrypted
	damaged   bool // it has characters that base64 has not
	truncated bool // it ends before what its own length says
	hex       bool // it is hexadecimal digits only: no base64 of a paper is
}

// marker is a BEGIN or END line, however a paste has bent it: the blanks may be gone, the text may follow at once, and
// an editor may have made longer dashes of the hyphens.
var marker = regexp.MustCompile(`(?i)-+\s*(BEGIN|END)\s*((?:[A-Z0-9]+\s*)?(?:PRIVATE\s*KEY|PUBLIC\s*KEY|CERTIFICATE\s*REQUEST|CERTIFICATE)|PKCS\s*7)(?:\s*-+)?`)

// headers are lines such as "DEK-Info: …" between the BEGIN line and the base64.
var headers = regexp.MustCompile(`(?m)^[A-Za-z0-9-]+:.*$`)

// sequence is how the base64 of every paper begins: DER's SEQUENCE, mostly MII.
var sequence = regexp.MustCompile(`^M[A-P]`)

var hexDigits = regexp.MustCompile(`^[0-9A-Fa-f]{16,}$`)

// split finds the blocks of a paper.
func split(data []byte) []block {
	if whole, isDER := asDER(data); isDER {
		return []block{{der: whole, truncated: derLength(whole) > len(whole)}}
	}
	text := plain(data)
	marks := marker.FindAllStringSubmatchIndex(text, -1)
	if len(marks) == 0 {
		return []block{decode("", text)}
	}
	var list []block
	if strings.EqualFold(text[marks[0][2]:marks[0][3]], "END") { // the first line was lost
		list = append(list, decode(label(text, marks[0]), text[:marks[0][0]]))
	}
	for i, m := range marks {
		if !strings.EqualFold(text[m[2]:m[3]], "BEGIN") {
			continue
		}
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		list = append(list, decode(label(text, m), text[m[1]:end]))
	}
	return list
}

func label(text string, m []int) string {
	return strings.ToUpper(strings.Join(strings.Fields(text[m[4]:m[5]]), ""))
}

// decode reads the base64 between two markers.
func decode(label, body string) block {
	b := block{label: label, password: strings.Contains(body, "ENCRYPTED")}
	if label != "" {
		body = headers.ReplaceAllString(body, "")
	}
	body = strings.TrimRight(strings.Join(strings.Fields(body), ""), "=")
	b.hex = hexDigits.MatchString(body)
	if label == "" && !sequence.MatchString(body) {
		return b
	}
	if len(body)%4 == 1 { // no base64 has such a length: the last character has lost its neighbours
		body, b.truncated = body[:len(body)-1], true
	}
	der, err := base64.RawStdEncoding.DecodeString(body)
	b.der, b.damaged = der, err != nil
	b.truncated = b.truncated || derLength(der) > len(der)
	return b
}

// derLength is how long the DER value that der begins with says it is, with its header; 0 where it is none.
func derLength(der []byte) int {
	if len(der) < 2 || der[0] != 0x30 { // SEQUENCE, which all papers are
		return 0
	}
	n := int(der[1])
	if n < 0x80 {
		return 2 + n
	}
	size := n & 0x7f
	if size == 0 || size > 3 || len(der) < 2+size {
		return 0
	}
	var wide [4]byte
	copy(wide[4-size:], der[2:2+size])
	return 2 + size + int(binary.BigEndian.Uint32(wide[:]))
}

// asDER tells a binary file from text: the long form of a length is no ASCII, and the short one fits by chance only.
func asDER(data []byte) ([]byte, bool) {
	if len(data) < 3 || data[0] != 0x30 {
		return nil, false
	}
	short := derLength(data) == len(data) && (data[2] == 0x30 || data[2] == 0x02)
	return data, short || (data[1] > 0x80 && data[1] <= 0x83)
}

// spaces are the characters that editors, chats and web pages put in, which count for nothing. A backslash with an n is
// a line's end copied out of a program's text.
var spaces = strings.NewReplacer(
	`\r\n`, "\n", `\n`, "\n", "\r\n", "\n", "\r", "\n",
	"\u00a0", " ", "\u3000", " ", "\u2007", " ", "\u202f", " ", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n",
	"\ufeff", "", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\u00ad", "", "\u200e", "", "\u200f", "", "\x00", "",
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "--", "\u2015", "--", "\u2212", "-",
	"\"", "", "'", "", "`", "", "“", "", "”", "", "‘", "", "’", "",
)

// plain is text as it was before it was pasted: in UTF-8, with narrow letters, plain blanks and hyphens.
func plain(data []byte) string {
	text := spaces.Replace(utf8Text(data))
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // the full-width forms of ASCII
			return r - '！' + '!'
		}
		return r
	}, text)
}

// utf8Text decodes what Windows calls Unicode; anything else is taken for UTF-8.
func utf8Text(data []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return strings.ToValidUTF8(string(data), string(utf8.RuneError))
	}
	units := make([]uint16, 0, len(data)/2)
	for rest := data[2:]; len(rest) >= 2; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return string(utf16.Decode(units))
}
