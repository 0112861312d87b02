package main

import (
	"fmt"
	"os"
	"strings"
)

// say picks the reader's language, English or Simplified Chinese, and fills in args.
func say(en, zh string, args ...any) string {
	text := en
	if chinese(os.Getenv) {
		text = zh
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// chinese follows the order in which POSIX consults the locale variables: the first one that is set decides.
func chinese(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			return strings.HasPrefix(value, "zh")
		}
	}
	return false
}
