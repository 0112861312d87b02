package db_test

import (
	"fmt"
	"strings"
	"testing"

	"saoma/db/dbtest"
	"saoma/pos"
)

func TestCounts(t *testing.T) {
	l := dbtest.Open(t)
	if err := l.Update(t.Context(), func(tx pos.Tx) error {
		_, err := tx.Raise(&pos.Exception{Kind: pos.UnknownOrder, Wallet: pos.WeChat, OutTradeNo: "K1NOBODYS", TransactionID: "420000"})
		if err != nil {
			return err
		}
		return tx.Audit(pos.AuditEntry{Actor: "test", Action: "raise", Subject: "exception K1NOBODYS", To: string(pos.UnknownOrder), Detail: "420000"})
	}); err != nil {
		t.Fatal(err)
	}
	counts, err := l.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(counts)
	if !strings.Contains(text, "{exception unknown_order open 1}") || !strings.Contains(text, "{entry  0}") || strings.Contains(text, "NOBODYS") {
		t.Error(text)
	}
}
