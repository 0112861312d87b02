package vault

import (
	"bytes"
	"regexp"
)

// Copies lists the plain files of the data folder in which a sealed key still stands, such as a copy that somebody
// made under another name. How its lines are broken does not matter; one in a zip is not found.
func (v *Vault) Copies() (paths []string, err error) {
	sealed, err := sealedIn(v.dir)
	if err != nil || v.Kind() == Plain {
		return nil, err
	}
	var keys [][]byte
	for _, path := range sealed {
		text, err := v.Read(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		if body := bodyOf(text); len(body) >= minBody {
			keys = append(keys, body)
		}
	}
	err = eachSmall(v.dir, func(path string, data []byte) {
		text := bodyOf(data)
		for _, key := range keys {
			if !Sealed(data) && bytes.Contains(text, key) {
				paths = append(paths, path)
				return
			}
		}
	})
	return paths, err
}

// minBody keeps a short token from being found everywhere, in bytes.
const minBody = 16

var pemLine = regexp.MustCompile(`-----[A-Z0-9 ]+-----`)

// bodyOf is a key without header lines and blanks.
func bodyOf(text []byte) []byte {
	return bytes.Join(bytes.Fields(pemLine.ReplaceAll(text, nil)), nil)
}
