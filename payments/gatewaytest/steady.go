package gatewaytest

import (
	"context"
	"strings"

	"saoma/pos"
)

// steady asks again where a call ran into pos.CallTimeout although nothing was wrong: that says something of a machine
// busy with other tests, and nothing of the gateway. What a fault strikes is asked without it.
type steady struct{ pos.Gateway }

const tries = 10

// late reports whether a call was ended by one of the client's own time-outs: of the whole, of the handshake, of the
// connection.
func late(err error) bool {
	has := func(words string) bool { return strings.Contains(err.Error(), words) }
	return err != nil && (has("Client.Timeout") || has("TLS handshake timeout") || has("i/o timeout"))
}

func steadily[T any](call func() (T, error)) (v T, err error) {
	for range tries {
		if v, err = call(); !late(err) {
			break
		}
	}
	return v, err
}

func (g steady) Create(ctx context.Context, p *pos.Payment) (string, error) {
	return steadily(func() (string, error) { return g.Gateway.Create(ctx, p) })
}

func (g steady) Query(ctx context.Context, p *pos.Payment) (pos.Evidence, error) {
	return steadily(func() (pos.Evidence, error) { return g.Gateway.Query(ctx, p) })
}

func (g steady) Close(ctx context.Context, p *pos.Payment) error {
	_, err := steadily(func() (struct{}, error) { return struct{}{}, g.Gateway.Close(ctx, p) })
	return err
}

func (g steady) Refund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	return steadily(func() (pos.RefundEvidence, error) { return g.Gateway.Refund(ctx, p, r) })
}

func (g steady) QueryRefund(ctx context.Context, p *pos.Payment, r *pos.Refund) (pos.RefundEvidence, error) {
	return steadily(func() (pos.RefundEvidence, error) { return g.Gateway.QueryRefund(ctx, p, r) })
}
