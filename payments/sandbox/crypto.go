package sandbox

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
)

// sign is the signature both platforms use: RSA PKCS #1 v1.5 over SHA-256, in base64.
func sign(k *rsa.PrivateKey, message string) string {
	sum := sha256.Sum256([]byte(message))
	sig, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // only a broken key fails
	}
	return base64.StdEncoding.EncodeToString(sig)
}

func verify(k *rsa.PublicKey, message, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(message))
	return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig) == nil
}

// sealed is WeChat Pay's AEAD_AES_256_GCM envelope: 12-character nonce, ciphertext and tag in base64.
type sealed struct {
	OriginalType   string `json:"original_type,omitempty"`
	Algorithm      string `json:"algorithm"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData string `json:"associated_data"`
	Nonce          string `json:"nonce"`
}

func seal(apiv3Key, associated string, plain []byte) sealed {
	block, err := aes.NewCipher([]byte(apiv3Key))
	if err != nil {
		panic(err) // the key is always 32 bytes
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := letters(gcm.NonceSize())
	return sealed{
		Algorithm:      "AEAD_AES_256_GCM",
		Ciphertext:     base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), plain, []byte(associated))),
		AssociatedData: associated,
		Nonce:          nonce,
	}
}

// pick returns n random characters of alphabet, which has at most 256 of them.
func pick(alphabet string, n int) string {
	out := make([]byte, n)
	rand.Read(out)
	for i, b := range out {
		out[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(out)
}

func digits(n int) string    { return pick("0123456789", n) }
func hexDigits(n int) string { return pick("0123456789abcdef", n) }
func letters(n int) string {
	return pick("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", n)
}
