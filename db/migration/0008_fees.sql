-- What the platforms keep of each entry, in fen, by their bills; negative where they give it back. Null: no bill has told it
-- yet. It is put on the entry itself, like the stamps: so one pass over entries adds up amounts and fees, and none is doubled.
ALTER TABLE entry ADD COLUMN fee INTEGER;

-- A bill can be corrected; what is known is never forgotten.
CREATE TRIGGER entry_fee_stays BEFORE UPDATE OF fee ON entry
WHEN OLD.fee IS NOT NULL AND NEW.fee IS NULL
BEGIN SELECT RAISE(ABORT, 'ledger row is fixed'); END;

ALTER TABLE day_total ADD COLUMN fees INTEGER NOT NULL DEFAULT 0;
ALTER TABLE day_total ADD COLUMN fee_count INTEGER NOT NULL DEFAULT 0 CHECK (fee_count BETWEEN 0 AND paid_count + refund_count);
ALTER TABLE title_total ADD COLUMN fees INTEGER NOT NULL DEFAULT 0;
ALTER TABLE title_total ADD COLUMN fee_count INTEGER NOT NULL DEFAULT 0 CHECK (fee_count BETWEEN 0 AND paid_count + refund_count);

-- What was known when the batch was summed.
ALTER TABLE batch ADD COLUMN fees INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN fee_count INTEGER NOT NULL DEFAULT 0 CHECK (fee_count BETWEEN 0 AND entries);

-- Whether the fees of the bill are on the entries; not where an older version of the program compared it.
ALTER TABLE reconciliation ADD COLUMN fees_kept INTEGER NOT NULL DEFAULT 0 CHECK (fees_kept IN (0, 1));
