package main

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/doctor"
	"saoma/pos"
	"saoma/pos/papers"
)

// proveOwner demands that file holds a private key of this shop's, that the platform accepts it, and that it is not the
// counter's own file: whoever has such a copy can take the shop's money back without this program, so a manager's PIN
// tells no more of them. A key made up and written into saoma.toml proves nothing.
func (a *app) proveOwner(ctx context.Context, cfg *config.Config, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return pos.Errorf(pos.Invalid, "--owner-key %s cannot be read; name the file of a private key that the shop has at a platform, such as apiclient_key.pem.", file).Because(err)
	}
	given, err := papers.Private(text)
	if err != nil {
		return named("--owner-key", err)
	}
	if inside(resolved(cfg.Dir), resolved(file)) || slices.ContainsFunc(cfg.SecretFiles(), func(k config.KeyFile) bool { return same(k.Path, file) }) {
		return pos.Errorf(pos.Forbidden, "--owner-key %s is the counter's own file; bring the copy that you keep elsewhere.", file)
	}
	v, err := a.vault(ctx, cfg)
	if err != nil {
		return err
	}
	keys, err := cfg.Keys(v.Read)
	if err != nil {
		return err
	}
	keys.WeChatPreviousMerchant = nil // it must not sign in the place of the one that is proved
	its := func(own *rsa.PrivateKey) bool { return own != nil && own.Equal(given) }
	only := *cfg
	only.WeChat.Enabled, only.Alipay.Enabled = its(keys.WeChatMerchant), its(keys.AlipayApp)
	platforms, err := counter.Gateways(&only, keys, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer platforms.Stop()
	if len(platforms.Gateways) == 0 {
		return pos.Errorf(pos.Forbidden, "--owner-key %s is not the private key that this counter has for WeChat Pay or Alipay.", file)
	}
	for _, g := range platforms.Gateways {
		if err := doctor.Accepted(ctx, g); err != nil {
			return pos.Errorf(pos.Forbidden, "The platform must confirm --owner-key. %s", err).Because(err)
		}
	}
	return nil
}

// resolved is path without symbolic links.
func resolved(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return path
}
