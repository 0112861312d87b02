package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"saoma/cmd/internal/doctor"
	"saoma/pos"
)

// diagnosis is one finding as scripts read it.
type diagnosis struct {
	Check string    `json:"check"`
	Level pos.Level `json:"level"`
	Says  string    `json:"says"`
	Do    string    `json:"do"`
}

// doctor looks at everything the counter needs and says what to do. It ends with an error where something is red.
func (a *app) doctor(ctx context.Context, f *flags, args []string) error {
	var o doctor.Options
	only, bundle := f.text("only", "NAME,…"), f.text("bundle", "FILE")
	f.toggle("order", &o.Order)
	f.toggle("serve", &o.Serve)
	_, err := f.parse(args, 0)
	if err != nil || a.asked(f) {
		return err
	}
	if o.Only, err = checkNames(*only); err != nil {
		return err
	}
	if o.Dir, err = a.dir(); err != nil {
		return err
	}
	if *bundle != "" {
		if err := doctor.CheckBundle(*bundle); err != nil {
			return err
		}
	}
	if cfg, err := a.load(); err == nil {
		if o.Vault, err = a.vault(ctx, cfg); err != nil {
			a.complain(err) // the checks that need the keys say so again
		}
	}
	var findings []pos.Finding
	doctor.Run(ctx, o, func(found pos.Finding) {
		findings = append(findings, found)
		a.diagnose(found)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if *bundle != "" {
		if err := doctor.WriteBundle(ctx, *bundle, o, findings); err != nil {
			return err
		}
		a.emit(struct {
			Event string `json:"event"`
			File  string `json:"file"`
		}{"bundle", *bundle}, a.lang.T("The support file is %s. It holds no key and no payer; look into it before you send it.", *bundle))
	}
	if pos.Worst(findings) == pos.Red {
		return errSaid
	}
	return nil
}

// checkNames reads --only.
func checkNames(text string) (list []string, err error) {
	for name := range strings.SplitSeq(text, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
		case slices.Contains(doctor.Names(), name), slices.Contains(doctor.Groups(), name):
			list = append(list, name)
		default:
			return nil, pos.Errorf(pos.Invalid, "--only %q is not a check; it must be a name that saomactl doctor prints, or one of %s.", name, strings.Join(doctor.Groups(), ", "))
		}
	}
	return list, nil
}

// diagnose prints one finding: a mark, the check's name, what was found, and below it what to do.
func (a *app) diagnose(found pos.Finding) {
	d := diagnosis{Check: found.Check, Level: found.Level, Says: a.lang.Error(found.Says)}
	if found.Do != nil {
		d.Do = a.lang.Error(found.Do)
	}
	wide := 0
	for _, name := range doctor.Names() {
		wide = max(wide, len(name))
	}
	line := fmt.Sprintf("%s %-*s  %s", a.mark(found.Level), wide, d.Check, d.Says)
	if d.Do != "" {
		line += fmt.Sprintf("\n   %*s→ %s", wide+1, "", d.Do)
	}
	a.emit(d, line)
}

// mark is a level as a sign, coloured on a terminal.
func (a *app) mark(l pos.Level) string {
	sign, colour := "ok", "32"
	switch l {
	case pos.Yellow:
		sign, colour = "! ", "33"
	case pos.Red:
		sign, colour = "✗ ", "31"
	}
	if !a.terminal() {
		return sign
	}
	return "\x1b[" + colour + "m" + sign + "\x1b[0m"
}
