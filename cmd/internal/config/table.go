package config

import (
	"fmt"
	"sort"
	"strings"

	"saoma/pos"
)

// tables reads a decoded file key by key. Reading a key makes it known; a key that nobody read is
// unknown. The first wrong type is kept, so that one file gives one sentence.
type tables struct {
	raw  map[string]any
	read map[string]bool
	err  error
}

func (t *tables) value(key string) (any, bool) {
	t.read[key] = true
	section, name, _ := strings.Cut(key, ".")
	table, ok := t.raw[section].(map[string]any)
	if !ok {
		return nil, false
	}
	v, ok := table[name]
	return v, ok
}

func (t *tables) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// text is the key's text without surrounding blanks, and fallback where the key is absent.
func (t *tables) text(key, fallback string) string {
	v, ok := t.value(key)
	if !ok {
		return fallback
	}
	s, ok := v.(string)
	if !ok {
		t.fail(pos.Errorf(pos.Invalid, "%s must be text in quotes.", key))
	}
	return strings.TrimSpace(s)
}

func (t *tables) boolean(key string) bool {
	v, ok := t.value(key)
	if !ok {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		t.fail(pos.Errorf(pos.Invalid, "%s must be true or false, without quotes.", key))
	}
	return b
}

// unknown returns an error that names the first key nobody read.
func (t *tables) unknown() error {
	sections := map[string]bool{}
	for key := range t.read {
		section, _, _ := strings.Cut(key, ".")
		sections[section] = true
	}
	var strange []string
	for section, v := range t.raw {
		table, isTable := v.(map[string]any)
		if !sections[section] {
			strange = append(strange, section)
			continue
		}
		if !isTable {
			return pos.Errorf(pos.Invalid, "%s must be a section, written as [%s] on its own line.", section, section)
		}
		for name := range table {
			if key := section + "." + name; !t.read[key] {
				strange = append(strange, key)
			}
		}
	}
	if len(strange) == 0 {
		return nil
	}
	sort.Strings(strange)
	return pos.Errorf(pos.Invalid, "%s is not a key of saoma.toml; allowed are %s.", strange[0], t.allowed(strange[0], sections))
}

// allowed lists what may stand where the unknown key stands: the keys of its section, or the sections.
func (t *tables) allowed(strange string, sections map[string]bool) string {
	var names []string
	if section, _, inside := strings.Cut(strange, "."); inside {
		for key := range t.read {
			if s, name, _ := strings.Cut(key, "."); s == section {
				names = append(names, name)
			}
		}
	} else {
		for section := range sections {
			names = append(names, fmt.Sprintf("[%s]", section))
		}
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
