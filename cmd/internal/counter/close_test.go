package counter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saoma/assets/words"
	"saoma/pos"
)

// TestAClosedDaysFilesStay: a day that is opened and closed again gets further files; the first ones may be signed.
func TestAClosedDaysFilesStay(t *testing.T) {
	dir, _ := newFolder(t)
	c := open(t, dir)
	defer c.Close()
	c.Config.Export.Folder = t.TempDir()
	closeDay := func() map[string]string {
		t.Helper()
		closed, err := c.CloseDay(t.Context(), pos.CloseDayRequest{Actor: "王店长"}, words.Zh)
		if err != nil || len(closed.Days) != 1 || len(closed.Days[0].Files) != 3 {
			t.Fatal(closed, err)
		}
		texts := map[string]string{}
		for _, file := range closed.Days[0].Files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[file] = string(text)
		}
		return texts
	}
	first := closeDay()
	if err := c.Till.ReopenDay(t.Context(), "王店长", "关早了"); err != nil {
		t.Fatal(err)
	}
	for file := range closeDay() {
		ending := filepath.Ext(file)
		if before := strings.TrimSuffix(file, "-2"+ending) + ending; first[before] == "" {
			t.Errorf("%s is the second of none", file)
		}
	}
	for file, text := range first {
		if now, err := os.ReadFile(file); err != nil || string(now) != text {
			t.Errorf("%s was changed by the second close (%v)", file, err)
		}
	}
}
