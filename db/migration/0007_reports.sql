-- What a person has in hand: the end of a number, an amount, a title. Four characters from the end find it at once.
CREATE INDEX payment_number_end ON payment (substr(out_trade_no, -4));
CREATE INDEX payment_transaction_end ON payment (substr(transaction_id, -4)) WHERE transaction_id IS NOT NULL;
CREATE INDEX payment_amount ON payment (amount);
CREATE INDEX payment_title ON payment (title);
CREATE INDEX payment_by_day ON payment (day);

-- What the entries of a day add up to by title, so that a month's report costs days and titles and not orders.
CREATE TABLE title_total (
	day          TEXT    NOT NULL,
	title        TEXT    NOT NULL,
	paid         INTEGER NOT NULL CHECK (paid >= 0),
	paid_count   INTEGER NOT NULL CHECK (paid_count >= 0),
	refunded     INTEGER NOT NULL CHECK (refunded >= 0),
	refund_count INTEGER NOT NULL CHECK (refund_count >= 0),
	PRIMARY KEY (day, title)
) STRICT, WITHOUT ROWID;

INSERT INTO title_total
SELECT e.day, p.title, sum(iif(e.amount > 0, e.amount, 0)), sum(e.amount > 0), -sum(iif(e.amount < 0, e.amount, 0)), sum(e.amount < 0)
FROM entry e JOIN payment p ON p.out_trade_no = e.out_trade_no GROUP BY e.day, p.title;
