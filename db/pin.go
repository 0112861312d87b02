package db

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"

	"golang.org/x/crypto/argon2"

	"saoma/pos"
)

// How a PIN is hashed: OWASP's first choice of parameters for argon2id,
// cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html. A PIN that was kept with
// other parameters is compared with those.
const (
	pinMemory  = 46 * 1024 // KiB
	pinPasses  = 1
	pinThreads = 1
	pinSalt    = 16 // bytes
	pinHash    = 32 // bytes
)

// keptPIN is what is kept of a PIN. It stays in this package.
type keptPIN struct {
	memory, passes uint32
	threads        uint8
	salt, hash     []byte
}

// keepPIN makes what is kept of pin.
func keepPIN(pin string) keptPIN {
	k := keptPIN{memory: pinMemory, passes: pinPasses, threads: pinThreads, salt: make([]byte, pinSalt)}
	rand.Read(k.salt) // never fails
	k.hash = k.of(pin, pinHash)
	return k
}

// nobodysPIN is compared with where there is no user, so that it takes as long: no PIN is known for it.
func nobodysPIN() *keptPIN {
	k := &keptPIN{memory: pinMemory, passes: pinPasses, threads: pinThreads, salt: make([]byte, pinSalt), hash: make([]byte, pinHash)}
	rand.Read(k.salt)
	rand.Read(k.hash)
	return k
}

func (k *keptPIN) of(pin string, length int) []byte {
	return argon2.IDKey([]byte(pin), k.salt, k.passes, k.memory, k.threads, uint32(length))
}

func (k *keptPIN) matches(pin string) bool {
	return subtle.ConstantTimeCompare(k.of(pin, len(k.hash)), k.hash) == 1
}

// mark is what the audit chain has of k, so that nobody puts another in its place in silence: a hash of the hash and
// its salt, which is as random as that.
func (k *keptPIN) mark() string {
	sum := sha256.Sum256(slices.Concat(k.salt, k.hash))
	return "PIN " + hex.EncodeToString(sum[:8])
}

const pinColumns = `p.memory, p.passes, p.threads, p.salt, p.hash`

func (k *keptPIN) fields() []any { return []any{&k.memory, &k.passes, &k.threads, &k.salt, &k.hash} }

// SavePIN hashes pin before it takes its turn at the ledger; see pos.PINs.
func (l *Ledger) SavePIN(ctx context.Context, pin string, fn func(tx pos.Tx, mark string) (user string, err error)) error {
	l.hashing.Lock()
	kept := keepPIN(pin)
	l.hashing.Unlock()
	return l.Update(ctx, func(ptx pos.Tx) error {
		name, err := fn(ptx, kept.mark())
		if err != nil {
			return err
		}
		n, err := ptx.(*tx).exec(`INSERT INTO pin (user_id, memory, passes, threads, salt, hash)
			SELECT u.id, ?2, ?3, ?4, ?5, ?6 FROM user u WHERE u.name = ?1 AND u.name = ?1 COLLATE BINARY
			ON CONFLICT (user_id) DO UPDATE SET memory = ?2, passes = ?3, threads = ?4, salt = ?5, hash = ?6`,
			name, kept.memory, kept.passes, kept.threads, kept.salt, kept.hash)
		if err == nil && n == 0 {
			return pos.Errorf(pos.NotFound, "There is no user %s.", name)
		}
		return err
	})
}

// MatchPIN compares one PIN at a time: each takes pinMemory, and who tries many waits for it. See pos.PINs.
func (l *Ledger) MatchPIN(ctx context.Context, user, pin string) (bool, error) {
	var kept *keptPIN
	err := l.view(ctx, func(t *tx) (err error) {
		kept, err = first(t, func(row scanner, k *keptPIN) error {
			return row.Scan(k.fields()...)
		}, `SELECT `+pinColumns+` FROM pin p JOIN user u ON u.id = p.user_id
			WHERE u.name = ?1 AND u.name = ?1 COLLATE BINARY`, user)
		return err
	})
	if err != nil {
		return false, err
	}
	known := kept != nil
	if !known {
		kept = nobodysPIN()
	}
	l.hashing.Lock()
	defer l.hashing.Unlock()
	return kept.matches(pin) && known, nil
}
