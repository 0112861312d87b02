package main

import (
	"context"
	"crypto/rsa"
	"os"

	"saoma/cmd/internal/config"
	"saoma/pos"
	"saoma/pos/papers"
)

// proveOwner demands that file holds a private key of this shop's at a platform: whoever has that can take the shop's
// money back without this program, so a manager's PIN tells no more of them.
func (a *app) proveOwner(ctx context.Context, cfg *config.Config, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return pos.Errorf(pos.Invalid, "--owner-key %s cannot be read; name the file of a private key that the shop has at a platform, such as apiclient_key.pem.", file).Because(err)
	}
	given, err := papers.Private(text)
	if err != nil {
		return named("--owner-key", err)
	}
	v, err := a.vault(ctx, cfg)
	if err != nil {
		return err
	}
	keys, err := cfg.Keys(v.Read)
	if err != nil {
		return err
	}
	for _, own := range []*rsa.PrivateKey{keys.WeChatMerchant, keys.AlipayApp} {
		if own != nil && own.Equal(given) {
			return nil
		}
	}
	return pos.Errorf(pos.Forbidden, "--owner-key %s is not the private key that this counter has for WeChat Pay or Alipay.", file)
}
