package setup

import (
	"context"
	"path/filepath"
	"strings"

	"saoma/cmd/internal/config"
	"saoma/cmd/internal/vault"
	"saoma/pos"
	flow "saoma/pos/setup"
)

// keysValues proposes the keychain where there is one and a passphrase elsewhere.
func (a *Assistant) keysValues() flow.Values {
	kind, _ := vault.Look(a.dir)
	v := flow.Values{keysKind: string(kind), "vault.passphrase_file": a.kept().Vault.PassphraseFile}
	switch {
	case kind == vault.Passphrase:
		v[keysWord], v[keysAgain] = flow.Held, flow.Held
	case kind == vault.Plain && !config.Sections(a.dir)["vault"]:
		if a.proposal == "" {
			a.proposal = string(vault.Passphrase)
			if vault.KeychainAvailable() == nil {
				a.proposal = string(vault.Keychain)
			}
		}
		v[keysKind] = a.proposal
	}
	return v
}

// keepKeys changes how the keys are kept, those that are there included.
func (a *Assistant) keepKeys(ctx context.Context, v flow.Values) error {
	kind := vault.Kind(v[keysKind])
	before, err := vault.Look(a.dir)
	if err != nil {
		return err
	}
	word := v[keysWord]
	if kind == vault.Passphrase && word != flow.Held {
		if err := vault.CheckPassphrase(word); err != nil {
			return flow.At(keysWord, err)
		}
		if word != v[keysAgain] {
			return flow.At(keysAgain, pos.Errorf(pos.Invalid, "The two are not the same; type both again."))
		}
	}
	if kind == vault.Passphrase && word == flow.Held && before != vault.Passphrase {
		return flow.At(keysWord, pos.Errorf(pos.Invalid, "Choose a passphrase."))
	}
	if file := v["vault.passphrase_file"]; file != "" {
		if err := a.holds(file, word); err != nil {
			return flow.At("vault.passphrase_file", err)
		}
	}
	if kind != before || (kind == vault.Passphrase && word != flow.Held) {
		if err := a.rekey(ctx, before, kind, word); err != nil {
			return err
		}
	}
	// The section says that the question was answered, where the answer is plain, too.
	return config.Change(a.dir, config.Edit{Key: "vault.passphrase_file", Value: v["vault.passphrase_file"]})
}

// holds refuses a file that does not hold the passphrase.
func (a *Assistant) holds(file, word string) error {
	if !filepath.IsAbs(file) {
		file = filepath.Join(a.dir, file)
	}
	text, err := vault.ReadPassphrase(file)
	if err != nil {
		return err
	}
	if word != flow.Held && strings.TrimRight(text, "\r\n") != word {
		return pos.Errorf(pos.Invalid, "This file holds another passphrase; write the new one into it.")
	}
	return nil
}

// rekey seals what is plain, opens what is sealed, or seals it another way.
func (a *Assistant) rekey(ctx context.Context, before, after vault.Kind, word string) error {
	if after == vault.Keychain {
		if err := vault.KeychainAvailable(); err != nil {
			return flow.At(keysKind, err)
		}
	}
	if before == vault.Plain {
		v, err := vault.Create(a.dir, after, word)
		if err != nil {
			return err
		}
		a.vault, a.passphrase = v, word
		var paths []string
		for _, f := range a.kept().SecretFiles() {
			if a.inside(f.Path) {
				paths = append(paths, f.Path)
			}
		}
		return v.Seal(paths...)
	}
	v, err := a.keys(ctx)
	if err != nil {
		return err
	}
	a.passphrase = word
	if after == vault.Plain {
		return v.Unseal()
	}
	return v.Rewrap(after, word)
}

// Vault is the folder's, opened once.
func (a *Assistant) Vault(ctx context.Context) (*vault.Vault, error) { return a.keys(ctx) }

func (a *Assistant) keys(ctx context.Context) (*vault.Vault, error) {
	if a.vault == nil {
		v, err := vault.Open(ctx, a.dir, vault.Options{PassphraseFile: a.kept().Vault.PassphraseFile, Ask: a.ask})
		if err != nil {
			return nil, err
		}
		a.vault = v
	}
	return a.vault, nil
}

// ask asks for the passphrase, unless it was chosen here.
func (a *Assistant) ask(ctx context.Context, again bool) (string, error) {
	if a.passphrase != "" && a.passphrase != flow.Held && !again {
		return a.passphrase, nil
	}
	if a.o.Ask == nil {
		return "", pos.Errorf(pos.Setup, "The keys are sealed under a passphrase and nobody can be asked for it here; name a file of mode 0600 that holds it as vault.passphrase_file in saoma.toml.")
	}
	return a.o.Ask(ctx, again)
}
