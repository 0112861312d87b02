package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// line is one line of the table.
type line struct {
	row                                  int
	what, measured, limit, ratio, target string
	met                                  string
}

// times are samples of one duration.
type times []time.Duration

// at is the duration that percent of the samples do not exceed.
func (t times) at(percent int) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[max((len(sorted)*percent+99)/100, 1)-1]
}

// String is the median and the 95th percentile.
func (t times) String() string { return ms(t.at(50)) + " / " + ms(t.at(95)) }

// ratioTo compares the medians: a limit's 95th percentile is mostly noise.
func (t times) ratioTo(limit times) string {
	return ratio(float64(t.at(50)), float64(limit.at(50)))
}

func ratio(measured, limit float64) string {
	if limit == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", measured/limit)
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

func met(ok bool) string {
	if ok {
		return say("yes", "达到")
	}
	return say("no", "未达到")
}

// table lays the lines out for a terminal.
func table(lines []line) string {
	rows := [][]string{{
		"", say("measured", "项目"), say("p50 / p95, or rate", "p50 / p95 或速率"), say("limit, same run", "同次运行的极限"),
		say("ratio", "倍率"), say("target", "目标"), say("met", "结果"),
	}}
	for i, l := range lines {
		number := ""
		if i == 0 || lines[i-1].row != l.row {
			number = fmt.Sprint(l.row)
		}
		rows = append(rows, []string{number, l.what, l.measured, l.limit, l.ratio, l.target, l.met})
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], cells(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var text strings.Builder
		for i, cell := range row {
			text.WriteString(cell + strings.Repeat(" ", widths[i]-cells(cell)+2))
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
	return b.String()
}

// cells is how many columns of a terminal s takes: a Chinese character takes two.
func cells(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x2E80 {
			n++
		}
	}
	return n
}

// say picks the reader's language and fills in args. The first locale variable that is set decides.
func say(en, zh string, args ...any) string {
	text := en
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "zh") {
				text = zh
			}
			break
		}
	}
	return fmt.Sprintf(text, args...)
}
