package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"saoma/pos"
	"saoma/ui/display"
	"saoma/ui/kit"
)

// recentShown is how many payments the list holds.
const recentShown = 10

// How long a passing sentence takes the place of the state line; an alarm stays longer, or until the
// next key.
const (
	noticeTime = 5 * time.Second
	alarmTime  = 2 * time.Minute
)

// patience is how long nothing is painted after a charge began. The code usually arrives sooner, and a
// frame that says "asking" would only stand in its way; a person takes up to a tenth of a second for at once.
const patience = 100 * time.Millisecond

// Cashier is the cashier's window. All its fields belong to the UI thread.
type Cashier struct {
	room
	opts Options
	till *pos.Till

	amount     amountField
	fresh      bool         // the next digit begins a new amount
	current    *pos.Payment // on the screen; nil: none
	second     *pos.Payment // of the same order, offered through the other wallet beside current; nil: none
	charging   pos.Wallet   // a code is being asked for; empty: none
	busy       bool         // a call that must not be doubled is under way
	held       bool         // nothing is painted for a moment
	unanswered bool         // the platform gave no clear answer to the last question
	notice     line
	noticeEnds time.Time
	recent     []pos.Payment
	lastWallet pos.Wallet
	loaded     bool // what the ledger holds is shown
	hubAt      int  // the hub's tab that was looked at last
	peopled    bool // the ledger has users: whoever works here signs in
	uses       int  // kit.Uses when it grew last
	usedAt     time.Time
	undecided  int   // exceptions that wait for a manager
	counts     int   // how often they were counted
	damage     error // why the ledger is only read any more; nil: it is sound

	header   *header
	sale     *sale
	panel    *payPanel
	list     *recentList
	state    *kit.StateLine
	customer *display.Window
	question *kit.Question
	banners  *banners
	columns  *fyne.Container // the till
	listRule *canvas.Rectangle
	body     *fyne.Container // the columns, or a page in their place
	page     page
}

// Open makes the cashier's window, shows it, and shows again a payment that was still waiting when
// the program ended. Call it on the UI thread, before app.Run.
func Open(app fyne.App, o Options) *Cashier { return open(app, o, fyne.Do) }

func open(app fyne.App, o Options, do func(func())) *Cashier {
	prefs := app.Preferences()
	app.Settings().SetTheme(kit.NewTheme(scale(o, prefs)))
	c := &Cashier{
		room: newRoom(app, Language(o, prefs), do), opts: o, till: o.Till,
		amount:     amountField{max: o.Till.Shop.MaxCharge},
		lastWallet: pos.Wallet(prefs.String(prefWallet)),
		usedAt:     time.Now(),
	}
	if _, ok := c.till.Gateways[c.lastWallet]; !ok {
		c.lastWallet = c.firstWallet()
	}
	c.win.SetCloseIntercept(c.onClose)
	c.listenToKeys()
	c.buildUI()
	c.win.Resize(fyne.NewSize(1280, 800))
	c.win.Show()
	c.till.Subscribe(func(e pos.Event) { c.do(func() { c.onEvent(e) }) })
	if o.OnDamage != nil {
		o.OnDamage(func(err error) { c.do(func() { c.onDamage(err) }) })
	}
	c.load()
	go c.tick()
	if prefs.Bool(prefCustomer) || o.CustomerAt != nil {
		c.openCustomer()
	}
	return c
}

// firstWallet is the first wallet that is set up here.
func (c *Cashier) firstWallet() pos.Wallet {
	for _, w := range pos.Wallets {
		if _, ok := c.till.Gateways[w]; ok {
			return w
		}
	}
	return pos.WeChat
}

// buildUI makes all widgets anew, in the language and at the scale in force, from what is known.
func (c *Cashier) buildUI() {
	title := ""
	if c.sale != nil {
		title = c.sale.title.Text
	}
	c.win.SetTitle(c.l.T("Saoma 扫码收银 – %s", c.till.Shop.Name))
	c.header = newHeader(c)
	c.sale = newSale(c, title)
	c.panel = newPayPanel(c)
	c.list = newRecentList(c)
	c.state = kit.NewStateLine()
	c.banners = newBanners()
	c.banners.show(c)
	c.listRule = kit.Rule()
	right := kit.Row(0, kit.Share(35, c.panel.object), kit.Fixed(c.listRule), kit.Share(26, c.list.object))
	c.columns = kit.Row(0, kit.Share(41, c.sale.object), kit.Fixed(kit.Rule()), kit.Share(61, right))
	c.body = container.NewStack()
	if c.page != nil {
		c.page.update()
	}
	c.fillBody()
	c.win.SetContent(kit.Col(0, kit.Fixed(c.header.object), kit.Fixed(c.banners.object), kit.Grow(1, c.body), kit.Fixed(c.state)))
	c.render()
}

// hold paints nothing until the code is there, something went wrong, or patience ends.
func (c *Cashier) hold() {
	c.held = true
	time.AfterFunc(patience, func() {
		c.do(func() {
			if c.held {
				c.held = false
				c.render()
			}
		})
	})
}

// render brings every part of the window, and the customer's, in line with what is known.
func (c *Cashier) render() {
	if c.held {
		return
	}
	now := time.Now()
	c.list.show(c.recent)
	c.header.show(c, now)
	c.banners.show(c)
	c.sale.show(c)
	c.panel.show(c, now)
	c.widen(c.second != nil)
	sentence := c.sentence(now)
	c.state.Say(sentence.text, sentence.tone)
	c.showCustomer(now)
}

// widen gives two codes the room of the list.
func (c *Cashier) widen(wide bool) {
	if c.listRule.Visible() == wide {
		c.list.object.Hidden, c.listRule.Hidden = wide, wide
		c.columns.Refresh()
	}
}

// sentence is a passing notice, or else the state of things.
func (c *Cashier) sentence(now time.Time) line {
	if now.Before(c.noticeEnds) {
		return c.notice
	}
	return say(c.l, situation{
		payment: c.current, charging: c.charging, unanswered: c.unanswered,
		now: now, zone: c.till.Shop.TimeZone,
	})
}

// live reports whether the payment on the screen can still be paid by the customer.
func (c *Cashier) live() bool { return c.current != nil && payable(c.current) }

// paid reports whether the screen shows a payment that has arrived.
func (c *Cashier) paid() bool { return c.current != nil && c.current.State == pos.Paid }

// payable reports whether p has not been withdrawn from the customer.
func payable(p *pos.Payment) bool { return p.State == pos.Created || p.State == pos.Waiting }

// notify shows a passing sentence.
func (c *Cashier) notify(text string, tone kit.Tone) {
	lasts := noticeTime
	if tone == kit.Alarmed {
		lasts = alarmTime
	}
	c.notice, c.noticeEnds = line{text, tone}, time.Now().Add(lasts)
	c.render()
}

// dismiss takes a passing sentence away, because a person went on.
func (c *Cashier) dismiss() { c.noticeEnds = time.Time{} }

// alarmed reports whether a sentence is shown that no good news may hide.
func (c *Cashier) alarmed() bool {
	return c.notice.tone == kit.Alarmed && time.Now().Before(c.noticeEnds)
}

// complain shows why something could not be done.
func (c *Cashier) complain(err error) {
	tone := kit.Alarmed
	if code := pos.CodeOf(err); code == pos.Invalid || code == pos.Unavailable || code == pos.Conflict {
		tone = kit.Doubtful
	}
	c.notify(c.l.Error(err), tone)
}

// tick renders once a second what changes with time alone.
func (c *Cashier) tick() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-ticker.C:
			c.do(c.onTick)
		}
	}
}

func (c *Cashier) onTick() {
	now := time.Now()
	c.lockIdle(now)
	if !c.noticeEnds.IsZero() && now.After(c.noticeEnds) {
		c.noticeEnds = time.Time{}
		c.render()
		return
	}
	c.header.tick(now)
	if c.live() {
		c.panel.tick(c, now)
	}
	c.showCustomer(now)
}
