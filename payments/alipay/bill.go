package alipay

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"saoma/payments/internal/wire"
	"saoma/pos"

	sdk "github.com/smartwalle/alipay/v3"
)

// What bounds a bill. Ten thousand payments a day make about 3 MB of text.
const (
	maxBill     = 64 << 20    // bytes, packed, and unpacked of each file
	maxFiles    = 8           // in its zip; there are two
	billTimeout = time.Minute // of the download
)

var codesNoBill = []string{"isp.bill_not_exist"} // made later, or a day without trade

var (
	_ pos.BillDownloader = (*Gateway)(nil)
	_ pos.BillReader     = (*Gateway)(nil)
)

// DownloadBill fetches the trade bill of one day (alipay.data.dataservice.bill.downloadurl.query). The
// answer that names the file is signed and its address lives for 30 seconds; the file is neither signed
// nor hashed, so what it says is a reason to ask, and no evidence.
func (g *Gateway) DownloadBill(ctx context.Context, day pos.Day) (*pos.Bill, error) {
	var a struct {
		answer
		URL string `json:"bill_download_url"`
	}
	bill := &pos.Bill{Wallet: pos.Alipay, Day: day, FileName: g.billName(day)}
	_, err := g.call(ctx, sdk.BillDownloadURLQuery{BillType: "trade", BillDate: string(day)}, &a)
	switch {
	case saysSigned(err, codesNoBill) && !g.now().Before(pos.BillReadyAt(day)):
		return &pos.Bill{Wallet: pos.Alipay, Day: day}, nil // a day without trade has none
	case saysSigned(err, codesNoBill):
		return nil, g.fail(pos.NotReady, "", err)
	case err != nil:
		return nil, err
	}
	if bill.Original, err = g.downloadBill(ctx, a.URL); err != nil {
		return nil, g.fail(pos.Unknown, "", fmt.Errorf("the bill's file: %w", err))
	}
	details, err := detailsIn(bill.Original)
	if err == nil {
		bill.Lines, err = parseBill(details, g.cfg.SellerID, day)
	}
	if err != nil {
		return nil, g.fail(pos.Unknown, "", fmt.Errorf("the bill of %s: %w", day, err))
	}
	bill.Text = withoutPayers(details)
	return bill, nil
}

// ReadBill reads again what DownloadBill gave as a bill's Text, which is the file of the details.
func (g *Gateway) ReadBill(day pos.Day, text []byte) (*pos.Bill, error) {
	lines, err := parseBill(string(text), g.cfg.SellerID, day)
	if err != nil {
		return nil, g.fail(pos.Unknown, "", fmt.Errorf("the kept bill of %s: %w", day, err))
	}
	return &pos.Bill{Wallet: pos.Alipay, Day: day, FileName: g.billName(day), Text: text, Lines: lines}, nil
}

func (g *Gateway) billName(day pos.Day) string {
	return g.cfg.SellerID + "_" + string(day) + ".csv.zip"
}

// downloadBill fetches the file. Its address lets anybody in, so it is in no error.
func (g *Gateway) downloadBill(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("its address is not one")
	}
	if _, err := wire.CheckURL(address); err != nil {
		u.Scheme = "https" // the platform's documents still show http
	}
	if _, err := wire.CheckURL(u.String()); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("its address is not one")
	}
	client := wire.NewClient(g.cfg.Transport, maxBill, new(wire.Clock)) // another host's clock
	client.Timeout = billTimeout
	resp, err := client.Do(req)
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// detailsIn finds the file of the details in a zip whose names and texts are GBK: one stands beside a summary.
func detailsIn(packed []byte) (details string, err error) {
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return "", errors.New("it is not a zip file")
	}
	if len(z.File) > maxFiles {
		return "", errors.New("it has too many files")
	}
	for _, f := range z.File {
		text, err := readGBK(f)
		if err != nil {
			return "", err
		}
		if !isDetails(text) {
			continue
		}
		if details != "" {
			return "", errors.New("it has two files of details")
		}
		details = text
	}
	if details == "" {
		return "", errors.New("it has no file of details")
	}
	return details, nil
}

// readGBK reads one file of the zip, whose checksum the zip has.
func readGBK(f *zip.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", errors.New("a file of its zip cannot be opened")
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxBill+1))
	switch {
	case err != nil:
		return "", errors.New("a file of its zip is damaged")
	case len(raw) > maxBill:
		return "", wire.ErrTooLarge
	}
	if text, marked := bytes.CutPrefix(raw, []byte("\ufeff")); marked && utf8.Valid(text) { // a mark that no GBK text begins with
		return string(text), nil
	}
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(raw)
	if err != nil {
		return "", errors.New("a file of its zip is not GBK text")
	}
	return string(text), nil
}
