package wechat

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"saoma/payments/internal/wire"
	"saoma/pos"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
)

// What bounds a bill. Ten thousand payments a day make about 4 MB of text.
const (
	maxBill     = 64 << 20    // bytes, packed and unpacked
	billTimeout = time.Minute // of the download
)

var (
	codesBillLater = []string{"STATEMENT_CREATING"}
	codesNoBill    = []string{"NO_STATEMENT_EXIST"}
)

var (
	_ pos.BillDownloader = (*Gateway)(nil)
	_ pos.BillReader     = (*Gateway)(nil)
)

// DownloadBill fetches the trade bill of one day (GET /v3/bill/tradebill, type ALL). The answer that names
// the file is signed; the file is not, and counts only if it has the hash which that answer gives.
func (g *Gateway) DownloadBill(ctx context.Context, day pos.Day) (*pos.Bill, error) {
	bill := &pos.Bill{Wallet: pos.WeChat, Day: day, FileName: g.billName(day)}
	query := url.Values{"bill_date": {string(day)}, "bill_type": {"ALL"}, "tar_type": {"GZIP"}}
	body, err := g.call(ctx, http.MethodGet, "/v3/bill/tradebill?"+query.Encode(), nil)
	switch {
	case saysSigned(err, codesNoBill) && !g.now().Before(pos.BillReadyAt(day)):
		return &pos.Bill{Wallet: pos.WeChat, Day: day}, nil // a day without trade has none
	case saysSigned(err, codesBillLater), saysSigned(err, codesNoBill):
		return nil, g.fail(pos.NotReady, "", err)
	case err != nil:
		return nil, err
	}
	if bill.Original, err = g.billText(ctx, body); err != nil {
		return nil, g.fail(pos.Unknown, "", err)
	}
	if bill.Lines, err = parseBill(bill.Original, g.cfg.MchID); err != nil {
		return nil, g.fail(pos.Unknown, "", fmt.Errorf("the bill of %s: %w", day, err))
	}
	bill.Text = withoutPayers(bill.Original)
	return bill, nil
}

// ReadBill reads again what DownloadBill gave as a bill's Text.
func (g *Gateway) ReadBill(day pos.Day, text []byte) (*pos.Bill, error) {
	lines, err := parseBill(text, g.cfg.MchID)
	if err != nil {
		return nil, g.fail(pos.Unknown, "", fmt.Errorf("the kept bill of %s: %w", day, err))
	}
	return &pos.Bill{Wallet: pos.WeChat, Day: day, FileName: g.billName(day), Text: text, Lines: lines}, nil
}

func (g *Gateway) billName(day pos.Day) string { return g.cfg.MchID + "All" + string(day) + ".csv" }

// billText downloads the file that a verified answer names, and checks that it is that file.
func (g *Gateway) billText(ctx context.Context, answer []byte) ([]byte, error) {
	var file struct {
		HashType string `json:"hash_type"`
		Hash     string `json:"hash_value"`
		URL      string `json:"download_url"`
	}
	if err := wire.Decode(answer, &file); err != nil {
		return nil, err
	}
	want, err := hex.DecodeString(file.Hash)
	if err != nil || file.HashType != "SHA1" || len(want) != sha1.Size {
		return nil, errors.New("the answer has no SHA-1 of the bill")
	}
	address, err := url.Parse(file.URL)
	if err != nil || !strings.HasPrefix(address.Path, "/v3/") {
		return nil, errors.New("the answer has no address of the bill")
	}
	packed, err := g.downloadBill(ctx, address.RequestURI())
	if err != nil {
		return nil, err
	}
	text, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	if got := sha1.Sum(text); !bytes.Equal(got[:], want) {
		return nil, errors.New("the bill has another SHA-1 than its signed answer gives")
	}
	return text, nil
}

// downloadBill fetches a file, which is not signed, through a client of its own that does not ask it to be.
func (g *Gateway) downloadBill(ctx context.Context, path string) ([]byte, error) {
	base, err := wire.CheckURL(g.cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	plain := newHTTPClient(base, g.cfg.Transport, maxBill, &g.clock, g.signing)
	plain.Timeout = billTimeout
	client, err := core.NewClient(ctx, option.WithMerchantCredential(g.cfg.MchID, g.cfg.MerchantSerial, g.cfg.MerchantKey),
		option.WithoutValidator(), option.WithHTTPClient(plain))
	if err != nil {
		return nil, err
	}
	result, err := client.Get(ctx, ProductionURL+path)
	if e, ok := errors.AsType[*core.APIError](err); ok { // its text dumps the headers
		return nil, fmt.Errorf("the bill's file: HTTP %d", e.StatusCode)
	}
	if e, ok := errors.AsType[*url.Error](err); ok { // its text has the file's address, which lets anybody in
		err = e.Err
	}
	if err != nil {
		return nil, fmt.Errorf("the bill's file: %w", err)
	}
	defer result.Response.Body.Close()
	packed, err := io.ReadAll(result.Response.Body)
	if err != nil {
		return nil, fmt.Errorf("the bill's file: %w", err)
	}
	return packed, nil
}

// unpack reads a gzip file whose text is at most maxBill long.
func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errors.New("the bill's file is not gzip")
	}
	text, err := io.ReadAll(io.LimitReader(z, maxBill+1))
	switch {
	case err != nil:
		return nil, errors.New("the bill's file is cut short")
	case len(text) > maxBill:
		return nil, wire.ErrTooLarge
	}
	return text, nil
}
