package wire

import (
	"fmt"

	"saoma/pos"
)

// Yuan reads an amount of yuan as the platforms write it in text: two decimals, no sign, and nothing else.
func Yuan(s string) (pos.Fen, error) {
	if len(s) < 4 || s[len(s)-3] != '.' {
		return 0, fmt.Errorf("the amount %q has not two decimals", Clean(s))
	}
	f, err := pos.ParseYuan(s)
	if err != nil {
		return 0, fmt.Errorf("the amount %q is not one", Clean(s))
	}
	return f, nil
}
