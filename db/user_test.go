package db_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"saoma/db"
	"saoma/pos"
)

// The PINs are so long that no number, address or hash has one in it by chance.
const bossPIN, clerkPIN = "770219355012", "48170362915"

// staffed makes a ledger with a manager, boss, and a cashier, 小李.
func staffed(t *testing.T) (dir string, l *db.Ledger, till *pos.Till) {
	t.Helper()
	dir = t.TempDir()
	l = open(t, dir)
	till = &pos.Till{Shop: shop, Store: l}
	boss, err := till.AddUser(t.Context(), nil, pos.NewUser{Name: "boss", Role: pos.Manager, PIN: bossPIN})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := till.AddUser(t.Context(), boss, pos.NewUser{Name: "小李", Role: pos.Cashier, PIN: clerkPIN}); err != nil {
		t.Fatal(err)
	}
	return dir, l, till
}

// TestUsersAreGuarded tries, from outside the program, what must not be done to users.
func TestUsersAreGuarded(t *testing.T) {
	dir, l, _ := staffed(t)
	d := raw(t, dir)
	for _, attempt := range []string{
		`DELETE FROM user`, `DELETE FROM user WHERE name = '小李'`, `DELETE FROM pin`, `UPDATE user SET name = 'x' WHERE id = 1`,
		`UPDATE user SET role = 'cashier' WHERE name = 'boss'`, `UPDATE user SET disabled = 1 WHERE name = 'boss'`,
		`UPDATE user SET role = 'owner' WHERE name = 'boss'`, `INSERT INTO user (name, role, created_at) VALUES ('BOSS', 'cashier', 1)`,
		`UPDATE pin SET memory = 1024`, `UPDATE pin SET salt = x'00'`, `UPDATE pin SET hash = x'00'`, `UPDATE refund SET approved_by = 'x'`,
		`UPDATE pin SET salt = (SELECT salt FROM pin WHERE user_id = 1) WHERE user_id = 2`,
	} {
		if attempt == `UPDATE refund SET approved_by = 'x'` {
			no := sell(t, l, 100)
			update(t, l, func(tx pos.Tx) error { _, err := refund(tx, no, 1, pos.RefundSucceeded); return err })
		}
		if _, err := d.Exec(attempt); err == nil {
			t.Errorf("%s: allowed", attempt)
		}
	}
	fresh := t.TempDir()
	open(t, fresh)
	if _, err := raw(t, fresh).Exec(`INSERT INTO user (name, role, created_at) VALUES ('li', 'cashier', 1)`); err == nil {
		t.Error("a first user who is no manager: allowed")
	}
	sound(t, l)
}

// TestKeptPINs looks at what is on disk: the parameters, and that the same PIN is never kept the same.
func TestKeptPINs(t *testing.T) {
	dir, l, till := staffed(t)
	boss := &pos.User{Name: "boss"}
	if err := till.SetPIN(t.Context(), boss, "小李", bossPIN); err != nil {
		t.Fatal(err)
	}
	var memory, passes, threads, kept, different int
	err := raw(t, dir).QueryRow(`SELECT min(memory), min(passes), min(threads), count(*), count(DISTINCT hash) FROM pin WHERE length(salt) = 16 AND length(hash) = 32`).
		Scan(&memory, &passes, &threads, &kept, &different)
	if err != nil || memory < 46*1024 || passes < 1 || threads != 1 || kept != 2 || different != 2 {
		t.Errorf("memory %d KiB, %d passes, %d threads, %d PINs, %d different (%v)", memory, passes, threads, kept, different, err)
	}
	for _, try := range []struct {
		user, pin string
		want      bool
	}{{"boss", bossPIN, true}, {"小李", bossPIN, true}, {"小李", clerkPIN, false}, {"BOSS", bossPIN, false}, {"", bossPIN, false}, {"", "", false}, {"nobody", "", false}} {
		if right, err := l.MatchPIN(t.Context(), try.user, try.pin); err != nil || right != try.want {
			t.Errorf("%q with %q: %v, %v", try.user, try.pin, right, err)
		}
	}
	if err := l.SavePIN(t.Context(), clerkPIN, func(pos.Tx, string) (string, error) { return "nobody", nil }); pos.CodeOf(err) != pos.NotFound {
		t.Errorf("a PIN of nobody: %v", err)
	}
	no := errors.New("no")
	if err := l.SavePIN(t.Context(), clerkPIN, func(pos.Tx, string) (string, error) { return "boss", no }); !errors.Is(err, no) {
		t.Errorf("a PIN that is refused: %v", err)
	}
	if right, err := l.MatchPIN(t.Context(), "boss", bossPIN); err != nil || !right {
		t.Errorf("after it was refused: %v, %v", right, err)
	}
}

// TestPINsStayInside uses everything that a ledger and a till tell, and finds neither PIN nor salt nor hash in it.
func TestPINsStayInside(t *testing.T) {
	dir, l, till := staffed(t)
	var told bytes.Buffer
	till.Log = slog.New(slog.NewJSONHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tell := func(what ...any) {
		for _, w := range what {
			fmt.Fprintf(&told, "%+v %#v\n", w, w)
			if e, ok := w.(error); ok {
				fmt.Fprintf(&told, "%v %+v\n", e, errors.Unwrap(e))
			}
			_ = json.NewEncoder(&told).Encode(w)
		}
	}
	ctx := t.Context()
	no := sell(t, l, 100)
	boss, err := till.SignIn(ctx, "boss", bossPIN)
	tell(boss, err)
	for _, pin := range []string{"9", "0000", clerkPIN + "1", "secret"} {
		u, err := till.SignIn(ctx, "小李", pin)
		tell(u, err)
		tell(till.SetPIN(ctx, boss, "小李", pin))
		added, err := till.AddUser(ctx, boss, pos.NewUser{Name: "小李", Role: pos.Cashier, PIN: pin})
		tell(added, err)
	}
	tell(till.SetPIN(ctx, boss, "nobody", clerkPIN), till.SetRole(ctx, boss, "boss", pos.Cashier))
	approval, err := till.Approve(ctx, "boss", bossPIN, pos.RefundRequest{OutTradeNo: no, Amount: 1, Actor: "小李"})
	tell(approval, err)
	users, err := till.Users(ctx)
	tell(users, err)
	rows, err := l.AuditRows(ctx, pos.AuditFilter{Limit: 1000})
	tell(rows, err)
	trail, err := l.AuditTrail(ctx, "user 小李")
	tell(trail, err)
	report, err := l.Verify(ctx, db.VerifyOptions{})
	tell(report, err, till, l)
	view(t, l, func(tx pos.Tx) error {
		tries, err := tx.Tries("小李")
		tell(tries, err, tx)
		return nil
	})
	_, twice := raw(t, dir).Exec(`INSERT INTO pin SELECT * FROM pin`)
	tell(twice)

	kept, err := raw(t, dir).Query(`SELECT salt, hash FROM pin`)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	secrets := []string{bossPIN, clerkPIN}
	for kept.Next() {
		var salt, hash []byte
		if err := kept.Scan(&salt, &hash); err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{salt, hash} {
			secrets = append(secrets, string(b), hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b), fmt.Sprint(b), strings.Trim(fmt.Sprintf("%#v", b), "[]byte{}"))
		}
	}
	if len(secrets) < 15 || told.Len() < 1000 {
		t.Fatalf("%d secrets to find in %d bytes", len(secrets), told.Len())
	}
	for _, s := range secrets {
		if strings.Contains(strings.ToLower(told.String()), strings.ToLower(s)) {
			t.Errorf("%q was told", s)
		}
	}
}

// TestVerifyUsers breaks what holds of users, one rule after another.
func TestVerifyUsers(t *testing.T) {
	dir, l, till := staffed(t)
	if err := till.DisableUser(t.Context(), &pos.User{Name: "boss"}, "小李"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, do, names string }{
		{"role by the back door", `UPDATE user SET role = 'manager' WHERE name = '小李'`, "manager disabled, but its last audit row says cashier disabled"},
		{"enabled by the back door", `UPDATE user SET disabled = 0`, "cashier, but its last audit row says cashier disabled"},
		{"a user added", `INSERT INTO user (name, role, created_at) VALUES ('eve', 'manager', 1); INSERT INTO pin SELECT last_insert_rowid(), memory, passes, threads, randomblob(16), hash FROM pin LIMIT 1`, "eve: manager, but its last audit row says nothing"},
		{"a user taken away", `DELETE FROM pin WHERE user_id = 2; DELETE FROM user WHERE id = 2`, "小李: missing, but its last audit row says cashier disabled"},
		{"a PIN put in another's place", `UPDATE pin SET hash = (SELECT hash FROM pin WHERE user_id = 2) WHERE user_id = 1`, "boss: its PIN is not the one"},
		{"a PIN taken away", `DELETE FROM pin WHERE user_id = 1`, "boss: has no PIN"},
		{"no manager left", `UPDATE user SET role = 'supervisor' WHERE id = 1`, "no manager is left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			own := t.TempDir()
			if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			d := raw(t, own)
			unguarded(t, d, test.do)
			d.Close()
			r, err := db.OpenReadOnly(t.Context(), own)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			report, err := r.Verify(t.Context(), db.VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range report.Checks {
				found := strings.Contains(strings.Join(c.Violations, "\n"), test.names)
				if found != (c.Name == "users") {
					t.Errorf("%s: %q", c.Name, c.Violations)
				}
			}
		})
	}
}

// TestUsersSurviveRestore signs in on a restored ledger, with what the backup knew.
func TestUsersSurviveRestore(t *testing.T) {
	_, l, till := staffed(t)
	for range pos.MaxTries {
		if _, err := till.SignIn(t.Context(), "小李", "0000"); pos.CodeOf(err) != pos.Forbidden {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := l.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := db.Restore(t.Context(), file, dir, false); err != nil {
		t.Fatal(err)
	}
	restored := open(t, dir)
	again := &pos.Till{Shop: shop, Store: restored}
	if u, err := again.SignIn(t.Context(), "boss", bossPIN); err != nil || u.Role != pos.Manager {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := again.SignIn(t.Context(), "小李", clerkPIN); pos.CodeOf(err) != pos.Locked {
		t.Errorf("a lock that the backup has: %v", err)
	}
	users, err := again.Users(t.Context())
	if err != nil || len(users) != 2 || users[1].Name != "小李" || !users[1].LockedUntil.After(time.Now()) || users[0].CreatedAt.IsZero() {
		t.Errorf("%+v, %v", users, err)
	}
	sound(t, restored)
}

// TestNobodysPINCostsAsMuch sees argon2id fill its memory for every name, known or not: that is what takes the time.
func TestNobodysPINCostsAsMuch(t *testing.T) {
	_, l, _ := staffed(t)
	for _, name := range []string{"boss", "nobody", ""} {
		for _, pin := range []string{bossPIN, "0000", ""} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := l.MatchPIN(t.Context(), name, pin); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if filled := after.TotalAlloc - before.TotalAlloc; filled < 46<<20 {
				t.Errorf("%q with %q: %d bytes filled", name, pin, filled)
			}
		}
	}
}
