package words

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"saoma/pos"
)

func TestIn(t *testing.T) {
	for tag, want := range map[string]Language{
		"zh": Zh, "zh-CN": Zh, "zh_CN.UTF-8": Zh, "zh-Hans": Zh, "ZH": Zh,
		"en": En, "en_GB.UTF-8": En, "de": En, "C": En, "": En,
	} {
		if got := In(tag); got != want {
			t.Errorf("In(%q) = %s; want %s", tag, got, want)
		}
	}
}

func TestFromEnvTakesTheFirstThatIsSet(t *testing.T) {
	t.Setenv("LC_ALL", "")
	t.Setenv("LC_MESSAGES", "zh_CN.UTF-8")
	t.Setenv("LANG", "en_US.UTF-8")
	if got := FromEnv(); got != Zh {
		t.Errorf("LC_MESSAGES=zh_CN: %s", got)
	}
	t.Setenv("LC_ALL", "C")
	if got := FromEnv(); got != En {
		t.Errorf("LC_ALL=C: %s", got)
	}
}

func TestErrorIsASentenceInTheLanguage(t *testing.T) {
	_, tooLong := pos.ParseYuan("1.234")
	wrapped := fmt.Errorf("charge: %w", tooLong)
	for _, c := range []struct {
		l    Language
		err  error
		want string
	}{
		{En, tooLong, `The amount "1.234" has more than two decimals.`},
		{Zh, tooLong, `金额 "1.234" 的小数超过两位。`},
		{Zh, wrapped, `金额 "1.234" 的小数超过两位。`},
		{En, errors.New("disk on fire"), "Internal error: see the log."},
		{Zh, errors.New("disk on fire"), "内部错误：请查看日志。"},
	} {
		if got := c.l.Error(c.err); got != c.want {
			t.Errorf("%s: %v: %q; want %q", c.l, c.err, got, c.want)
		}
	}
}

func TestOneIsSingular(t *testing.T) {
	const waits = "%s takes one refund of a payment at a time; try again in %d seconds."
	for n, want := range map[int]string{1: "in 1 second.", 2: "in 2 seconds.", 11: "in 11 seconds."} {
		if got := En.T(waits, pos.WeChat, n); !strings.HasSuffix(got, want) {
			t.Errorf("%d: %q", n, got)
		}
	}
	for many, single := range one() {
		if _, used := zh()[many]; !used || single == many || !slices.Equal(verbs(many), verbs(single)) || strings.Count(many, "%d") != 1 {
			t.Errorf("%q and %q are not one sentence", many, single)
		}
	}
}

func TestArgumentsWithWordsOfTheirOwnAreTranslated(t *testing.T) {
	if got := Zh.T("%s", pos.WeChat); got != "微信支付" {
		t.Errorf("wallet: %q", got)
	}
	inner := pos.Errorf(pos.Conflict, "Only a paid payment can be refunded.")
	if got, want := Zh.T("%s", inner), Zh.T(inner.Format); got != want || got == inner.Format {
		t.Errorf("nested error: %q; want %q", got, want)
	}
	if got := En.T("¥%s", pos.Fen(1250)); got != "¥12.50" {
		t.Errorf("fen: %q", got)
	}
}
