package sandbox

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"
	"time"
)

//go:embed phone.html
var phoneHTML string

var phonePage = template.Must(template.New("phone").Parse(phoneHTML))

func (s *Sandbox) phoneRoutes(mux *http.ServeMux) {
	mux.Handle("GET /{$}", http.RedirectHandler("/phone", http.StatusFound)) // the address as it is printed
	mux.HandleFunc("GET /phone", s.phoneList)
	mux.HandleFunc("GET /phone/{code}", s.phoneCode)
	mux.HandleFunc("GET /phone/{code}/state", s.phoneState)
	mux.HandleFunc("POST /phone/{code}/pay", s.phonePay)
	mux.HandleFunc("POST /phone/{code}/cancel", s.phoneCancel)
}

// What the page of one code can show.
const (
	pageWaiting  = "waiting"
	pagePaid     = "paid"
	pageCanceled = "canceled" // the customer left
	pageClosed   = "closed"   // the shop closed the order
	pageExpired  = "expired"
	pageUnknown  = "unknown" // no such code: replaced by a newer one, or never given out
)

// phoneData is what the template shows.
type phoneData struct {
	T           *words
	Shop        string
	Initial     string // the shop's, for its picture
	Page        string // "list" or one of the above
	Wallet      string
	Amount      string // yuan
	Description string
	PaidAt      string
	Number      string
	Path        string // of this page, for the language switch and the forms
	Codes       []phoneEntry
}

type phoneEntry struct {
	Wallet, Amount, Description, Path, Age string
}

func (s *Sandbox) phoneList(w http.ResponseWriter, r *http.Request) {
	d := phoneData{T: s.language(w, r), Shop: s.opt.Shop, Page: "list", Path: "/phone"}
	s.mu.Lock()
	now := s.now()
	for i := len(s.list) - 1; i >= 0; i-- { // newest first: the one just shown at the counter
		if t := s.list[i]; t.waiting(now) {
			d.Codes = append(d.Codes, phoneEntry{
				t.Wallet, yuan(t.Amount), t.Description, "/phone/" + t.Code, t.Created.In(beijing).Format(time.TimeOnly),
			})
		}
	}
	s.mu.Unlock()
	show(w, http.StatusOK, d)
}

// phoneCode is the scan: whoever opens the code has scanned it.
func (s *Sandbox) phoneCode(w http.ResponseWriter, r *http.Request) {
	s.showCode(w, r, func(t *trade) string {
		if t.waiting(s.now()) && t.Code == r.PathValue("code") {
			if t.scan(s.now()) == nil {
				s.save(t)
			}
			if r.URL.Query().Get("left") != "" {
				return pageCanceled
			}
		}
		return ""
	})
}

// showCode renders a code's page after do, which may name the page to show.
func (s *Sandbox) showCode(w http.ResponseWriter, r *http.Request, do func(*trade) string) {
	code := r.PathValue("code")
	d := phoneData{T: s.language(w, r), Shop: s.opt.Shop, Page: pageUnknown, Path: "/phone/" + code}
	status := http.StatusNotFound
	s.mu.Lock()
	if t := s.codes[code]; t != nil {
		status = http.StatusOK
		if d.Page = do(t); d.Page == "" {
			d.Page = t.page(code, s.now())
		}
		d.Wallet, d.Amount, d.Description, d.Number = t.Wallet, yuan(t.Amount), t.Description, t.OutTradeNo
		d.PaidAt = aliTimestamp(t.Paid)
	}
	s.mu.Unlock()
	show(w, status, d)
}

// page says what there is to see behind a code now.
func (t *trade) page(code string, now time.Time) string {
	switch waiting := t.waiting(now); { // settles the state first
	case t.paidOnce():
		return pagePaid
	case waiting && t.Code == code:
		return pageWaiting
	case t.State == wxClosed || t.Canceled != "" || t.State == tradeClosed && !t.expired(now):
		return pageClosed
	case t.Code != "" && t.Code != code:
		return pageUnknown
	}
	return pageExpired
}

// phoneState lets an open page notice that it was overtaken: paid elsewhere, closed, expired.
func (s *Sandbox) phoneState(w http.ResponseWriter, r *http.Request) {
	page := pageUnknown
	s.mu.Lock()
	if t := s.codes[r.PathValue("code")]; t != nil {
		page = t.page(r.PathValue("code"), s.now())
	}
	s.mu.Unlock()
	reply(w, http.StatusOK, map[string]string{"page": page})
}

func (s *Sandbox) phonePay(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	s.mu.Lock()
	if t := s.codes[code]; t != nil && t.Code == code {
		if err := s.payLocked(t); err != nil {
			s.log.Info("not paid", "err", err) // the page says why
		}
		s.save(t)
	}
	s.mu.Unlock()
	http.Redirect(w, r, "/phone/"+code, http.StatusSeeOther)
}

func (s *Sandbox) phoneCancel(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/phone/"+r.PathValue("code")+"?left=1", http.StatusSeeOther)
}

func show(w http.ResponseWriter, status int, d phoneData) {
	d.Initial = strings.ToUpper(string([]rune(d.Shop)[:1]))
	var b strings.Builder
	if err := phonePage.Execute(&b, d); err != nil {
		http.Error(w, "page not rendered", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; form-action 'self'")
	h.Set("Cache-Control", "no-store")
	page(w, status, b.String())
}

// language is what the switch said, else what the browser prefers, else English.
func (s *Sandbox) language(w http.ResponseWriter, r *http.Request) *words {
	choice := r.URL.Query().Get("lang")
	if choice == "zh" || choice == "en" {
		http.SetCookie(w, &http.Cookie{Name: "lang", Value: choice, Path: "/phone", SameSite: http.SameSiteLaxMode})
	} else if c, err := r.Cookie("lang"); err == nil {
		choice = c.Value
	} else {
		choice = r.Header.Get("Accept-Language")
	}
	if strings.HasPrefix(strings.ToLower(choice), "zh") {
		return &chinese
	}
	return &english
}
