package db

import (
	"context"
	"strconv"
	"strings"
	"time"

	"saoma/pos"
)

// How far a search looks: so many different titles, and so many of the newest payments where a word is no index's.
const (
	searchedTitles   = 2000
	searchedPayments = 3000
	fewDays          = 31
	mostFound        = 500
)

// Search returns the payments that s describes, the newest first. Its cost does not grow with the ledger.
func (l *Ledger) Search(ctx context.Context, s pos.Search, shop pos.Shop) (found []pos.Payment, err error) {
	if s.Limit <= 0 || s.Limit > mostFound {
		s.Limit = mostFound
	}
	terms := s.ParseSearch(shop, l.now())
	var q query
	q.narrow(s)
	for _, t := range terms {
		q.demand(t)
	}
	err = l.view(ctx, func(t *tx) (err error) {
		found, err = list(t, scanPayment, q.text(rarest(s, terms), s.Limit), q.args...)
		return err
	})
	return found, err
}

// query is a search as SQL. Its arguments are numbered, so that a term's can be used again.
type query struct {
	where []string
	args  []any
}

// arg adds an argument and returns how it is named.
func (q *query) arg(v any) string {
	q.args = append(q.args, v)
	return "?" + strconv.Itoa(len(q.args))
}

// narrow takes what s says besides its words.
func (q *query) narrow(s pos.Search) {
	if s.Wallet != "" {
		q.where = append(q.where, "p.wallet = "+q.arg(s.Wallet))
	}
	if s.State != "" {
		q.where = append(q.where, "p.state = "+q.arg(s.State))
	}
	if s.Refunded {
		q.where = append(q.where, "EXISTS (SELECT 1 FROM refund r WHERE r.out_trade_no = p.out_trade_no AND r.state = 'succeeded')")
	}
	if s.From != "" {
		q.where = append(q.where, "p.day >= "+q.arg(s.From))
	}
	if s.To != "" {
		q.where = append(q.where, "p.day <= "+q.arg(s.To))
	}
}

// demand adds a word that must be found in a payment.
func (q *query) demand(t pos.Term) {
	if !t.From.IsZero() {
		from := t.From.UnixMilli()
		q.where = append(q.where, "p.created_at >= "+q.arg(from)+" AND p.created_at < "+q.arg(from+time.Minute.Milliseconds()))
		return
	}
	text, start, end := q.arg("%"+like(t.Text)+"%"), q.arg(like(t.Number)+"%"), q.arg("%"+like(t.Number))
	is := `p.title LIKE ` + text + ` ESCAPE '\' OR p.cashier LIKE ` + text + ` ESCAPE '\' OR p.out_trade_no LIKE ` + start + ` ESCAPE '\'
		OR p.out_trade_no LIKE ` + end + ` ESCAPE '\' OR p.transaction_id LIKE ` + end + ` ESCAPE '\'
		OR EXISTS (SELECT 1 FROM refund r WHERE r.out_trade_no = p.out_trade_no AND (r.out_refund_no LIKE ` + end + ` ESCAPE '\' OR r.refund_id LIKE ` + end + ` ESCAPE '\'))`
	if t.Amount > 0 {
		is += ` OR p.amount = ` + q.arg(t.Amount)
	}
	q.where = append(q.where, "("+is+")")
}

// text is the statement. Payments come from the indexes that know t, and from the newest; without t from their days.
func (q *query) text(t *pos.Term, limit int) string {
	from := "payment p"
	if t != nil {
		from = "(" + q.candidates(*t) + ") c JOIN payment p ON p.id = c.id"
	}
	where := ""
	if len(q.where) > 0 {
		where = " WHERE " + strings.Join(q.where, " AND ")
	}
	return "SELECT " + paymentColumns + " FROM " + from + where + " ORDER BY p.id DESC LIMIT " + q.arg(limit)
}

// rarest is the word that finds the fewest payments: the longest. It is nil where there is none, and where the search is of
// few days: these have their own index.
func rarest(s pos.Search, terms []pos.Term) (best *pos.Term) {
	if s.From != "" && s.To != "" && s.To <= s.From.Add(fewDays) {
		return nil
	}
	for i := range terms {
		t := &terms[i]
		if t.From.IsZero() && (best == nil || len(t.Text) > len(best.Text)) {
			best = t
		}
	}
	return best
}

// candidates are the payments that t may be about, each from one index.
func (q *query) candidates(t pos.Term) string {
	newest := "ORDER BY id DESC LIMIT " + strconv.Itoa(searchedPayments)
	parts := []string{
		"SELECT id FROM (SELECT id FROM payment " + newest + ")",
		"SELECT id FROM (SELECT id FROM payment WHERE out_trade_no >= " + q.arg(t.Number) + " AND out_trade_no < " + q.arg(t.Number+"\U0010ffff") +
			" ORDER BY out_trade_no DESC LIMIT " + strconv.Itoa(searchedPayments) + ")",
		`SELECT id FROM (SELECT p.id FROM payment p WHERE p.title IN (
			WITH RECURSIVE kind (title, n) AS (
				SELECT (SELECT min(title) FROM payment), 1
				UNION ALL SELECT (SELECT min(k.title) FROM payment k WHERE k.title > kind.title), n + 1
				FROM kind WHERE kind.title IS NOT NULL AND n < ` + strconv.Itoa(searchedTitles) + `)
			SELECT title FROM kind WHERE title LIKE ` + q.arg("%"+like(t.Text)+"%") + ` ESCAPE '\') ORDER BY p.id DESC LIMIT ` + strconv.Itoa(searchedPayments) + `)`,
	}
	if len(t.Number) >= 4 {
		end := q.arg(t.Number[len(t.Number)-4:])
		parts = append(parts, "SELECT id FROM payment WHERE substr(out_trade_no, -4) = "+end,
			"SELECT id FROM payment WHERE transaction_id IS NOT NULL AND substr(transaction_id, -4) = "+end)
	}
	if t.Amount > 0 {
		parts = append(parts, "SELECT id FROM (SELECT id FROM payment WHERE amount = "+q.arg(t.Amount)+" "+newest+")")
	}
	return strings.Join(parts, "\nUNION ")
}

// like quotes what LIKE reads as a pattern.
func like(s string) string { return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s) }
