package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
)

// controlRoutes are the simulator's own: no platform has them.
func (s *Sandbox) controlRoutes(mux *http.ServeMux) {
	s.rotateRoutes(mux)
	mux.HandleFunc("POST /sandbox/scan", s.customerRoute(s.Scan))
	mux.HandleFunc("POST /sandbox/pay", s.customerRoute(s.Pay))
	mux.HandleFunc("POST /sandbox/refuse", s.customerRoute(s.Refuse))
	mux.HandleFunc("GET /sandbox/orders", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Orders()) })
	mux.HandleFunc("GET /sandbox/money", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.Money()) })
	mux.HandleFunc("GET /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) { s.replyFaults(w) })
	mux.HandleFunc("POST /sandbox/faults", s.addFault)
	mux.HandleFunc("DELETE /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.Clear()
		s.replyFaults(w)
	})
}

func (s *Sandbox) customerRoute(do func(outTradeNo string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			OutTradeNo string `json:"out_trade_no"`
		}
		if !readJSON(w, r, &in) {
			return
		}
		if err := do(in.OutTradeNo); err != nil {
			status := http.StatusConflict
			if errors.Is(err, ErrUnknownOrder) {
				status = http.StatusNotFound
			}
			replyError(w, status, err)
			return
		}
		reply(w, http.StatusOK, in)
	}
}

func (s *Sandbox) addFault(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !readJSON(w, r, &f) {
		return
	}
	if err := s.faults.Add(f); err != nil {
		replyError(w, http.StatusBadRequest, err)
		return
	}
	s.replyFaults(w)
}

func (s *Sandbox) replyFaults(w http.ResponseWriter) {
	list := s.faults.List()
	if list == nil {
		list = []Fault{}
	}
	reply(w, http.StatusOK, list)
}

// errBody answers what is not JSON, has a field that does not exist, or a value of another type.
var errBody = errors.New("the body must be one JSON object: out_trade_no (text) for the customer; " +
	"kind, wallet, op, out_trade_no (text), count and delay_ms (numbers) for a fault; " +
	"paper (text) and pending for a rotation; serial (text) and effective; from, to (text) and per_mille for a ramp")

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(into); err != nil {
		replyError(w, http.StatusBadRequest, errBody)
		return false
	}
	return true
}

func replyError(w http.ResponseWriter, status int, err error) {
	reply(w, status, map[string]string{"error": err.Error()})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(append(compactJSON(v), '\n'))
}
