package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/db"
	"saoma/pos"
)

func lookConfig(_ context.Context, v *visit) *result {
	if _, err := v.cfg(); err != nil {
		return bad(v.sentence(err), correctConfig())
	}
	return good(pos.Errorf(pos.Setup, "saoma.toml is complete."))
}

func correctConfig() *pos.Error {
	return pos.Errorf(pos.Setup, "Correct saoma.toml, or set the counter up with the assistant: saomactl setup")
}

func lookWallets(_ context.Context, v *visit) *result {
	switch cfg := v.mustConfig(); {
	case cfg.WeChat.Enabled && cfg.Alipay.Enabled:
		return good(pos.Errorf(pos.Setup, "WeChat Pay and Alipay are on."))
	case cfg.WeChat.Enabled:
		return good(pos.Errorf(pos.Setup, "%s is on.", pos.WeChat))
	case cfg.Alipay.Enabled:
		return good(pos.Errorf(pos.Setup, "%s is on.", pos.Alipay))
	}
	return bad(
		pos.Errorf(pos.Setup, "No wallet is on, so nothing can be charged."),
		pos.Errorf(pos.Setup, "Set WeChat Pay or Alipay up with the assistant, or write enabled = true into its section of saoma.toml."),
	)
}

// lookRealMoney names the dangerous half-way: one wallet at the sandbox, the other with real money.
func lookRealMoney(_ context.Context, v *visit) *result {
	cfg := v.mustConfig()
	loopback := func(w pos.Wallet) bool {
		_, host := endpoint(cfg, w)
		return isLoopback(host)
	}
	switch {
	case !cfg.WeChat.Enabled && !cfg.Alipay.Enabled:
		return nil
	case cfg.Sandbox():
		return good(pos.Errorf(pos.Setup, "This is a sandbox: no real money moves."))
	case cfg.WeChat.Enabled && cfg.Alipay.Enabled && loopback(pos.WeChat) != loopback(pos.Alipay):
		return warn(
			pos.Errorf(pos.Setup, "One wallet talks to a sandbox and the other moves real money."),
			pos.Errorf(pos.Setup, "Take wechat.base_url and alipay.gateway_url out of saoma.toml for real money, or point both to the sandbox."),
		)
	}
	return good(pos.Errorf(pos.Setup, "This counter moves real money."))
}

// paper is one file that saoma.toml names.
type paper struct {
	key    string // in saoma.toml
	path   string
	secret bool
}

// files lists the files that cfg names for what is on. The tunnel's known hosts are host_key's: until the owner has
// confirmed a server there need be none.
func files(cfg *config.Config) (list []paper) {
	add := func(key, path string, secret bool) {
		if path != "" {
			list = append(list, paper{key, path, secret})
		}
	}
	if w := &cfg.WeChat; w.Enabled {
		add("wechat.merchant_key_file", w.MerchantKeyFile, true)
		add("wechat.merchant_certificate_file", w.MerchantCertFile, false)
		add("wechat.apiv3_key_file", w.APIv3KeyFile, true)
		add("wechat.public_key_file", w.PublicKeyFile, false)
		add("wechat.previous_merchant_key_file", w.Previous.MerchantKeyFile, true)
		add("wechat.previous_public_key_file", w.Previous.PublicKeyFile, false)
	}
	if a := &cfg.Alipay; a.Enabled {
		add("alipay.app_key_file", a.AppKeyFile, true)
		add("alipay.alipay_public_key_file", a.PublicKeyFile, false)
		add("alipay.app_cert_file", a.AppCertFile, false)
		add("alipay.alipay_cert_file", a.AlipayCertFile, false)
		add("alipay.alipay_root_cert_file", a.RootCertFile, false)
		add("alipay.previous_alipay_public_key_file", a.PreviousPublicKeyFile, false)
	}
	if t := &cfg.Tunnel; t.Kind != "none" {
		add("tunnel.key_file", t.KeyFile, true)
		add("tunnel.token_file", t.TokenFile, true)
	}
	add("vault.passphrase_file", cfg.Vault.PassphraseFile, true)
	return list
}

func lookFiles(_ context.Context, v *visit) *result {
	list := files(v.mustConfig())
	for _, p := range list {
		f, err := os.Open(p.path)
		if err == nil {
			var info os.FileInfo
			if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
				err = os.ErrInvalid
			}
			_ = f.Close() // it was only read
		}
		if err != nil {
			return bad(
				pos.Errorf(pos.Setup, "%s names the file %s, which cannot be read.", p.key, p.path).Because(err),
				pos.Errorf(pos.Setup, "Put the file there, or choose it anew in the settings."),
			)
		}
	}
	return good(pos.Errorf(pos.Setup, "All %d files that saoma.toml names are there.", len(list)))
}

func lookFolderAccess(_ context.Context, v *visit) *result {
	info, err := os.Stat(v.o.Dir)
	if err != nil || !info.IsDir() {
		return bad(
			pos.Errorf(pos.Setup, "There is no data folder %s.", v.o.Dir).Because(err),
			pos.Errorf(pos.Setup, "Choose another one with --data, or set the counter up: saomactl setup"),
		)
	}
	if others(info) != 0 {
		return bad(
			pos.Errorf(pos.Setup, "Other users of this computer can get into the data folder %s.", v.o.Dir),
			pos.Errorf(pos.Setup, "Close it to them: chmod 700 %s", v.o.Dir),
		)
	}
	return good(pos.Errorf(pos.Setup, "Only its owner gets into the data folder."))
}

// lookConfigAccess looks at saoma.toml and the ledger: no keys are in them, but who may write to them decides who is paid.
func lookConfigAccess(_ context.Context, v *visit) *result {
	for _, name := range []string{config.FileName, db.FileName} {
		path := filepath.Join(v.o.Dir, name)
		info, err := os.Stat(path)
		if err != nil {
			continue // told by config and ledger_version
		}
		if open := others(info); open&0o022 != 0 {
			return bad(
				pos.Errorf(pos.Setup, "Other users of this computer can change %s.", path),
				pos.Errorf(pos.Setup, "Take that right from them: chmod 600 %s", path),
			)
		} else if open != 0 {
			return warn(
				pos.Errorf(pos.Setup, "Other users of this computer can read %s.", path),
				pos.Errorf(pos.Setup, "Take that right from them: chmod 600 %s", path),
			)
		}
	}
	return good(pos.Errorf(pos.Setup, "Only its owner reads saoma.toml and the ledger."))
}

func lookKeyAccess(_ context.Context, v *visit) *result {
	for _, p := range files(v.mustConfig()) {
		info, err := os.Stat(p.path)
		if err != nil || !p.secret {
			continue // what is missing, files tells
		}
		if others(info) != 0 {
			return bad(
				pos.Errorf(pos.Setup, "Other users of this computer can read the secret file %s.", p.path),
				pos.Errorf(pos.Setup, "Take that right from them: chmod 600 %s. If strangers use this computer, get new keys from the platform.", p.path),
			)
		}
	}
	return good(pos.Errorf(pos.Setup, "Only its owner reads the keys."))
}

func lookKeyStorage(ctx context.Context, v *visit) *result {
	kind, err := vault.Look(v.o.Dir)
	if err != nil {
		return bad(v.sentence(err), pos.Errorf(pos.Setup, "Put the file back from a copy of the folder, or bring the keys in again with the assistant."))
	}
	var plain []string
	for _, p := range files(v.mustConfig()) {
		data, err := os.ReadFile(p.path)
		if err == nil && p.secret && vault.Sealed(data) {
			if _, err := v.readKey(ctx, p.path); errors.Is(err, vault.ErrNobody) {
				return bad(
					pos.Errorf(pos.Setup, "The keys are sealed under a passphrase, and nobody can be asked for it here."),
					pos.Errorf(pos.Setup, "Run it in a terminal, or set vault.passphrase_file in saoma.toml."),
				)
			}
		}
		// The tunnel's key may be one of this computer's own; the passphrase's file is plain by nature.
		if err == nil && p.secret && strings.HasPrefix(p.path, filepath.Join(v.mustConfig().Dir, config.KeysDir)) && !vault.Sealed(data) {
			plain = append(plain, filepath.Base(p.path))
		}
	}
	if kind == vault.Plain || len(plain) > 0 {
		return warn(
			pos.Errorf(pos.Setup, "Keys are kept unsealed: whoever copies the folder has them (%s).", strings.Join(plain, ", ")),
			pos.Errorf(pos.Setup, "Seal them with a passphrase or in the keychain: in the settings, or with: saomactl keys seal --passphrase"),
		)
	}
	if kind == vault.Keychain {
		return good(pos.Errorf(pos.Setup, "The keys are sealed; the system's keychain opens them."))
	}
	return good(pos.Errorf(pos.Setup, "The keys are sealed; a passphrase opens them."))
}
