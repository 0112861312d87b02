-- Who works at the counter. Users are never deleted, and there is always a manager.

CREATE TABLE user (
	id         INTEGER PRIMARY KEY,
	name       TEXT    NOT NULL UNIQUE COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 32),
	role       TEXT    NOT NULL CHECK (role IN ('cashier', 'supervisor', 'manager')),
	disabled   INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	created_at INTEGER NOT NULL CHECK (created_at > 0)
) STRICT;

CREATE TRIGGER user_first_is_manager BEFORE INSERT ON user
WHEN (NEW.role <> 'manager' OR NEW.disabled = 1) AND NOT EXISTS (SELECT 1 FROM user)
BEGIN SELECT RAISE(ABORT, 'no manager left'); END;

CREATE TRIGGER user_last_manager_stays BEFORE UPDATE OF role, disabled ON user
WHEN OLD.role = 'manager' AND OLD.disabled = 0 AND (NEW.role <> 'manager' OR NEW.disabled = 1)
	AND NOT EXISTS (SELECT 1 FROM user u WHERE u.id <> OLD.id AND u.role = 'manager' AND u.disabled = 0)
BEGIN SELECT RAISE(ABORT, 'no manager left'); END;

CREATE TRIGGER user_is_fixed BEFORE UPDATE OF id, name, created_at ON user
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER user_stays BEFORE DELETE ON user
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- A PIN as argon2id makes it slow to guess: with how much memory in KiB, how many passes, how many threads.
CREATE TABLE pin (
	user_id INTEGER PRIMARY KEY REFERENCES user (id),
	memory  INTEGER NOT NULL CHECK (memory >= 47104),
	passes  INTEGER NOT NULL CHECK (passes >= 1),
	threads INTEGER NOT NULL CHECK (threads BETWEEN 1 AND 255),
	salt    BLOB    NOT NULL UNIQUE CHECK (length(salt) >= 16),
	hash    BLOB    NOT NULL CHECK (length(hash) >= 32)
) STRICT;

CREATE TRIGGER pin_stays BEFORE DELETE ON pin
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- Wrong PINs in a row, by the name they were tried under; the empty one is every name that no user has.
CREATE TABLE sign_in (
	name         TEXT    PRIMARY KEY,
	wrong        INTEGER NOT NULL CHECK (wrong >= 0),
	locked_until INTEGER
) STRICT, WITHOUT ROWID;

-- Who approved a refund that its requester could not make alone.
ALTER TABLE refund ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';

DROP TRIGGER refund_is_fixed;
CREATE TRIGGER refund_is_fixed
BEFORE UPDATE OF id, out_refund_no, out_trade_no, wallet, amount, reason, requested_by, approved_by, created_at, day ON refund
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- The latest time, and what happened between two times.
CREATE INDEX audit_by_time ON audit (at);
