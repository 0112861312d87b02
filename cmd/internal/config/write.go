package config

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// Fresh is what a new sandbox folder's saoma.toml says.
type Fresh struct {
	Shop, Counter                                         string
	MchID, WeChatAppID, MerchantSerial, WeChatPublicKeyID string
	AlipayAppID, SellerID                                 string
	Sandbox                                               string // http://127.0.0.1:PORT
	Notify                                                string // 127.0.0.1:PORT
}

var fresh = template.Must(template.New(FileName).Parse(`# Saoma 扫码收银: a sandbox folder. No real money moves here.
# 这是沙箱数据目录，不会发生真实资金往来。Paths are relative to this folder.

[shop]
name = {{printf "%q" .Shop}}
counter = {{printf "%q" .Counter}}
timezone = "Asia/Shanghai"
day_starts_at = 0
# max_charge = "50000.00"
# min_charge = "0.01"

[wechat]
enabled = true
mchid = {{printf "%q" .MchID}}
appid = {{printf "%q" .WeChatAppID}}
merchant_serial = {{printf "%q" .MerchantSerial}}
merchant_key_file = "keys/wechat_merchant_key.pem"
merchant_certificate_file = "keys/wechat_merchant_cert.pem"
apiv3_key_file = "keys/wechat_apiv3.key"
public_key_id = {{printf "%q" .WeChatPublicKeyID}}
public_key_file = "keys/wechat_public_key.pem"
platform_certificates = false
base_url = "{{.Sandbox}}"

[alipay]
enabled = true
app_id = {{printf "%q" .AlipayAppID}}
seller_id = {{printf "%q" .SellerID}}
app_key_file = "keys/alipay_app_key.pem"
alipay_public_key_file = "keys/alipay_public_key.pem"
gateway_url = "{{.Sandbox}}/gateway.do"

[notify]
listen = "{{.Notify}}"
public_url = "http://{{.Notify}}" # the sandbox on this machine reaches listen itself

[tunnel]
kind = "none"

[backup]
keep = 30 # days whose newest backup is kept, in backups/
`))

// Text is the file, checked.
func (f Fresh) Text(dir string) (string, error) {
	var b strings.Builder
	if err := fresh.Execute(&b, f); err != nil {
		return "", err
	}
	_, err := Parse(dir, b.String())
	return b.String(), err
}

// MoveSandbox writes the sandbox's address into base_url and gateway_url of DIR/saoma.toml; every other
// line, comments included, stays as it is.
func MoveSandbox(dir, address string) error {
	sections := Sections(dir)
	return Change(dir, slices.DeleteFunc(moving(address), func(e Edit) bool { return !sections[e.section()] })...)
}

// moving is what a move of the sandbox changes in the sections that there are.
func moving(address string) []Edit {
	return []Edit{{"wechat.base_url", address}, {"alipay.gateway_url", address + "/gateway.do"}}
}

// WriteAtomic is WriteFile of data.
func WriteAtomic(path string, data []byte) error {
	return WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFile writes a file beside its place, makes it durable and puts it there in one step; it is
// readable by its owner only.
func WriteFile(path string, write func(io.Writer) error) error {
	return writeBeside(path, write, os.Rename)
}

// CreateFile is WriteFile under a name that is free: a file that has it, even since a moment ago, stays, and the
// error is fs.ErrExist.
func CreateFile(path string, write func(io.Writer) error) error {
	if taken(path) {
		return fs.ErrExist
	}
	return writeBeside(path, write, func(temp, path string) error {
		err := os.Link(temp, path)
		switch {
		case err == nil, errors.Is(err, fs.ErrExist):
			return err
		case taken(path): // a disk without links, such as a USB stick
			return fs.ErrExist
		}
		return os.Rename(temp, path)
	})
}

func taken(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func writeBeside(path string, write func(io.Writer) error, place func(temp, path string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after a rename, as it should
	b := bufio.NewWriter(f)
	if err = write(b); err == nil {
		err = errors.Join(b.Flush(), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return place(f.Name(), path)
}
