package setup

import (
	"context"
	"strings"

	"golang.org/x/crypto/ssh"

	"saoma/cmd/internal/config"
	"saoma/payments/tunnel"
	"saoma/pos"
	"saoma/pos/papers"
	flow "saoma/pos/setup"
)

func (a *Assistant) addressValues() flow.Values {
	c := a.kept()
	t := c.Tunnel
	v := flow.Values{
		"tunnel.kind": t.Kind, "notify.public_url": c.Notify.PublicURL, "notify.listen": c.Notify.Listen,
		"tunnel.host": t.Host, "tunnel.user": t.User, "tunnel.key_file": held(t.KeyFile), "tunnel.remote": t.Remote,
		"tunnel.token_file": held(t.TokenFile), "tunnel.proxy_name": t.ProxyName, "tunnel.custom_domain": t.CustomDomain,
	}
	if v["notify.listen"] == "" {
		if a.listen == "" {
			a.listen = config.FreeAddress()
		}
		v["notify.listen"] = a.listen
	}
	return v
}

// keepAddress keeps how notifications arrive. Without a public address there are none, and that is fine.
func (a *Assistant) keepAddress(ctx context.Context, v flow.Values) error {
	b, err := a.batch(ctx, v)
	if err != nil {
		return err
	}
	old := a.kept().Tunnel
	kind := v["tunnel.kind"]
	if kind == "frp" && v["notify.public_url"] == "" && v["tunnel.custom_domain"] != "" {
		v["notify.public_url"] = "https://" + v["tunnel.custom_domain"]
	}
	if v["notify.listen"] == "" {
		v["notify.listen"] = a.addressValues()["notify.listen"]
	}
	for _, key := range []string{"tunnel.kind", "notify.public_url", "notify.listen"} {
		b.set(key, v[key])
	}
	if kind == "none" { // what belongs to a tunnel stays for the day it is switched on again
		return b.done()
	}
	for _, key := range []string{"tunnel.host", "tunnel.user", "tunnel.remote", "tunnel.proxy_name", "tunnel.custom_domain"} {
		b.set(key, v[key])
	}
	if err := b.keepTunnelSecrets(&old); err != nil {
		b.undo()
		return err
	}
	return b.done()
}

// keepTunnelSecrets brings in the key for the server and the token.
func (b *batch) keepTunnelSecrets(old *config.Tunnel) error {
	key, err := readSecret(b, "tunnel.key_file", old.KeyFile, sshKey)
	if err == nil {
		err = flow.At("tunnel.key_file", b.keep("tunnel.key_file", old.KeyFile, "tunnel_key", key, true))
	}
	if err != nil {
		return err
	}
	var token []byte
	if b.fresh("tunnel.token_file") {
		token = []byte(b.values["tunnel.token_file"])
	} else if token, err = b.paper("tunnel.token_file", old.TokenFile, papers.MaxPaper, true); err != nil {
		return err
	}
	return flow.At("tunnel.token_file", b.keep("tunnel.token_file", old.TokenFile, "tunnel_token", token, true))
}

// sshKey checks a private key of ssh: it is used as it is.
func sshKey(data []byte) ([]byte, error) {
	text := []byte(strings.ReplaceAll(strings.TrimSpace(string(data)), "\r\n", "\n") + "\n")
	_, err := ssh.ParseRawPrivateKey(text)
	if _, missing := err.(*ssh.PassphraseMissingError); missing {
		return nil, pos.Errorf(pos.Setup, "This private key is encrypted with a password; save it without one: this program encrypts it itself.")
	}
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "This is not a private key of ssh, such as id_ed25519; the file with .pub in its name is the public one.")
	}
	return text, nil
}

// Confirm accepts the key that the tunnel's server shows, if it is the one that the owner has compared. From then on
// the server must show it.
func (a *Assistant) Confirm(ctx context.Context, id flow.StepID, fingerprint string) error {
	t := a.kept().Tunnel
	if id != flow.Address || t.Kind == "none" {
		return pos.Errorf(pos.Invalid, "There is nothing to confirm in this step.")
	}
	o := tunnel.Options{Kind: tunnel.Kind(t.Kind), Host: t.Host, User: t.User, KnownHosts: t.KnownHostsFile}
	key, err := tunnel.AskHostKey(ctx, o)
	if err != nil {
		return err
	}
	if key.Fingerprint != strings.TrimSpace(fingerprint) {
		return pos.Errorf(pos.Conflict, "The server shows another key now, %s; compare again.", key.Fingerprint)
	}
	return key.Pin(t.KnownHostsFile)
}
