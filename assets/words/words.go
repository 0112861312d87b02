// Package words is the catalogue of every sentence people read, in English and Simplified Chinese.
// The English sentence, a fmt format, is the key; zh-Hans.json holds its translation, and en-one.json
// what English says where the number is one. Both the window and the terminal use it.
package words

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"saoma/pos"
)

// Language is a language the program speaks.
type Language string

const (
	En Language = "en"
	Zh Language = "zh-Hans"
)

// All lists the languages in the order offered to people.
var All = []Language{Zh, En}

//go:embed zh-Hans.json
var zhJSON []byte

//go:embed en-one.json
var oneJSON []byte

var (
	zh  = sync.OnceValue(func() map[string]string { return parse(zhJSON) })
	one = sync.OnceValue(func() map[string]string { return parse(oneJSON) })
)

func parse(embedded []byte) (sentences map[string]string) {
	if err := json.Unmarshal(embedded, &sentences); err != nil {
		panic(err) // the tests read every file
	}
	return sentences
}

// In returns the language for a tag such as "zh-CN", "zh_CN.UTF-8" or "en-GB". Every Chinese tag
// gives Chinese; any other gives English.
func In(tag string) Language {
	if strings.HasPrefix(strings.ToLower(tag), "zh") {
		return Zh
	}
	return En
}

// FromEnv returns the terminal's language: the first of LC_ALL, LC_MESSAGES and LANG that is set.
func FromEnv() Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return In(v)
		}
	}
	return En
}

// Name is the language's name in itself, for a switch.
func (l Language) Name() string {
	if l == Zh {
		return "中文"
	}
	return "English"
}

// T says a sentence in the language. Arguments that have words of their own, such as a wallet or
// another pos.Error, are said in the language too. A sentence without a translation stays English.
func (l Language) T(format string, args ...any) string {
	switch {
	case l == Zh:
		format = cmp.Or(zh()[format], format)
	case isOne(format, args):
		format = cmp.Or(one()[format], format)
	}
	if len(args) == 0 {
		return strings.ReplaceAll(format, "%%", "%")
	}
	said := make([]any, len(args))
	for i, a := range args {
		said[i] = l.say(a)
	}
	return fmt.Sprintf(format, said...)
}

// isOne reports whether the number that a sentence counts with, its %d, is one.
func isOne(format string, args []any) bool {
	before, _, counts := strings.Cut(format, "%d")
	at := strings.Count(before, "%")
	return counts && at < len(args) && fmt.Sprint(args[at]) == "1"
}

// say turns an argument that is more than a string or a number into words.
func (l Language) say(arg any) any {
	switch a := arg.(type) {
	case pos.Wallet:
		return l.T(a.Name())
	case error:
		return l.Error(a)
	}
	return arg
}

// Error says what went wrong and what to do. Only a pos.Error carries a sentence for people;
// anything else is for the log.
func (l Language) Error(err error) string {
	if e, ok := errors.AsType[*pos.Error](err); ok {
		return l.T(e.Format, e.Args...)
	}
	return l.T("Internal error: see the log.")
}
