package main

import (
	"errors"
	"flag"
	"io"
	"strconv"
	"strings"

	"saoma/assets/words"
	"saoma/pos"
	"saoma/ui"
	"saoma/ui/kit"
)

// flags are what the command line says.
type flags struct {
	data    string
	cashier string
	lang    words.Language
	scale   float32
	at      *ui.Place
	mute    bool
}

var errHelp = errors.New("help")

// parseFlags reads the command line. Its errors are sentences that name the flag and what is allowed.
func parseFlags(args []string) (f flags, err error) {
	var lang, scale, at string
	set := flag.NewFlagSet("saoma", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&f.data, "data", "", "")
	set.StringVar(&f.cashier, "cashier", "", "")
	set.BoolVar(&f.mute, "mute", false, "")
	set.StringVar(&lang, "lang", "", "")
	set.StringVar(&scale, "scale", "", "")
	set.StringVar(&at, "customer-at", "", "")
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return f, errHelp
	} else if err != nil || set.NArg() > 0 {
		return f, pos.Errorf(pos.Invalid, "The command line is not understood; allowed are %s.", "--data --lang --scale --customer-at --cashier --mute")
	}
	if f.lang, err = readLanguage(lang); err != nil {
		return f, err
	}
	if f.scale, err = readScale(scale); err != nil {
		return f, err
	}
	f.at, err = readPlace(at)
	return f, err
}

func readLanguage(s string) (words.Language, error) {
	switch s {
	case "":
		return "", nil
	case "zh", "en":
		return words.In(s), nil
	}
	return "", pos.Errorf(pos.Invalid, "--lang must be zh or en, not %q.", s)
}

func readScale(s string) (float32, error) {
	if s == "" {
		return 0, nil
	}
	least, most := kit.Scales[0], kit.Scales[len(kit.Scales)-1]
	v, err := strconv.ParseFloat(s, 32)
	if err != nil || float32(v) < least || float32(v) > most {
		return 0, pos.Errorf(pos.Invalid, "--scale must be a number from %v to %v, such as 1.25.", least, most)
	}
	return float32(v), nil
}

// readPlace reads X,Y in the desktop's coordinates; both may be negative.
func readPlace(s string) (*ui.Place, error) {
	if s == "" {
		return nil, nil
	}
	left, right, _ := strings.Cut(s, ",")
	x, errX := strconv.Atoi(left)
	y, errY := strconv.Atoi(right)
	if errX != nil || errY != nil {
		return nil, pos.Errorf(pos.Invalid, "--customer-at must be the customer window's place X,Y, such as 1920,0.")
	}
	return &ui.Place{X: x, Y: y}, nil
}

func (f flags) options() ui.Options {
	return ui.Options{Cashier: f.cashier, Language: f.lang, Scale: f.scale, Mute: f.mute, CustomerAt: f.at}
}

// language is what is spoken before the preferences can be read.
func (f flags) language() words.Language {
	if f.lang == "" {
		return words.FromEnv()
	}
	return f.lang
}

func usage(l words.Language) string {
	return l.T("Saoma, the counter with a window. Usage:") + "\n" +
		"  saoma [--data DIR] [--lang zh|en] [--scale 1.25] [--customer-at X,Y] [--cashier NAME] [--mute]\n" +
		l.T("--data is the data folder; --customer-at opens the customer window there, such as 1920,0 for a second monitor.") + "\n"
}
