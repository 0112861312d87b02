package papers

import (
	"crypto/x509"
	"fmt"
	"regexp"
	"strings"

	"saoma/pos"
)

// Serial is a certificate's serial number as WeChat Pay writes it: the bytes of the number in upper-case hexadecimal,
// each with two digits. (Printed as a number, a leading zero goes missing.)
func Serial(c *x509.Certificate) string { return fmt.Sprintf("%X", c.SerialNumber.Bytes()) }

// The forms of the platforms' numbers.
var (
	mchID       = regexp.MustCompile(`^[0-9]{6,15}$`) // 8 to 10 digits today
	wechatAppID = regexp.MustCompile(`^wx[0-9a-z]{16}$`)
	serial      = regexp.MustCompile(`^[0-9A-F]{8,64}$`) // 40 digits today
	decimal     = regexp.MustCompile(`^[0-9]{41,}$`)
	publicKeyID = regexp.MustCompile(`^PUB_KEY_ID_[0-9A-Za-z]{8,64}$`)
	apiv3       = regexp.MustCompile(`^[0-9A-Za-z]{32}$`)
	hexText     = regexp.MustCompile(`^[0-9a-fA-F]+$`)
	alipayAppID = regexp.MustCompile(`^(20|90)[0-9]{14}$`) // 9021… in Alipay's own sandbox
	sellerID    = regexp.MustCompile(`^2088[0-9]{12}$`)
)

// clean takes out what a copy brings along: blanks, invisible characters, full-width forms.
func clean(text string) string {
	if len(text) > MaxPaper {
		text = text[:MaxPaper]
	}
	return strings.Join(strings.Fields(plain([]byte(text))), "")
}

// ReadMchID reads WeChat Pay's merchant number.
func ReadMchID(text string) (string, error) {
	switch s := clean(text); {
	case s == "":
		return "", pos.Errorf(pos.Setup, "The merchant number (mchid) is missing; the platform's site shows it.")
	case strings.HasPrefix(strings.ToLower(s), "wx"):
		return "", pos.Errorf(pos.Setup, "This is an appid; the merchant number (mchid) is 8 to 10 digits.")
	case sellerID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This is an Alipay account number; WeChat Pay's merchant number (mchid) is 8 to 10 digits.")
	case !mchID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "The merchant number (mchid) is 8 to 10 digits and nothing else.")
	default:
		return s, nil
	}
}

// ReadAppID reads the appid of WeChat.
func ReadAppID(text string) (string, error) {
	switch s := clean(text); {
	case s == "":
		return "", pos.Errorf(pos.Setup, "The appid is missing; it begins with wx.")
	case mchID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This is the merchant number; the appid begins with wx.")
	case alipayAppID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This is Alipay's APPID; WeChat's appid begins with wx.")
	case strings.HasPrefix(s, "gh_"):
		return "", pos.Errorf(pos.Setup, "This is the original ID of an official account (gh_…); the appid begins with wx.")
	case !wechatAppID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "The appid is wx and 16 digits or small letters.")
	default:
		return s, nil
	}
}

// ReadSerial reads a certificate's serial number, however it is written: small, with colons, with 0x.
func ReadSerial(text string) (string, error) {
	s := strings.ToUpper(strings.ReplaceAll(clean(text), ":", ""))
	s = strings.TrimPrefix(s, "0X")
	switch {
	case strings.HasPrefix(s, "PUB_KEY_ID"):
		return "", pos.Errorf(pos.Setup, "This is the id of WeChat Pay's public key; the serial number of the merchant's own certificate belongs here.")
	case decimal.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This serial number is written in decimal; the one that the platform's site shows is hexadecimal, 40 digits.")
	case !serial.MatchString(s):
		return "", pos.Errorf(pos.Setup, "The serial number of a certificate is 40 hexadecimal digits.")
	}
	return s, nil
}

// ReadPublicKeyID reads the id of WeChat Pay's public key.
func ReadPublicKeyID(text string) (string, error) {
	s := clean(text)
	upper := strings.ToUpper(s)
	switch {
	case publicKeyID.MatchString(s):
		return s, nil
	case strings.HasPrefix(upper, "PUB_KEY_ID_"):
		return "", pos.Errorf(pos.Setup, "This public-key id is not whole: digits follow PUB_KEY_ID_; copy all of it.")
	case serial.MatchString(upper) && len(s) == 40:
		return "", pos.Errorf(pos.Setup, "This is the serial number of a certificate; the public-key id begins with PUB_KEY_ID_.")
	}
	return "", pos.Errorf(pos.Setup, "The public-key id begins with PUB_KEY_ID_ and goes on with digits.")
}

// APIv3Key reads WeChat Pay's APIv3 key: 32 digits and letters that the merchant chose.
func APIv3Key(data []byte) (string, error) {
	if len(data) > MaxPaper {
		return "", pos.Errorf(pos.Setup, "This is no APIv3 key: it is the text of 32 digits and letters that was set on the platform's site.")
	}
	s := strings.TrimSpace(plain(data))
	switch {
	case apiv3.MatchString(s):
		return s, nil
	case s == "":
		return "", pos.Errorf(pos.Setup, "The APIv3 key is missing; it is shown only while it is set: set a new one if nobody has it.")
	case strings.Contains(s, "BEGIN") || strings.HasPrefix(s, "MII"):
		return "", pos.Errorf(pos.Setup, "This is a key or a certificate file; the APIv3 key is a text of 32 digits and letters.")
	case strings.HasPrefix(strings.ToUpper(s), "PUB_KEY_ID"):
		return "", pos.Errorf(pos.Setup, "This is the id of WeChat Pay's public key; the APIv3 key is a text of 32 digits and letters.")
	case len(s) == 40 && hexText.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This looks like a certificate's serial number; the APIv3 key is a text of 32 digits and letters.")
	case len(s) == 64 && hexText.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This looks like a hash of 64 digits; the APIv3 key is the text of 32 digits and letters itself.")
	case len([]rune(s)) == 32:
		return "", pos.Errorf(pos.Setup, "The APIv3 key has 32 characters, but one is neither digit nor letter; copy it again.")
	}
	return "", pos.Errorf(pos.Setup, "The APIv3 key must have exactly 32 digits and letters; this has %d.", len([]rune(s)))
}

// ReadAlipayAppID reads the number of an application on Alipay's open platform.
func ReadAlipayAppID(text string) (string, error) {
	switch s := clean(text); {
	case s == "":
		return "", pos.Errorf(pos.Setup, "The APPID of the application is missing; the platform's site shows it.")
	case sellerID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This is the account number (PID, 2088…); the APPID of the application begins with 20 and is another one.")
	case strings.HasPrefix(strings.ToLower(s), "wx"):
		return "", pos.Errorf(pos.Setup, "This is WeChat's appid; Alipay's APPID is 16 digits.")
	case !alipayAppID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "Alipay's APPID is 16 digits and begins with 20.")
	default:
		return s, nil
	}
}

// ReadSellerID reads the number of the Alipay account that is paid.
func ReadSellerID(text string) (string, error) {
	switch s := clean(text); {
	case s == "":
		return "", pos.Errorf(pos.Setup, "The account number (PID) is missing; it begins with 2088.")
	case sellerID.MatchString(s):
		return s, nil
	case alipayAppID.MatchString(s):
		return "", pos.Errorf(pos.Setup, "This is the APPID of the application; the account number (PID) begins with 2088.")
	case strings.Contains(s, "@"):
		return "", pos.Errorf(pos.Setup, "This is a login name; the account number (PID) is 16 digits and begins with 2088.")
	default:
		return "", pos.Errorf(pos.Setup, "The account number (PID) is 16 digits and begins with 2088.")
	}
}
