-- What must never happen, refused by the ledger itself whatever program writes to it. The texts
-- are known to the program, which turns them into sentences.

-- States never go backwards, and evidence of payment always wins.
CREATE TRIGGER payment_begins BEFORE INSERT ON payment
WHEN NEW.state <> 'created'
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

CREATE TRIGGER payment_moves_on BEFORE UPDATE OF state ON payment
WHEN NEW.state <> OLD.state AND NOT (
	NEW.state = 'paid'
	OR (OLD.state = 'created' AND NEW.state IN ('waiting', 'closing', 'closed', 'rejected'))
	OR (OLD.state = 'waiting' AND NEW.state IN ('closing', 'closed'))
	OR (OLD.state = 'closing' AND NEW.state = 'closed'))
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

CREATE TRIGGER payment_is_fixed
BEFORE UPDATE OF id, out_trade_no, order_id, wallet, merchant_id, app_id, amount, title, counter, cashier, created_at, day ON payment
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- Once paid, the proof stands.
CREATE TRIGGER payment_proof_is_fixed BEFORE UPDATE OF transaction_id, paid_at, settled_at, confirmed_by ON payment
WHEN OLD.state = 'paid' AND (NEW.transaction_id IS NOT OLD.transaction_id OR NEW.paid_at IS NOT OLD.paid_at
	OR NEW.settled_at IS NOT OLD.settled_at OR NEW.confirmed_by IS NOT OLD.confirmed_by)
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER payment_stays BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER order_stays_paid BEFORE UPDATE OF status ON orders
WHEN OLD.status = 'paid' AND NEW.status <> 'paid'
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

CREATE TRIGGER order_is_fixed BEFORE UPDATE OF id, title, total, counter, cashier, created_at, day ON orders
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER order_stays BEFORE DELETE ON orders
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER order_line_is_fixed BEFORE UPDATE ON order_line
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER order_line_stays BEFORE DELETE ON order_line
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER refund_begins BEFORE INSERT ON refund
WHEN NEW.state <> 'requested'
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

-- Refunds of a payment never exceed it, and only what is paid can go back.
CREATE TRIGGER refund_needs_payment BEFORE INSERT ON refund
WHEN EXISTS (SELECT 1 FROM payment p WHERE p.out_trade_no = NEW.out_trade_no AND (p.state <> 'paid' OR p.wallet <> NEW.wallet))
BEGIN SELECT RAISE(ABORT, 'refund without payment'); END;

CREATE TRIGGER refund_is_covered BEFORE INSERT ON refund
WHEN NEW.amount + (SELECT coalesce(sum(r.amount), 0) FROM refund r WHERE r.out_trade_no = NEW.out_trade_no AND r.state <> 'failed')
	> (SELECT p.amount FROM payment p WHERE p.out_trade_no = NEW.out_trade_no)
BEGIN SELECT RAISE(ABORT, 'refund exceeds payment'); END;

CREATE TRIGGER refund_moves_on BEFORE UPDATE OF state ON refund
WHEN NEW.state <> OLD.state AND NOT (
	OLD.state = 'requested'
	OR (OLD.state = 'processing' AND NEW.state IN ('succeeded', 'abnormal', 'failed'))
	OR (OLD.state = 'abnormal' AND NEW.state IN ('succeeded', 'failed')))
BEGIN SELECT RAISE(ABORT, 'state cannot change so'); END;

CREATE TRIGGER refund_is_fixed
BEFORE UPDATE OF id, out_refund_no, out_trade_no, wallet, amount, reason, requested_by, created_at, day ON refund
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER refund_stays BEFORE DELETE ON refund
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- An entry says what its payment or refund says.
CREATE TRIGGER entry_agrees BEFORE INSERT ON entry
WHEN (NEW.out_refund_no IS NULL AND EXISTS (SELECT 1 FROM payment p
		WHERE p.out_trade_no = NEW.out_trade_no AND (p.amount <> NEW.amount OR p.wallet <> NEW.wallet)))
	OR (NEW.out_refund_no IS NOT NULL AND EXISTS (SELECT 1 FROM refund r
		WHERE r.out_refund_no = NEW.out_refund_no
		AND (r.out_trade_no <> NEW.out_trade_no OR r.amount <> -NEW.amount OR r.wallet <> NEW.wallet)))
BEGIN SELECT RAISE(ABORT, 'entry disagrees'); END;

CREATE TRIGGER entry_is_fixed
BEFORE UPDATE OF id, out_trade_no, out_refund_no, wallet, counter, cashier, amount, day, at ON entry
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

-- A batch is stamped on an entry once.
CREATE TRIGGER entry_is_stamped_once BEFORE UPDATE OF day_batch, settlement_batch ON entry
WHEN (OLD.day_batch IS NOT NULL AND NEW.day_batch IS NOT OLD.day_batch)
	OR (OLD.settlement_batch IS NOT NULL AND NEW.settlement_batch IS NOT OLD.settlement_batch)
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER payment_log_is_fixed BEFORE UPDATE ON payment_log
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER payment_log_stays BEFORE DELETE ON payment_log
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER exception_is_fixed
BEFORE UPDATE OF id, kind, wallet, out_trade_no, out_refund_no, transaction_id, amount, created_at ON exception
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER exception_stays BEFORE DELETE ON exception
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER audit_is_fixed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;
