-- Shifts, day closes and settlements: each stamps its entries with its batch first and sums them then.

PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (''day'', ''settlement''))', 'CHECK (kind IN (''day'', ''shift'', ''settlement''))')
WHERE type = 'table' AND name = 'batch';
PRAGMA writable_schema = RESET;

ALTER TABLE batch ADD COLUMN wallet TEXT NOT NULL DEFAULT '' CHECK ((wallet <> '') = (kind = 'settlement'));
ALTER TABLE batch ADD COLUMN actor  TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN note   TEXT NOT NULL DEFAULT '';

ALTER TABLE entry ADD COLUMN shift_batch INTEGER REFERENCES batch (id);

CREATE INDEX batch_by_day ON batch (kind, day);
CREATE INDEX entry_open_day ON entry (day) WHERE day_batch IS NULL;
CREATE INDEX entry_unsettled ON entry (wallet, day) WHERE settlement_batch IS NULL;
CREATE INDEX entry_of_day_batch ON entry (day_batch) WHERE day_batch IS NOT NULL;
CREATE INDEX entry_of_shift_batch ON entry (shift_batch) WHERE shift_batch IS NOT NULL;
CREATE INDEX entry_of_settlement_batch ON entry (settlement_batch) WHERE settlement_batch IS NOT NULL;

-- The days that take no more entries. A day that is opened again is marked so; its closes stay.
CREATE TABLE closed_day (
	day    TEXT    PRIMARY KEY CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
	closed INTEGER NOT NULL CHECK (closed IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE shift (
	id          INTEGER PRIMARY KEY,
	cashier     TEXT    NOT NULL CHECK (cashier <> ''),
	counter     TEXT    NOT NULL,
	opened_at   INTEGER NOT NULL CHECK (opened_at > 0),
	opened_by   TEXT    NOT NULL,
	first_entry INTEGER NOT NULL, -- entries and orders after these belong to it
	first_order INTEGER NOT NULL,
	last_order  INTEGER,
	closed_at   INTEGER,
	closed_by   TEXT    NOT NULL DEFAULT '',
	note        TEXT    NOT NULL DEFAULT '',
	signed_over TEXT    NOT NULL DEFAULT '',
	batch       INTEGER UNIQUE REFERENCES batch (id),
	CHECK ((closed_at IS NULL) = (batch IS NULL))
) STRICT;

CREATE UNIQUE INDEX shift_open ON shift ((1)) WHERE closed_at IS NULL;

DROP TRIGGER entry_is_stamped_once;
CREATE TRIGGER entry_is_stamped_once BEFORE UPDATE OF day_batch, settlement_batch, shift_batch ON entry
WHEN (OLD.day_batch IS NOT NULL AND NEW.day_batch IS NOT OLD.day_batch)
	OR (OLD.settlement_batch IS NOT NULL AND NEW.settlement_batch IS NOT OLD.settlement_batch)
	OR (OLD.shift_batch IS NOT NULL AND NEW.shift_batch IS NOT OLD.shift_batch)
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- No entry joins a day that is closed.
CREATE TRIGGER entry_day_is_open BEFORE INSERT ON entry
WHEN EXISTS (SELECT 1 FROM closed_day c WHERE c.day = NEW.day AND c.closed = 1)
BEGIN SELECT RAISE(ABORT, 'day is closed'); END;

-- A batch is summed once, when its entries are stamped.
CREATE TRIGGER batch_is_fixed BEFORE UPDATE ON batch
WHEN OLD.entries <> 0 OR OLD.amount <> 0 OR NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.day <> OLD.day OR NEW.at <> OLD.at
	OR NEW.wallet <> OLD.wallet OR NEW.actor <> OLD.actor OR NEW.note <> OLD.note
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER batch_stays BEFORE DELETE ON batch
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER shift_is_closed_once BEFORE UPDATE ON shift
WHEN OLD.closed_at IS NOT NULL OR NEW.id <> OLD.id OR NEW.cashier <> OLD.cashier OR NEW.opened_at <> OLD.opened_at
	OR NEW.opened_by <> OLD.opened_by OR NEW.first_entry <> OLD.first_entry OR NEW.first_order <> OLD.first_order
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER shift_stays BEFORE DELETE ON shift
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;
