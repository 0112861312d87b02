package papers

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"strings"

	"saoma/pos"
)

// Merchant is what WeChat Pay's zip of the merchant's API certificate holds.
type Merchant struct {
	Certificate []byte // apiclient_cert.pem
	Key         []byte // apiclient_key.pem
}

// The bounds of a zip: how many files it may have and how many of them are unpacked.
const (
	maxEntries = 256
	maxOpened  = 16
)

// Zip reads the zip that WeChat Pay's site and its certificate tool make: apiclient_cert.p12, apiclient_cert.pem,
// apiclient_key.pem and a note, perhaps inside a folder, the names perhaps in GBK. Nothing is unpacked that is not
// asked for, and no more of it than a key can be.
func Zip(data []byte) (*Merchant, error) {
	if len(data) > MaxZip {
		return nil, pos.Errorf(pos.Setup, "This zip is too big to be the one of the merchant's certificate; choose another one.")
	}
	if foreign(data) != archive || !bytes.HasPrefix(data, []byte("PK")) {
		return nil, pos.Errorf(pos.Setup, "This is not a zip; choose the file that the platform's site gave, its name ends in .zip.")
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) > maxEntries {
		return nil, pos.Errorf(pos.Setup, "This zip is damaged; download it again.")
	}
	var m Merchant
	opened := 0
	for _, f := range z.File {
		into := m.place(f.Name)
		if into == nil || *into != nil {
			continue
		}
		if opened++; opened > maxOpened {
			break
		}
		if f.Flags&1 != 0 {
			return nil, pos.Errorf(pos.Setup, "This zip has a password; unpack it and choose the two .pem files.")
		}
		if *into, err = unpack(f); err != nil {
			return nil, err
		}
	}
	switch {
	case m.Key == nil && m.Certificate == nil:
		return nil, pos.Errorf(pos.Setup, "This zip has neither apiclient_key.pem nor apiclient_cert.pem; choose the one of the merchant's API certificate.")
	case m.Key == nil:
		return nil, pos.Errorf(pos.Setup, "This zip has the certificate but not its private key apiclient_key.pem; the key is where the certificate was applied for.")
	case m.Certificate == nil:
		return nil, pos.Errorf(pos.Setup, "This zip has the private key but not the certificate apiclient_cert.pem; choose the zip that the platform gave.")
	}
	return &m, nil
}

// place is where the file of that name goes; nil where it is not wanted.
func (m *Merchant) place(name string) *[]byte {
	name = strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	switch {
	case strings.HasPrefix(name, "."): // what macOS adds
		return nil
	case strings.HasSuffix(name, "key.pem"):
		return &m.Key
	case strings.HasSuffix(name, "cert.pem"):
		return &m.Certificate
	}
	return nil
}

// unpack reads one file, whatever size its header claims.
func unpack(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "This zip is damaged; download it again.")
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, MaxPaper+1))
	switch {
	case len(data) > MaxPaper:
		return nil, pos.Errorf(pos.Setup, "A file in this zip is too big for a key or a certificate; choose another one.")
	case err != nil:
		return nil, pos.Errorf(pos.Setup, "This zip is damaged; download it again.")
	}
	return data, nil
}
