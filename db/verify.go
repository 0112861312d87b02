package db

import "context"

type (
	VerifyOptions struct{ Limit int }
	Check         struct {
		Name, Rule      string
		Counted, Broken int64
		Violations      []string
	}
)
type VerifyReport struct{ Checks []Check }

func (l *Ledger) Verify(ctx context.Context, o VerifyOptions) (*VerifyReport, error) {
	return &VerifyReport{}, nil
}
