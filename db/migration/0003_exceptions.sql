-- What a manager needs to decide an exception, and what was decided.

-- Money can be booked that came under a number of another program's making: WeChat Pay allows these
-- characters, Alipay some of them. Loosening a check changes no row, so only the text of the schema changes.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
	'CHECK (length(out_trade_no) BETWEEN 6 AND 32 AND out_trade_no NOT GLOB ''*[^0-9A-Z]*'')',
	'CHECK (length(out_trade_no) BETWEEN 1 AND 64 AND out_trade_no NOT GLOB ''*[^0-9A-Za-z_|*@-]*'')')
WHERE type = 'table' AND name = 'payment';
UPDATE sqlite_schema SET sql = replace(sql,
	'CHECK (length(out_refund_no) BETWEEN 6 AND 64 AND out_refund_no NOT GLOB ''*[^0-9A-Z]*'')',
	'CHECK (length(out_refund_no) BETWEEN 1 AND 64 AND out_refund_no NOT GLOB ''*[^0-9A-Za-z_|*@-]*'')')
WHERE type = 'table' AND name = 'refund';
PRAGMA writable_schema = RESET;

ALTER TABLE exception ADD COLUMN currency    TEXT NOT NULL DEFAULT 'CNY';
ALTER TABLE exception ADD COLUMN merchant_id TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN app_id      TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN paid_at     INTEGER;
ALTER TABLE exception ADD COLUMN resolution  TEXT NOT NULL DEFAULT ''
	CHECK (resolution IN ('', 'accept', 'refund', 'dismiss') AND (resolution <> '') = (resolved = 1));
ALTER TABLE exception ADD COLUMN note        TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN resolved_by TEXT NOT NULL DEFAULT '';
ALTER TABLE exception ADD COLUMN resolved_at INTEGER;

DROP TRIGGER exception_is_fixed;
CREATE TRIGGER exception_is_fixed
BEFORE UPDATE OF id, kind, wallet, out_trade_no, out_refund_no, transaction_id, amount, created_at,
	currency, merchant_id, app_id, paid_at ON exception
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER exception_is_resolved_once
BEFORE UPDATE OF resolved, resolution, note, resolved_by, resolved_at ON exception
WHEN OLD.resolved = 1
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- When the platform was first asked for the refund: from then on a refusal alone proves nothing.
ALTER TABLE refund ADD COLUMN asked_at INTEGER;

-- A refund the platform had refused can turn out to have gone through; money that moved is booked.
DROP TRIGGER refund_moves_on;
CREATE TRIGGER refund_moves_on BEFORE UPDATE OF state ON refund
WHEN NEW.state <> OLD.state AND NOT (
	OLD.state = 'requested'
	OR (OLD.state = 'processing' AND NEW.state IN ('succeeded', 'abnormal', 'failed'))
	OR (OLD.state = 'abnormal' AND NEW.state IN ('succeeded', 'failed'))
	OR (OLD.state = 'failed' AND NEW.state = 'succeeded'))
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

CREATE TRIGGER refund_stays_covered BEFORE UPDATE OF state ON refund
WHEN OLD.state = 'failed' AND NEW.state <> 'failed'
	AND NEW.amount + (SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.out_trade_no = NEW.out_trade_no AND r.state <> 'failed')
	> (SELECT p.amount FROM payment p WHERE p.out_trade_no = NEW.out_trade_no)
BEGIN SELECT RAISE(ABORT, 'refund exceeds payment'); END;

-- The amount of an attempt is fixed, but for the one a manager accepts as the platform reported it.
DROP TRIGGER payment_is_fixed;
CREATE TRIGGER payment_is_fixed
BEFORE UPDATE OF id, out_trade_no, order_id, wallet, merchant_id, app_id, title, counter, cashier, created_at, day ON payment
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER payment_amount_is_fixed BEFORE UPDATE OF amount ON payment
WHEN NEW.amount <> OLD.amount AND NOT (OLD.state <> 'paid' AND NEW.state = 'paid' AND EXISTS (
	SELECT 1 FROM exception x WHERE x.kind = 'amount_mismatch' AND x.out_trade_no = NEW.out_trade_no
	AND x.amount = NEW.amount AND x.resolution IN ('accept', 'refund')))
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;
