package db

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"saoma/pos"
)

// BillFolder is the folder of a data folder that keeps the platforms' bills. They are beside the ledger and not in it,
// because every backup would carry them all, and a bill can be downloaded again for three months.
const BillFolder = "bills"

// maxKeptBill bounds a kept bill, unpacked, in bytes: what the gateways allow a bill to have.
const maxKeptBill = 64 << 20

var billHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// KeepBill keeps a bill's text, packed, and returns the name it is found under: the SHA-256 of the text in hex. A text that is
// kept already is left as it is, so nothing that was kept is ever overwritten.
func (l *Ledger) KeepBill(w pos.Wallet, day pos.Day, text []byte) (hash string, err error) {
	sum := sha256.Sum256(text)
	hash = hex.EncodeToString(sum[:])
	path := l.billPath(w, day, hash)
	if _, err := l.KeptBill(w, day, hash); err == nil {
		return hash, nil
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return "", unkept(path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+tempSuffix) // readable by its owner only
	if err != nil {
		return "", unkept(path, err)
	}
	defer os.Remove(f.Name()) // after publish there is none
	z := gzip.NewWriter(f)
	_, err = z.Write(text)
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		return "", unkept(path, err)
	}
	if err := publish(f.Name(), path); err != nil {
		return "", unkept(path, err)
	}
	return hash, nil
}

// KeptBill returns the text that KeepBill kept under this hash. It is a NotFound error where the file is missing, and a
// Damaged one where it is not the text of that hash any more.
func (l *Ledger) KeptBill(w pos.Wallet, day pos.Day, hash string) (text []byte, err error) {
	if !billHash.MatchString(hash) {
		return nil, pos.Errorf(pos.NotFound, "The bill of %s for %s is not kept here; download it again with --again.", w, string(day))
	}
	f, err := os.Open(l.billPath(w, day, hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, pos.Errorf(pos.NotFound, "The bill of %s for %s is not kept here; download it again with --again.", w, string(day)).Because(err)
	}
	if err != nil {
		return nil, brokenBill(w, day, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, brokenBill(w, day, err)
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(z, maxKeptBill+1)); err != nil {
		return nil, brokenBill(w, day, err)
	}
	if sum := sha256.Sum256(b.Bytes()); hex.EncodeToString(sum[:]) != hash {
		return nil, brokenBill(w, day, errors.New("another SHA-256"))
	}
	return b.Bytes(), nil
}

func unkept(path string, err error) error {
	return pos.Errorf(pos.Unavailable, "The bill %s cannot be kept; make room on the disk and try again.", path).Because(err)
}

func brokenBill(w pos.Wallet, day pos.Day, err error) error {
	return pos.Errorf(pos.Damaged, "The kept bill of %s for %s is damaged; download it again with --again.", w, string(day)).Because(err)
}

// billPath is where a bill lies; two versions of a day's bill lie side by side.
func (l *Ledger) billPath(w pos.Wallet, day pos.Day, hash string) string {
	return filepath.Join(l.dir, BillFolder, string(w)+"-"+string(day)+"-"+hash[:16]+".csv.gz")
}
