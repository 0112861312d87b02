package main

import (
	"slices"
	"strings"

	"saoma/assets/words"
	"saoma/pos"
)

// flags reads one command's line. Flags may stand before, between and behind the arguments, each once.
type flags struct {
	name  string // of the command
	usage string // how to write it, after "saomactl"
	list  []*option
	help  bool
}

// option is one flag.
type option struct {
	name  string
	value string // how its value is written; empty: a switch
	set   func(string) error
	given bool
	many  bool // may be repeated
}

// flags starts the flags of a command with those that every command takes.
func (a *app) flags(name, usage string) *flags {
	f := &flags{name: name, usage: usage}
	f.add("data", "DIR", func(s string) error { a.data = s; return nil })
	f.toggle("json", &a.json)
	f.add("user", "NAME", func(s string) error { a.user = s; return nil })
	f.add("pin-file", "FILE", func(s string) error { a.pinFile = s; return nil })
	f.add("lang", "zh|en", func(s string) error {
		if s != "zh" && s != "en" {
			return pos.Errorf(pos.Invalid, "%s must be %s.", "--lang", "zh|en")
		}
		a.lang = words.In(s)
		return nil
	})
	f.toggle("help", &f.help)
	return f
}

func (f *flags) add(name, value string, set func(string) error) {
	f.list = append(f.list, &option{name: name, value: value, set: set})
}

func (f *flags) toggle(name string, to *bool) {
	f.list = append(f.list, &option{name: name, set: func(string) error { *to = true; return nil }})
}

// text adds a flag whose value is kept as it is.
func (f *flags) text(name, value string) *string {
	s := new(string)
	f.add(name, value, func(v string) error { *s = v; return nil })
	return s
}

// each adds a flag that may be repeated.
func (f *flags) each(name, value string) *[]string {
	list := new([]string)
	f.add(name, value, func(v string) error { *list = append(*list, v); return nil })
	f.list[len(f.list)-1].many = true
	return list
}

// given reports whether the flag was on the line.
func (f *flags) given(name string) bool {
	return slices.ContainsFunc(f.list, func(o *option) bool { return o.name == name && o.given })
}

// leading reads the flags up to the first argument and returns the rest. Each may be repeated behind
// the command.
func (f *flags) leading(args []string) (rest []string, err error) {
	for len(args) > 0 && isFlag(args[0]) {
		if args, err = f.one(args); err != nil {
			return nil, err
		}
	}
	return args, nil
}

// parse reads the whole line and demands exactly n arguments.
func (f *flags) parse(args []string, n int) (arguments []string, err error) {
	return f.parseSome(args, n, n)
}

// parseSome is parse with an optional end: from least to most arguments.
func (f *flags) parseSome(args []string, least, most int) (arguments []string, err error) {
	for len(args) > 0 {
		if args[0] == "--" {
			arguments, args = append(arguments, args[1:]...), nil
			break
		}
		if !isFlag(args[0]) {
			arguments, args = append(arguments, args[0]), args[1:]
			continue
		}
		if args, err = f.one(args); err != nil {
			return nil, err
		}
	}
	switch {
	case f.help:
		return nil, nil
	case len(arguments) < least:
		return nil, pos.Errorf(pos.Invalid, "An argument is missing; write it like this: saomactl %s", f.usage)
	case len(arguments) > most:
		return nil, pos.Errorf(pos.Invalid, "%q is one argument too many; write it like this: saomactl %s", arguments[most], f.usage)
	}
	return arguments, nil
}

// isFlag tells a flag from an argument: a negative amount is an argument, to be refused as an amount.
func isFlag(s string) bool {
	return len(s) > 1 && s[0] == '-' && s != "--" && (s[1] < '0' || s[1] > '9') && s[1] != '.'
}

// one reads the flag that args begins with and returns what follows it.
func (f *flags) one(args []string) (rest []string, err error) {
	name, value, attached := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	rest = args[1:]
	if name == "h" {
		name = "help"
	}
	i := slices.IndexFunc(f.list, func(o *option) bool { return o.name == name })
	if i < 0 {
		return nil, pos.Errorf(pos.Invalid, "%s is not a flag of %s; allowed are %s.", args[0], f.name, f.allowed())
	}
	o := f.list[i]
	switch {
	case o.given && !o.many:
		return nil, pos.Errorf(pos.Invalid, "%s is given twice; give it once.", shown(name))
	case o.value == "" && attached:
		return nil, pos.Errorf(pos.Invalid, "%s takes no value.", shown(name))
	case o.value != "" && !attached:
		if len(rest) == 0 || isFlag(rest[0]) {
			return nil, pos.Errorf(pos.Invalid, "%s needs a value; write it like this: %s", shown(name), shown(name)+" "+o.value)
		}
		value, rest = rest[0], rest[1:]
	}
	if o.value != "" && value == "" {
		return nil, pos.Errorf(pos.Invalid, "%s needs a value; write it like this: %s", shown(name), shown(name)+" "+o.value)
	}
	o.given = true
	return rest, o.set(value)
}

// allowed lists the flags.
func (f *flags) allowed() string {
	list := make([]string, len(f.list))
	for i, o := range f.list {
		list[i] = shown(o.name)
	}
	return strings.Join(list, ", ")
}

// shown is the flag as a person writes it.
func shown(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
