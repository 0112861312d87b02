package pos

import "context"

// ResolvedExceptions returns the n exceptions that were resolved last, the last first.
func (t *Till) ResolvedExceptions(ctx context.Context, n int) (list []Exception, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		list, err = tx.ResolvedExceptions(n)
		return err
	})
	return list, err
}

// Refunds returns the refunds of one payment, oldest first, and how much of it can still be refunded: zero
// where its state allows no refund.
func (t *Till) Refunds(ctx context.Context, outTradeNo string) (list []Refund, left Fen, err error) {
	err = t.Store.View(ctx, func(tx Tx) error {
		p, err := tx.Payment(outTradeNo)
		if err != nil {
			return err
		}
		if list, err = tx.RefundsOf(outTradeNo); err != nil {
			return err
		}
		left, _ = refundable(p, list)
		return nil
	})
	return list, left, err
}
