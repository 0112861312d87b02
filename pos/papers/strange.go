package papers

import "saoma/pos"

// strange says what a paper is that is none of key or certificate.
func (p paper) strange(wanted wanted) error {
	switch p.kind {
	case password:
		return pos.Errorf(pos.Setup, "This private key is encrypted with a password; save it without one: this program encrypts it itself.")
	case notRSAKey:
		return pos.Errorf(pos.Setup, "This is not an RSA key but an EC, SM2 or other one; make a key pair with RSA of 2048 bits.")
	case notRSACert:
		return pos.Errorf(pos.Setup, "This certificate cannot be read: it is damaged or not for an RSA key; download it again.")
	case request:
		return pos.Errorf(pos.Setup, "This is a certificate request (.csr): hand it in on the platform's site and choose what comes back.")
	case bundle:
		return pos.Errorf(pos.Setup, "This is a .p12 bundle; choose apiclient_key.pem or apiclient_cert.pem beside it, or the whole zip.")
	case openSSH:
		return pos.Errorf(pos.Setup, "This is a key of ssh, which the payment platforms do not use; choose the one made for the platform.")
	case truncated:
		return pos.Errorf(pos.Setup, "A piece is missing at the end; copy the whole text, or choose the file itself.")
	case damaged:
		return pos.Errorf(pos.Setup, "This is damaged: some characters are wrong or missing; copy it again, or choose the file itself.")
	case hugeKey:
		return pos.Errorf(pos.Setup, "This key is too long; both platforms take RSA of 2048 bits.")
	case archive:
		return pos.Errorf(pos.Setup, "This is a packed archive; unpack it and choose the file inside.")
	case page:
		return pos.Errorf(pos.Setup, "This is a web page, a picture or another document, not a key; download the file again.")
	case hexadecimal:
		return pos.Errorf(pos.Setup, "These are the digits of a serial number or a fingerprint, not the key or certificate itself.")
	case tooMuchOfKey:
		return pos.Errorf(pos.Setup, "There are two different private keys in this; choose a file that has one.")
	}
	switch wanted {
	case aPrivateKey:
		return pos.Errorf(pos.Setup, "There is no private key in this; it begins with BEGIN PRIVATE KEY or, without such a line, with MII.")
	case aPublicKey:
		return pos.Errorf(pos.Setup, "There is no public key in this; it begins with BEGIN PUBLIC KEY or, without such a line, with MII.")
	}
	return pos.Errorf(pos.Setup, "There is no certificate in this; it begins with BEGIN CERTIFICATE.")
}

// wanted is what belongs where a strange paper was given.
type wanted int

const (
	aPrivateKey wanted = iota
	aPublicKey
	aCertificate
)
