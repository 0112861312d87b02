-- Each wallet's bill of each day of the platforms, compared with the ledger. The bill itself lies beside the ledger, in
-- the folder bills, under the hash that is kept here. A day here is the platforms', from midnight to midnight in China.

CREATE TABLE reconciliation (
	id            INTEGER PRIMARY KEY,
	wallet        TEXT    NOT NULL CHECK (length(wallet) BETWEEN 1 AND 16),
	day           TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	state         TEXT    NOT NULL CHECK (state IN ('differs', 'agreed', 'signed_off')),
	bill_name     TEXT    NOT NULL,
	bill_hash     TEXT    NOT NULL CHECK (length(bill_hash) IN (0, 64)),
	original_hash TEXT    NOT NULL CHECK (length(original_hash) IN (0, 64)),
	downloaded_at INTEGER,
	compared_at   INTEGER,
	lines         INTEGER NOT NULL CHECK (lines >= 0), -- of the whole bill, and what they add up to
	paid          INTEGER NOT NULL,
	refunded      INTEGER NOT NULL,
	fee           INTEGER NOT NULL,
	own_lines     INTEGER NOT NULL CHECK (own_lines BETWEEN 0 AND lines), -- of this counter
	own_paid      INTEGER NOT NULL,
	own_refunded  INTEGER NOT NULL,
	own_fee       INTEGER NOT NULL,
	agree         INTEGER NOT NULL CHECK (agree BETWEEN 0 AND own_lines),
	deferred      INTEGER NOT NULL CHECK (deferred >= 0),
	ledger_payments INTEGER NOT NULL, -- the ledger when it was compared
	ledger_refunds  INTEGER NOT NULL,
	ledger_paid     INTEGER NOT NULL,
	ledger_refunded INTEGER NOT NULL,
	ledger_pending  INTEGER NOT NULL,
	note          TEXT    NOT NULL,
	decided_by    TEXT    NOT NULL,
	decided_at    INTEGER,
	CHECK (state <> 'signed_off' OR (note <> '' AND decided_by <> '' AND decided_at IS NOT NULL)),
	UNIQUE (wallet, day)
) STRICT;

CREATE INDEX reconciliation_by_day ON reconciliation (day);

CREATE TABLE difference (
	reconciliation_id INTEGER NOT NULL REFERENCES reconciliation (id),
	n                 INTEGER NOT NULL CHECK (n > 0),
	kind              TEXT    NOT NULL
	                  CHECK (kind IN ('missing_here', 'missing_there', 'amount', 'state', 'transaction', 'payment', 'doubled')),
	out_trade_no      TEXT    NOT NULL,
	out_refund_no     TEXT    NOT NULL,
	lines             INTEGER NOT NULL CHECK (lines >= 0),
	there_amount      INTEGER NOT NULL,
	there_state       TEXT    NOT NULL,
	there_transaction TEXT    NOT NULL,
	there_at          INTEGER,
	here_amount       INTEGER NOT NULL,
	here_state        TEXT    NOT NULL,
	here_transaction  TEXT    NOT NULL,
	here_at           INTEGER,
	state             TEXT    NOT NULL CHECK (state IN ('open', 'imported', 'queried', 'noted', 'cleared')),
	note              TEXT    NOT NULL DEFAULT '',
	decided_by        TEXT    NOT NULL DEFAULT '',
	decided_at        INTEGER,
	CHECK ((state = 'open') = (decided_at IS NULL)),
	CHECK (state <> 'noted' OR note <> ''),
	PRIMARY KEY (reconciliation_id, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX difference_open ON difference (reconciliation_id) WHERE state = 'open';

-- What a bill says is never changed, only what was decided about it.
CREATE TRIGGER difference_is_fixed
BEFORE UPDATE OF reconciliation_id, n, kind, out_trade_no, out_refund_no, lines, there_amount, there_state,
	there_transaction, there_at, here_amount, here_state, here_transaction, here_at ON difference
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER difference_stays BEFORE DELETE ON difference
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER reconciliation_is_fixed BEFORE UPDATE OF id, wallet, day ON reconciliation
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER reconciliation_stays BEFORE DELETE ON reconciliation
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- A day agrees only when nothing is left to decide.
CREATE TRIGGER reconciliation_agrees BEFORE UPDATE OF state ON reconciliation
WHEN NEW.state = 'agreed' AND EXISTS (SELECT 1 FROM difference d WHERE d.reconciliation_id = NEW.id AND d.state = 'open')
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

-- What moved on a day of the platforms, by their own clock.
CREATE INDEX payment_moved ON payment (wallet, coalesce(paid_at, settled_at)) WHERE state = 'paid';
CREATE INDEX refund_moved ON refund (wallet, created_at);
