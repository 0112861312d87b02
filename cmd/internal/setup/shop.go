package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"saoma/cmd/internal/config"
	"saoma/db"
	"saoma/pos"
	flow "saoma/pos/setup"
)

func (a *Assistant) shopValues() flow.Values {
	s := a.kept().Shop
	if s.Name == "" {
		return flow.Values{"shop.counter": "K1", "shop.timezone": "Asia/Shanghai", "shop.day_starts_at": "04:00"}
	}
	minutes := int(s.DayStartsAt.Minutes())
	return flow.Values{
		"shop.name": s.Name, "shop.counter": s.Counter, "shop.timezone": s.TimeZone.String(),
		"shop.day_starts_at": fmt.Sprintf("%02d:%02d", minutes/60, minutes%60),
	}
}

func (a *Assistant) keepShop(_ context.Context, v flow.Values) error {
	return config.Change(a.dir,
		config.Edit{Key: "shop.name", Value: v["shop.name"]},
		config.Edit{Key: "shop.counter", Value: strings.ToUpper(v["shop.counter"])},
		config.Edit{Key: "shop.timezone", Value: v["shop.timezone"]},
		config.Edit{Key: "shop.day_starts_at", Value: startOfDay(v["shop.day_starts_at"])},
	)
}

// startOfDay lets a bare hour count for a time, and writes all with two digits.
func startOfDay(text string) string {
	text = strings.ReplaceAll(text, "：", ":")
	if text != "" && len(text) <= 2 && strings.Trim(text, "0123456789") == "" {
		text += ":00"
	}
	if len(text) == len("4:00") {
		text = "0" + text
	}
	return text
}

func (a *Assistant) managerValues() flow.Values {
	if !a.hasManager() {
		return flow.Values{}
	}
	v := flow.Values{managerPIN: flow.Held, managerAgain: flow.Held}
	_ = a.reading(func(t *pos.Till) error {
		users, err := t.Users(context.Background())
		for _, u := range users {
			if u.Role == pos.Manager && !u.Disabled && v[managerName] == "" {
				v[managerName] = u.Name
			}
		}
		return err
	})
	return v
}

// hasManager asks the ledger until it is so: a manager is never taken away.
func (a *Assistant) hasManager() bool {
	if !a.people {
		_ = a.reading(func(t *pos.Till) error {
			users, err := t.Users(context.Background())
			a.people = len(users) > 0
			return err
		})
	}
	return a.people
}

// hasSold reports whether this counter has ever been paid.
func (a *Assistant) hasSold() (sold bool) {
	_ = a.reading(func(t *pos.Till) error {
		list, err := t.Recent(context.Background(), 50)
		for _, p := range list {
			sold = sold || p.State == pos.Paid
		}
		return err
	})
	return sold
}

// reading reads the ledger, if there is one, beside whoever has it open.
func (a *Assistant) reading(read func(*pos.Till) error) error {
	if _, err := os.Stat(filepath.Join(a.dir, db.FileName)); err != nil {
		return err
	}
	ledger, err := db.OpenReadOnly(context.Background(), a.dir)
	if err != nil {
		return err
	}
	return errors.Join(read(&pos.Till{Shop: a.kept().Shop, Store: ledger}), ledger.Close())
}

// keepManager adds the first user. The ledger keeps the PIN as no more than a hash.
func (a *Assistant) keepManager(ctx context.Context, v flow.Values) error {
	if a.hasManager() {
		if v[managerPIN] == flow.Held {
			return nil
		}
		return pos.Errorf(pos.Conflict, "There is a manager already; who works here is changed by a manager, under people.")
	}
	if err := pos.CheckUserName(v[managerName]); err != nil {
		return flow.At(managerName, err)
	}
	if err := pos.CheckPIN(v[managerPIN]); err != nil {
		return flow.At(managerPIN, err)
	}
	if v[managerPIN] != v[managerAgain] {
		return flow.At(managerAgain, pos.Errorf(pos.Invalid, "The two are not the same; type both again."))
	}
	return a.People(ctx, func(t *pos.Till) error {
		_, err := t.AddUser(ctx, nil, pos.NewUser{Name: v[managerName], Role: pos.Manager, PIN: v[managerPIN]})
		return err
	})
}

// People opens the ledger for what is about people: it needs no papers of any platform.
func (a *Assistant) People(ctx context.Context, change func(*pos.Till) error) error {
	if a.o.Counter != nil {
		return change(a.o.Counter.Till)
	}
	ledger, err := db.Open(ctx, a.dir, db.Options{})
	if err != nil {
		return err
	}
	return errors.Join(change(&pos.Till{Shop: a.kept().Shop, Store: ledger, Log: a.o.Log}), ledger.Close())
}
