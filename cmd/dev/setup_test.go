package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

var (
	nothing = probe{
		tool: func(string) bool { return false },
		lib:  func(string) bool { return false },
		file: func(string) bool { return false },
	}
	allThere = probe{
		tool: func(string) bool { return true },
		lib:  func(string) bool { return true },
		file: func(string) bool { return true },
	}
)

func TestLacking(t *testing.T) {
	needs := testNeeds("linux")
	if got := lacking(needs, allThere); len(got) != 0 {
		t.Errorf("a warm machine lacks %d things", len(got))
	}
	if got := lacking(needs, nothing); len(got) != len(needs) {
		t.Errorf("a bare machine lacks %d of %d", len(got), len(needs))
	}
	noXi := allThere
	noXi.lib = func(name string) bool { return name != "xi" }
	if got := lacking(needs, noXi); len(got) != 1 || got[0].apt != "libxi-dev" {
		t.Errorf("without xi: %v", whats(got))
	}
	chrome := nothing
	chrome.tool = func(name string) bool { return name == "google-chrome" }
	if slices.Contains(whats(lacking(needs, chrome)), "chromium") {
		t.Error("Google Chrome must do for Chromium")
	}
}

func whats(needs []need) []string {
	var out []string
	for _, n := range needs {
		out = append(out, n.what)
	}
	return out
}

func TestReportStopsOnlyForWhatIsIndispensable(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	m := machine{"linux", debian, 1000}
	gcc := nothing
	gcc.tool = func(name string) bool { return name == "gcc" }
	if err := report(m, []need{clang(gcc)}); err != nil {
		t.Errorf("with gcc there: %v", err)
	}
	err := report(m, []need{clang(nothing), lib("xi", "libxi-dev", "", "")})
	var own failure
	if !errors.As(err, &own) || own.code != 1 {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"lacks: clang, xi.", "    sudo apt-get update && sudo apt-get install --no-install-recommends clang libxi-dev\n"} {
		if !strings.Contains(own.text, want) {
			t.Errorf("%q does not say %q", own.text, want)
		}
	}
	if err := report(machine{"linux", alpine, 0}, []need{clang(nothing)}); err == nil || !strings.Contains(err.Error(), "package manager") {
		t.Errorf("on an unknown system: %v", err)
	}
}
