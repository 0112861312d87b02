package tunnel

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"saoma/pos"
)

// HostKey is what a server shows to prove that it is itself.
type HostKey struct {
	Host        string // as known_hosts writes it
	Fingerprint string // SHA256:…, as ssh-keygen -l prints it on the server
	Line        string // of known_hosts
	Pinned      bool   // the owner has confirmed this key
	Changed     bool   // the owner has confirmed another one
}

// UnknownHost is the cause of the error of a server whose key nobody has confirmed yet.
type UnknownHost struct{ Key HostKey }

func (u *UnknownHost) Error() string { return u.Key.Line }

// errSeen ends a handshake that was only made to see the server's key.
var errSeen = errors.New("the key was seen")

// AskHostKey connects only to see the server's key; nothing is sent that could log in. Key and Handler are not needed.
func AskHostKey(ctx context.Context, o Options) (HostKey, error) {
	known, err := o.knownHosts()
	if err != nil {
		return HostKey{}, err
	}
	var seen *HostKey
	within := o.Pace.SetUp
	if within == 0 {
		within = DefaultPace.SetUp
	}
	_, _, err = o.handshake(ctx, within, &ssh.ClientConfig{
		User: o.user(), HostKeyAlgorithms: keyKinds,
		HostKeyCallback: func(_ string, at net.Addr, key ssh.PublicKey) error {
			err := known.check(o.address(), at, key)
			k := o.hostKey(key)
			k.Pinned, k.Changed = err == nil, err != nil && known.pinned()
			seen = &k
			return errSeen
		},
	})
	if seen == nil {
		return HostKey{}, err
	}
	return *seen, nil
}

func (o *Options) hostKey(key ssh.PublicKey) HostKey {
	host := knownhosts.Normalize(o.address())
	return HostKey{Host: host, Fingerprint: ssh.FingerprintSHA256(key), Line: knownhosts.Line([]string{host}, key)}
}

// Pin keeps k in the file of known hosts: from now on the server must show this key. It takes the place of the keys
// that were confirmed for the same host before.
func (k HostKey) Pin(file string) error {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pos.Errorf(pos.Setup, "The file %s of confirmed servers cannot be read.", file).Because(err)
	}
	var kept bytes.Buffer
	for line := range strings.Lines(string(text)) {
		if host, _, _ := strings.Cut(strings.TrimSpace(line), " "); host != k.Host && host != "" {
			kept.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	kept.WriteString(k.Line + "\n")
	if err := replace(file, kept.Bytes()); err != nil {
		return pos.Errorf(pos.Setup, "The file %s of confirmed servers cannot be written.", file).Because(err)
	}
	return nil
}

// replace writes file whole or not at all.
func replace(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".known_hosts-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// known are the keys of one server that the owner has confirmed.
type known struct {
	o       *Options
	db      ssh.HostKeyCallback
	kinds   []string // of the confirmed keys
	refusal error    // the sentence, once check has refused
}

// knownHosts reads the file of known hosts. One that is not there is empty.
func (o *Options) knownHosts() (*known, error) {
	var files []string
	if _, err := os.Stat(o.KnownHosts); err == nil {
		files = append(files, o.KnownHosts)
	}
	db, err := knownhosts.New(files...)
	if err != nil {
		return nil, pos.Errorf(pos.Setup, "The file %s of confirmed servers is damaged: remove it and confirm the server's key again.", o.KnownHosts).Because(err)
	}
	k := &known{o: o, db: db}
	// Asked about a key that no server has, it tells which ones it wants.
	nobody, err := ssh.NewPublicKey(make(ed25519.PublicKey, ed25519.PublicKeySize))
	if err != nil {
		return nil, err
	}
	if e, ok := errors.AsType[*knownhosts.KeyError](db(o.address(), &net.TCPAddr{IP: net.IPv4zero}, nobody)); ok {
		for _, want := range e.Want {
			k.kinds = append(k.kinds, want.Key.Type())
		}
	}
	return k, nil
}

func (k *known) pinned() bool { return len(k.kinds) > 0 }

// keyKinds are the kinds of host keys that are taken, the one that owners are told to look at first.
var keyKinds = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

// algorithms makes the server show a key of a confirmed kind: most have several, and another one would look like a
// changed key.
func (k *known) algorithms() []string {
	if !k.pinned() {
		return keyKinds
	}
	var list []string
	for _, kind := range keyKinds {
		plain := kind
		if kind == ssh.KeyAlgoRSASHA512 || kind == ssh.KeyAlgoRSASHA256 {
			plain = ssh.KeyAlgoRSA
		}
		if slices.Contains(k.kinds, plain) {
			list = append(list, kind)
		}
	}
	return list
}

// check is the handshake's question about the server's key.
func (k *known) check(_ string, at net.Addr, key ssh.PublicKey) error {
	err := k.db(k.o.address(), at, key)
	if err == nil {
		return nil
	}
	if _, revoked := errors.AsType[*knownhosts.RevokedError](err); revoked || k.pinned() {
		k.refusal = k.o.hostChanged(key).Because(err)
	} else {
		shown := k.o.hostKey(key)
		k.refusal = pos.Errorf(pos.Setup, "The tunnel's server %s is not confirmed yet; its key is %s. Compare it with the server's own and confirm it.",
			k.o.address(), shown.Fingerprint).Because(&UnknownHost{shown})
	}
	return k.refusal
}

// hostChanged is the sentence for a server that shows another key than the confirmed one, or only keys of other kinds.
func (o *Options) hostChanged(key ssh.PublicKey) *pos.Error {
	if key == nil {
		return pos.Errorf(pos.Setup, "The tunnel's server %s no longer shows the confirmed key: it was set up anew, or somebody stands between. Confirm the new key if it was you.", o.address())
	}
	return pos.Errorf(pos.Setup, "The tunnel's server %s shows another key than the confirmed one, %s: it was set up anew, or somebody stands between. Confirm the new key if it was you.",
		o.address(), ssh.FingerprintSHA256(key))
}
