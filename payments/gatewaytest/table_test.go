package gatewaytest

import (
	"strings"
	"testing"

	"saoma/pos"
)

func TestTableIsWhole(t *testing.T) {
	for w, want := range map[pos.Wallet]int{pos.WeChat: 22, pos.Alipay: 19} {
		cells, err := cellsOf(w, table)
		if err != nil {
			t.Fatal(err)
		}
		na := 0
		for _, c := range cells {
			if c.na != "" {
				na++
			}
		}
		if len(cells) != (len(must)+2)*len(operations) || na != want {
			t.Errorf("%s: %d cells, %d of them not applicable, want %d", w, len(cells), na, want)
		}
	}
	for reason := range why {
		if !strings.Contains(table, "n/a:"+reason) {
			t.Errorf("%s explains no cell", reason)
		}
	}
}

// The reader is seen refusing a table with a hole.
func TestTableWithAHole(t *testing.T) {
	for name, change := range map[string][2]string{
		"a row":                  {"dns ", "\x00"},
		"a cell":                 {"n/a:is-true", ""},
		"an unexplained cell":    {"n/a:is-true", "n/a"},
		"an answer not known":    {"abnormal/paid", "fine/paid"},
		"a holding not known":    {"abnormal/paid", "abnormal/lost"},
		"a wallet without a row": {"slow             wechat", "slow             alipay"},
		"a row twice":            {"http_502 ", "http_500 "},
		"a column":               {" query_unpaid ", " "},
	} {
		if !strings.Contains(table, change[0]) {
			t.Fatalf("%s: the table has no %q", name, change[0])
		}
		broken := strings.Replace(table, change[0], change[1], 1)
		if change[1] == "\x00" { // the whole line
			before, rest, _ := strings.Cut(table, change[0])
			_, after, _ := strings.Cut(rest, "\n")
			broken = before + after
		}
		if _, err := cellsOf(pos.WeChat, broken); err == nil {
			t.Errorf("a table without %s passes", name)
		}
	}
}
