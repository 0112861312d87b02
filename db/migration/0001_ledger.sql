-- The ledger of one counter. Amounts are integer fen, times integer Unix milliseconds, days the
-- shop's business day as yyyy-mm-dd. Nothing in it is ever deleted.

CREATE TABLE orders (
	id         INTEGER PRIMARY KEY,
	status     TEXT    NOT NULL CHECK (status IN ('open', 'paid', 'closed')),
	title      TEXT    NOT NULL,
	total      INTEGER NOT NULL CHECK (total > 0),
	counter    TEXT    NOT NULL,
	cashier    TEXT    NOT NULL,
	created_at INTEGER NOT NULL CHECK (created_at > 0),
	day        TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
) STRICT;

CREATE INDEX orders_by_day ON orders (day);

CREATE TABLE order_line (
	order_id INTEGER NOT NULL REFERENCES orders (id),
	n        INTEGER NOT NULL CHECK (n > 0),
	title    TEXT    NOT NULL,
	quantity INTEGER NOT NULL CHECK (quantity > 0),
	price    INTEGER NOT NULL,
	PRIMARY KEY (order_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment (
	id             INTEGER PRIMARY KEY,
	out_trade_no   TEXT    NOT NULL UNIQUE
	               CHECK (length(out_trade_no) BETWEEN 6 AND 32 AND out_trade_no NOT GLOB '*[^0-9A-Z]*'),
	order_id       INTEGER NOT NULL REFERENCES orders (id),
	wallet         TEXT    NOT NULL CHECK (length(wallet) BETWEEN 1 AND 16),
	merchant_id    TEXT    NOT NULL CHECK (length(merchant_id) <= 64),
	app_id         TEXT    NOT NULL CHECK (length(app_id) <= 64),
	amount         INTEGER NOT NULL CHECK (amount > 0),
	title          TEXT    NOT NULL,
	counter        TEXT    NOT NULL,
	cashier        TEXT    NOT NULL,
	state          TEXT    NOT NULL CHECK (state IN ('created', 'waiting', 'paid', 'closing', 'closed', 'rejected')),
	code_url       TEXT    NOT NULL DEFAULT '' CHECK (length(code_url) <= 1024),
	created_at     INTEGER NOT NULL CHECK (created_at > 0),
	expires_at     INTEGER NOT NULL CHECK (expires_at >= created_at),
	shown_at       INTEGER,
	transaction_id TEXT    CHECK (length(transaction_id) BETWEEN 1 AND 64),
	paid_at        INTEGER,
	settled_at     INTEGER,
	confirmed_by   TEXT,
	day            TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	CHECK (state <> 'paid' OR (transaction_id IS NOT NULL AND settled_at IS NOT NULL AND confirmed_by IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX payment_transaction ON payment (wallet, transaction_id) WHERE transaction_id IS NOT NULL;
CREATE INDEX payment_of_order ON payment (order_id);
CREATE INDEX payment_unfinished ON payment (created_at) WHERE state IN ('created', 'waiting', 'closing');

CREATE TABLE refund (
	id            INTEGER PRIMARY KEY,
	out_refund_no TEXT    NOT NULL UNIQUE
	              CHECK (length(out_refund_no) BETWEEN 6 AND 64 AND out_refund_no NOT GLOB '*[^0-9A-Z]*'),
	out_trade_no  TEXT    NOT NULL REFERENCES payment (out_trade_no),
	wallet        TEXT    NOT NULL,
	amount        INTEGER NOT NULL CHECK (amount > 0),
	reason        TEXT    NOT NULL,
	state         TEXT    NOT NULL CHECK (state IN ('requested', 'processing', 'succeeded', 'abnormal', 'failed')),
	refund_id     TEXT    CHECK (length(refund_id) BETWEEN 1 AND 64),
	requested_by  TEXT    NOT NULL,
	created_at    INTEGER NOT NULL CHECK (created_at > 0),
	settled_at    INTEGER,
	day           TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
) STRICT;

CREATE INDEX refund_of_payment ON refund (out_trade_no);
CREATE INDEX refund_unfinished ON refund (created_at) WHERE state IN ('requested', 'processing', 'abnormal');

-- A batch freezes the entries a day close or a settlement counted; they carry its id.
CREATE TABLE batch (
	id      INTEGER PRIMARY KEY,
	kind    TEXT    NOT NULL CHECK (kind IN ('day', 'settlement')),
	day     TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	entries INTEGER NOT NULL CHECK (entries >= 0),
	amount  INTEGER NOT NULL,
	at      INTEGER NOT NULL CHECK (at > 0)
) STRICT;

CREATE TABLE entry (
	id               INTEGER PRIMARY KEY,
	out_trade_no     TEXT    NOT NULL REFERENCES payment (out_trade_no),
	out_refund_no    TEXT    UNIQUE REFERENCES refund (out_refund_no),
	wallet           TEXT    NOT NULL,
	counter          TEXT    NOT NULL,
	cashier          TEXT    NOT NULL,
	amount           INTEGER NOT NULL,
	day              TEXT    NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	at               INTEGER NOT NULL CHECK (at > 0),
	day_batch        INTEGER REFERENCES batch (id),
	settlement_batch INTEGER REFERENCES batch (id),
	CHECK ((out_refund_no IS NULL AND amount > 0) OR (out_refund_no IS NOT NULL AND amount < 0))
) STRICT;

CREATE UNIQUE INDEX entry_of_payment ON entry (out_trade_no) WHERE out_refund_no IS NULL;
CREATE INDEX entry_by_day ON entry (day);

-- What the entries of a day add up to, so that a report costs days and not orders.
CREATE TABLE day_total (
	day          TEXT    NOT NULL,
	counter      TEXT    NOT NULL,
	cashier      TEXT    NOT NULL,
	wallet       TEXT    NOT NULL,
	paid         INTEGER NOT NULL CHECK (paid >= 0),
	paid_count   INTEGER NOT NULL CHECK (paid_count >= 0),
	refunded     INTEGER NOT NULL CHECK (refunded >= 0),
	refund_count INTEGER NOT NULL CHECK (refund_count >= 0),
	PRIMARY KEY (day, counter, cashier, wallet)
) STRICT, WITHOUT ROWID;

-- The platforms' words, about orders of this counter and about unknown ones.
CREATE TABLE payment_log (
	id             INTEGER PRIMARY KEY,
	at             INTEGER NOT NULL CHECK (at > 0),
	wallet         TEXT    NOT NULL,
	out_trade_no   TEXT    NOT NULL,
	transaction_id TEXT    NOT NULL,
	source         TEXT    NOT NULL,
	state          TEXT    NOT NULL,
	amount         INTEGER NOT NULL,
	raw            BLOB    NOT NULL
) STRICT;

CREATE TABLE exception (
	id             INTEGER PRIMARY KEY,
	kind           TEXT    NOT NULL,
	wallet         TEXT    NOT NULL,
	out_trade_no   TEXT    NOT NULL,
	out_refund_no  TEXT    NOT NULL,
	transaction_id TEXT    NOT NULL,
	amount         INTEGER NOT NULL,
	created_at     INTEGER NOT NULL CHECK (created_at > 0),
	resolved       INTEGER NOT NULL DEFAULT 0 CHECK (resolved IN (0, 1)),
	UNIQUE (kind, wallet, out_trade_no, out_refund_no, transaction_id)
) STRICT;

CREATE INDEX exception_of_payment ON exception (out_trade_no);
CREATE INDEX exception_open ON exception (id) WHERE resolved = 0;

-- Each row's hash covers the row and the hash before it, so nothing can be changed in silence.
CREATE TABLE audit (
	seq        INTEGER PRIMARY KEY,
	at         INTEGER NOT NULL CHECK (at > 0),
	actor      TEXT    NOT NULL,
	action     TEXT    NOT NULL,
	subject    TEXT    NOT NULL,
	from_state TEXT    NOT NULL,
	to_state   TEXT    NOT NULL,
	detail     TEXT    NOT NULL,
	prev       BLOB    NOT NULL CHECK (length(prev) = 32),
	hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE INDEX audit_of_subject ON audit (subject);

-- How the writing process last ran, for a reader that cannot ask it.
CREATE TABLE writer (
	id          INTEGER PRIMARY KEY CHECK (id = 1),
	synchronous INTEGER NOT NULL,
	at          INTEGER NOT NULL
) STRICT;
