package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/pos"
)

// trail is an audit chain of n rows that answers as a ledger does.
type trail struct {
	n     int64
	pages int
	fails int // the page that cannot be read
}

var errDisk = errors.New("the disk fails")

func (c *trail) read(_ context.Context, f pos.AuditFilter) (rows []pos.AuditRow, err error) {
	if c.pages++; c.pages == c.fails {
		return nil, errDisk
	}
	seq := c.n
	if f.Before != 0 {
		seq = f.Before - 1
	}
	for ; seq > 0 && len(rows) < f.Limit; seq-- {
		rows = append(rows, pos.AuditRow{
			Seq: seq, At: time.Date(2026, 1, 31, 16, 0, 0, 5e6, time.UTC), Hash: "ab12",
			AuditEntry: pos.AuditEntry{Actor: "=cmd|' /C calc'!A0", Action: "charge", Subject: "T1", To: "created", Detail: "小李, \"12.50\"\n-1"},
		})
	}
	return rows, nil
}

func TestAuditRows(t *testing.T) {
	for _, test := range []struct {
		n           int64
		limit, want int
	}{{0, 0, 0}, {1, 0, 1}, {auditPage, 0, auditPage}, {auditPage + 1, 0, auditPage + 1}, {2500, 0, 2500}, {2500, 7, 7}, {2500, 1001, 1001}, {5, 7, 5}} {
		var seqs []int64
		for r, err := range AuditRows(t.Context(), (&trail{n: test.n}).read, pos.AuditFilter{Limit: test.limit}) {
			if err != nil {
				t.Fatal(err)
			}
			seqs = append(seqs, r.Seq)
		}
		if len(seqs) != test.want || (test.want > 0 && (seqs[0] != test.n || seqs[len(seqs)-1] != test.n-int64(test.want)+1)) {
			t.Errorf("%d rows of %d, limit %d: %d", len(seqs), test.n, test.limit, test.want)
		}
		if slices.Sort(seqs); len(slices.Compact(seqs)) != test.want {
			t.Errorf("a row twice of %d, limit %d", test.n, test.limit)
		}
	}
}

func TestAuditCSV(t *testing.T) {
	rows := AuditRows(t.Context(), (&trail{n: 2}).read, pos.AuditFilter{})
	var b bytes.Buffer
	if err := WriteAuditCSV(&b, words.En, rows, shop.TimeZone); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(b.String(), "\ufeff")
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(records) != 3 || len(records[0]) != 9 {
		t.Fatalf("%q, %v", records, err)
	}
	want := []string{"2", "2026-02-01 00:00:00.005", "'=cmd|' /C calc'!A0", "charge", "T1", "", "created", "小李, \"12.50\"\n-1", "ab12"}
	if !slices.Equal(records[1], want) {
		t.Errorf("%q\nwant %q", records[1], want)
	}
}

func TestAuditJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteAuditJSON(&b, AuditRows(t.Context(), (&trail{n: 2}).read, pos.AuditFilter{}), shop.TimeZone); err != nil {
		t.Fatal(err)
	}
	var got auditLine
	if err := json.NewDecoder(&b).Decode(&got); err != nil || got.Seq != 2 || got.At.Format(time.RFC3339) != "2026-02-01T00:00:00+08:00" || got.Hash != "ab12" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAuditUnreadable(t *testing.T) {
	for _, write := range []func() error{
		func() error {
			return WriteAuditCSV(&bytes.Buffer{}, words.En, AuditRows(t.Context(), (&trail{n: 2500, fails: 2}).read, pos.AuditFilter{}), time.UTC)
		},
		func() error {
			return WriteAuditJSON(&bytes.Buffer{}, AuditRows(t.Context(), (&trail{n: 2500, fails: 2}).read, pos.AuditFilter{}), time.UTC)
		},
	} {
		if err := write(); !errors.Is(err, errDisk) {
			t.Error(err)
		}
	}
}
