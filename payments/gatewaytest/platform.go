package gatewaytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"saoma/pos"
)

// Platform is the simulated platform seen from its own side, driven over its control routes as a script would: what
// the customer does, what goes wrong, what is on record.
type Platform struct {
	URL string // http://host:port
}

// holding is what the platform has of an order.
type holding string

const (
	nothing  holding = "nothing"  // it never heard of it
	unpaid   holding = "unpaid"   // it can be paid
	closed   holding = "closed"   // it cannot be paid any more
	paid     holding = "paid"     // and nothing of it goes back
	refunded holding = "refunded" // something went back or is on its way
)

// order is one order on record.
type order struct {
	OutTradeNo string `json:"out_trade_no"`
	State      string `json:"state"` // the platform's word
	Refunds    []struct {
		State string `json:"state"`
	} `json:"refunds"`
}

func (o order) holding() (holding, error) {
	switch o.State {
	case "", "NOTPAY", "WAIT_BUYER_PAY":
		return unpaid, nil
	case "CLOSED", "TRADE_CLOSED":
		return closed, nil
	case "SUCCESS", "REFUND", "TRADE_SUCCESS":
		for _, r := range o.Refunds {
			if r.State != "ABNORMAL" {
				return refunded, nil
			}
		}
		return paid, nil
	}
	return "", fmt.Errorf("the platform says %q of an order", o.State)
}

// Scan is the customer scanning the code.
func (p Platform) Scan(outTradeNo string) error { return p.customer("scan", outTradeNo) }

// Pay is the customer paying.
func (p Platform) Pay(outTradeNo string) error { return p.customer("pay", outTradeNo) }

func (p Platform) customer(does, outTradeNo string) error {
	about := order{OutTradeNo: outTradeNo}
	return p.ask(http.MethodPost, "/sandbox/"+does, about, nil)
}

// trouble is one fault switched on.
type trouble struct {
	Kind       Fault  `json:"kind"`
	Op         string `json:"op"`
	OutTradeNo string `json:"out_trade_no"`
	Count      int    `json:"count"`
	DelayMS    int    `json:"delay_ms,omitempty"`
}

// fault lets f strike op once, for one order or, where that is empty, for any.
func (p Platform) fault(f Fault, op, outTradeNo string) error {
	return p.ask(http.MethodPost, "/sandbox/faults", trouble{Kind: f, Op: op, OutTradeNo: outTradeNo, Count: 1, DelayMS: 20}, nil)
}

// struck reports whether no fault is left that waits for an order.
func (p Platform) struck(outTradeNo string) (bool, error) {
	var left []trouble
	err := p.ask(http.MethodGet, "/sandbox/faults", nil, &left)
	for _, f := range left {
		if f.OutTradeNo == outTradeNo {
			return false, err
		}
	}
	return true, err
}

// holds says what is on record of an order.
func (p Platform) holds(outTradeNo string) (holding, error) {
	var all []order
	if err := p.ask(http.MethodGet, "/sandbox/orders", nil, &all); err != nil {
		return "", err
	}
	for _, o := range all {
		if o.OutTradeNo == outTradeNo {
			return o.holding()
		}
	}
	return nothing, nil
}

// money is what came in for an order less what went back.
func (p Platform) money(outTradeNo string) (sum pos.Fen, err error) {
	var all []struct {
		OutTradeNo string  `json:"out_trade_no"`
		Amount     pos.Fen `json:"amount"`
	}
	err = p.ask(http.MethodGet, "/sandbox/money", nil, &all)
	for _, m := range all {
		if m.OutTradeNo == outTradeNo {
			sum += m.Amount
		}
	}
	return sum, err
}

func (p Platform) ask(method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, p.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
