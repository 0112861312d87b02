package ui

import (
	"slices"
	"strings"

	"saoma/assets/words"
	"saoma/pos/report"
	"saoma/ui/kit"
)

// auditActions are what the button of actions turns through: what a manager looks for. Empty: all.
var auditActions = []string{
	"", "refund", "approve", "cancel", "resolve", "day_close", "day_reopen", "sign_in", "lock", "user_add", "user_role", "user_pin", "user_disable",
}

// firstLetter is what a disc shows of a name, which may begin with an article.
func firstLetter(name string) string {
	for _, article := range []string{"the ", "a "} {
		name = strings.TrimPrefix(name, article)
	}
	return strings.ToUpper(string([]rune(name)[:1]))
}

// auditMark is an actor's first character; people stand out from the program.
func auditMark(l words.Language, actor string, people []string) kit.WalletMark {
	colour := kit.Muted
	if actor != "" && slices.Contains(people, actor) {
		colour = kit.Navy
	}
	return kit.WalletMark{Character: firstLetter(report.AuditActor(l, actor)), Color: colour}
}
