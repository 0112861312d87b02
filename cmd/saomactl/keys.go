package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/counter"
	"saoma/cmd/internal/vault"
	"saoma/pos"
)

// keysLine is the first line of keys.
type keysLine struct {
	Event string     `json:"event"`
	Kept  vault.Kind `json:"kept"` // plain, keychain or passphrase
}

// keyFileLine is one file.
type keyFileLine struct {
	Event string    `json:"event"`
	Key   string    `json:"key"` // of saoma.toml
	File  string    `json:"file"`
	State fileState `json:"state"`
}

// fileState is how one file is kept.
type fileState string

const (
	fileSealed  fileState = "sealed"
	filePlain   fileState = "plain"
	fileMissing fileState = "missing"
	fileOutside fileState = "outside" // plain, and not in the data folder
)

// keys tells how the files with secrets are kept, and changes it.
func (a *app) keys(ctx context.Context, f *flags, args []string) error {
	var keychain, passphrase bool
	f.toggle("keychain", &keychain)
	f.toggle("passphrase", &passphrase)
	file := f.text("passphrase-file", "FILE")
	arguments, err := f.parseSome(args, 0, 1)
	if err != nil || a.asked(f) {
		return err
	}
	verb := ""
	if len(arguments) > 0 {
		verb = arguments[0]
	}
	if err := checkKeysFlags(verb, keychain, passphrase, *file); err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	if verb == "" {
		return a.tellKeys(cfg)
	}
	if err := counter.Closed(ctx, cfg.Dir); err != nil {
		return err
	}
	switch verb {
	case "seal":
		kind := vault.Passphrase
		if keychain {
			kind = vault.Keychain
		}
		return a.sealKeys(ctx, cfg, kind, *file)
	case "passphrase":
		return a.changePassphrase(ctx, cfg, *file)
	}
	return a.unsealKeys(ctx, cfg)
}

func checkKeysFlags(verb string, keychain, passphrase bool, file string) error {
	switch verb {
	case "seal":
		if keychain == passphrase || (keychain && file != "") {
			return pos.Errorf(pos.Invalid, "keys seal needs one of --keychain and --passphrase, the latter with --passphrase-file FILE where nobody can be asked.")
		}
		return nil
	case "", "passphrase", "unseal":
		if keychain || passphrase || (file != "" && verb != "passphrase") {
			return pos.Errorf(pos.Invalid, "--keychain and --passphrase belong to keys seal, --passphrase-file to keys seal and keys passphrase.")
		}
		return nil
	}
	return pos.Errorf(pos.Invalid, "%q is not known; after keys may stand seal, passphrase or unseal.", verb)
}

// tellKeys prints how each file is kept.
func (a *app) tellKeys(cfg *config.Config) error {
	kind, err := vault.Look(cfg.Dir)
	if err != nil {
		return err
	}
	words := a.lang.T("The keys in %s are plain files; encrypt them with: %s", cfg.Dir, "saomactl keys seal --keychain")
	switch kind {
	case vault.Keychain:
		words = a.lang.T("The keys in %s are sealed; this computer's keychain opens them.", cfg.Dir)
	case vault.Passphrase:
		words = a.lang.T("The keys in %s are sealed; a passphrase opens them.", cfg.Dir)
	}
	a.emit(keysLine{"keys", kind}, words)
	for _, k := range cfg.SecretFiles() {
		state, err := stateOfFile(cfg, k)
		if err != nil {
			return err
		}
		path := k.Path
		if rel, err := filepath.Rel(cfg.Dir, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
		a.emit(keyFileLine{"key_file", k.Key, path, state}, "  "+k.Key+" = "+strconv.Quote(path)+"  "+a.stateName(state))
	}
	return nil
}

func stateOfFile(cfg *config.Config, k config.KeyFile) (fileState, error) {
	data, err := os.ReadFile(k.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fileMissing, nil
	case err != nil:
		return "", pos.Errorf(pos.Setup, "%s names the file %s, which cannot be read; check its permissions.", k.Key, k.Path).Because(err)
	case vault.Sealed(data):
		return fileSealed, nil
	case !inside(cfg.Dir, k.Path):
		return fileOutside, nil
	}
	return filePlain, nil
}

// inside reports whether path is in the data folder, where a vault keeps it.
func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

func (a *app) stateName(s fileState) string {
	switch s {
	case fileSealed:
		return a.lang.T("sealed")
	case fileMissing:
		return a.lang.T("missing")
	case fileOutside:
		return a.lang.T("outside the data folder, left as it is")
	}
	return a.lang.T("plain")
}

// sealKeys seals every file with a secret; keys that are sealed already it moves to the kind that is wanted.
func (a *app) sealKeys(ctx context.Context, cfg *config.Config, kind vault.Kind, file string) error {
	v, err := a.vaultOf(ctx, cfg, kind, file)
	if err != nil {
		return err
	}
	var paths []string
	for _, k := range cfg.SecretFiles() {
		if inside(cfg.Dir, k.Path) {
			paths = append(paths, k.Path)
		}
	}
	if err := v.Seal(paths...); err != nil {
		return err
	}
	if err := a.tellKeys(cfg); err != nil {
		return err
	}
	copies, err := v.Copies()
	for _, path := range copies {
		a.warn(a.lang.T("The file %s has a key in it that everybody can read who has the folder; remove it if it is not needed.", path))
	}
	if given := cfg.Vault.PassphraseFile; kind == vault.Passphrase && given != "" && inside(cfg.Dir, given) {
		a.warn(a.lang.T("The passphrase lies in the same folder as the keys: keep %s elsewhere, so that a copy of the folder opens nothing.", given))
	}
	if kind == vault.Passphrase {
		a.warnOtherPassphrase(ctx, cfg)
	}
	return err
}

// warnOtherPassphrase says where the file that an unattended start reads does not open the keys.
func (a *app) warnOtherPassphrase(ctx context.Context, cfg *config.Config) {
	if cfg.Vault.PassphraseFile == "" {
		return
	}
	if _, err := vault.Open(ctx, cfg.Dir, vault.Options{PassphraseFile: cfg.Vault.PassphraseFile}); err != nil {
		a.warn(a.lang.T("vault.passphrase_file still names a file with another passphrase; change it before the next start."))
	}
}

// vaultOf is the folder's vault, made or changed to the kind.
func (a *app) vaultOf(ctx context.Context, cfg *config.Config, kind vault.Kind, file string) (*vault.Vault, error) {
	now, err := vault.Look(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = cfg.Vault.PassphraseFile
	}
	if now == kind {
		return vault.Open(ctx, cfg.Dir, vault.Options{PassphraseFile: file, Ask: a.asker()})
	}
	var v *vault.Vault
	if now != vault.Plain {
		if v, err = a.vault(ctx, cfg); err != nil {
			return nil, err
		}
	}
	var passphrase string
	if kind == vault.Passphrase {
		if passphrase, err = a.newPassphrase(ctx, file); err != nil {
			return nil, err
		}
	}
	if v == nil {
		return vault.Create(cfg.Dir, kind, passphrase)
	}
	return v, v.Rewrap(kind, passphrase)
}

// changePassphrase puts another passphrase in the place of the present one. A file that saoma.toml names may hold the
// old one, or, where --passphrase-file names it too, the new one already.
func (a *app) changePassphrase(ctx context.Context, cfg *config.Config, file string) error {
	if kind, err := vault.Look(cfg.Dir); err != nil {
		return err
	} else if kind != vault.Passphrase {
		return pos.Errorf(pos.Conflict, "The keys in %s are not under a passphrase; put them there with: %s", cfg.Dir, "saomactl keys seal --passphrase")
	}
	old := cfg.Vault.PassphraseFile
	if old != "" && file != "" && same(old, file) {
		old = ""
	}
	v, err := vault.Open(ctx, cfg.Dir, vault.Options{PassphraseFile: old, Ask: a.asker()})
	if err != nil {
		return err
	}
	passphrase, err := a.newPassphrase(ctx, file)
	if err != nil {
		return err
	}
	if err := v.Rewrap(vault.Passphrase, passphrase); err != nil {
		return err
	}
	a.emit(keysLine{"keys", vault.Passphrase}, a.lang.T("The passphrase is changed."))
	a.warnOtherPassphrase(ctx, cfg)
	return nil
}

// same reports whether two names are of one file.
func same(one, other string) bool {
	a, err := os.Stat(one)
	if err != nil {
		return false
	}
	b, err := os.Stat(other)
	return err == nil && os.SameFile(a, b)
}

// unsealKeys makes the files plain again.
func (a *app) unsealKeys(ctx context.Context, cfg *config.Config) error {
	v, err := a.vault(ctx, cfg)
	if err != nil {
		return err
	}
	if err := v.Unseal(); err != nil {
		return err
	}
	a.warn(a.lang.T("The keys are plain files now: whoever copies the folder %s can sign in the shop's name.", cfg.Dir))
	return a.tellKeys(cfg)
}
