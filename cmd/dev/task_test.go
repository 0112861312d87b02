package main

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"testing"
)

func TestChineseFollowsTheLocale(t *testing.T) {
	for _, c := range []struct {
		lcAll, messages, lang string
		want                  bool
	}{
		{"", "", "", false},
		{"", "", "zh_CN.UTF-8", true},
		{"", "", "en_US.UTF-8", false},
		{"C", "", "zh_CN.UTF-8", false},
		{"", "zh_CN", "C", true},
	} {
		env := func(name string) string {
			switch name {
			case "LC_ALL":
				return c.lcAll
			case "LC_MESSAGES":
				return c.messages
			default:
				return c.lang
			}
		}
		if got := chinese(env); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

func TestWithTags(t *testing.T) {
	for _, c := range []struct{ flags, tags, want string }{
		{"", "", ""},
		{"", "x11", "-tags=x11"},
		{"-buildvcs=false", "x11", "-buildvcs=false -tags=x11"},
		{"-tags=no_emoji -mod=mod", "x11", "-mod=mod -tags=x11,no_emoji"},
		{"--tags=no_emoji", "", "-tags=no_emoji"},
	} {
		if got := withTags(c.flags, c.tags); got != c.want {
			t.Errorf("withTags(%q, %q) = %q, want %q", c.flags, c.tags, got, c.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	got := environment{"CC=clang", "DISPLAY"}.apply([]string{"HOME=/h", "CC=gcc", "DISPLAY=:0", "DISPLAYS=2"})
	if want := []string{"HOME=/h", "DISPLAYS=2", "CC=clang"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestExitCodeIsThatOfTheCommandThatFailed(t *testing.T) {
	failed := exec.Command("go", "tool", "no-such-tool").Run()
	var exit *exec.ExitError
	if !errors.As(failed, &exit) {
		t.Fatalf("go tool no-such-tool: %v", failed)
	}
	if got := exitCode(fmt.Errorf("step: %w", failed)); got != exit.ExitCode() || got == 0 {
		t.Errorf("got %d, want %d", got, exit.ExitCode())
	}
	if got := exitCode(usageError("no")); got != 2 {
		t.Errorf("usage: got %d", got)
	}
	if got := exitCode(errors.New("any")); got != 1 {
		t.Errorf("other: got %d", got)
	}
}

func TestNoDisplay(t *testing.T) {
	for _, c := range []struct {
		goos, name string
		window     bool
	}{
		{"linux", "", false},
		{"linux", "WAYLAND_DISPLAY", false},
		{"linux", "DISPLAY", true},
		{"windows", "", true},
		{"darwin", "", true},
	} {
		env := func(name string) string {
			if name == c.name {
				return ":0"
			}
			return ""
		}
		if got := noDisplay(c.goos, env) == ""; got != c.window {
			t.Errorf("%s with %q: window %v", c.goos, c.name, got)
		}
	}
}
