package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
	ubuntu = "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n"
	mint   = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"
	rocky  = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"
	arch   = "ID=arch\n"
	alpine = "ID=alpine\n"
)

func TestManager(t *testing.T) {
	for _, c := range []struct {
		name     string
		machine  machine
		manager  manager
		installs bool
		advice   string // its beginning
	}{
		{"debian as root", machine{"linux", debian, 0}, apt, true, "apt-get update && apt-get install --no-install-recommends clang libgl1-mesa-dev"},
		{"debian as a user", machine{"linux", debian, 1000}, apt, false, "sudo apt-get update && sudo apt-get install --no-install-recommends clang libgl1-mesa-dev"},
		{"ubuntu as root", machine{"linux", ubuntu, 0}, apt, true, "apt-get update"},
		{"a child of ubuntu", machine{"linux", mint, 1000}, apt, false, "sudo apt-get"},
		{"fedora as root is told, too", machine{"linux", "ID=fedora\n", 0}, dnf, false, "dnf install clang mesa-libGL-devel"},
		{"a child of rhel", machine{"linux", rocky, 1000}, dnf, false, "sudo dnf install clang mesa-libGL-devel"},
		{"arch", machine{"linux", arch, 1000}, pacman, false, "sudo pacman -S --needed clang libglvnd"},
		{"a distribution we do not know", machine{"linux", alpine, 0}, unknown, false, ""},
		{"no os-release", machine{"linux", "", 0}, unknown, false, ""},
		{"windows", machine{"windows", "", -1}, msys2, false, "pacman -S --needed mingw-w64"},
		{"macOS", machine{"darwin", "", 501}, xcode, false, "xcode-select --install"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.machine.manager(); got != c.manager {
				t.Errorf("manager %q, want %q", got, c.manager)
			}
			if got := c.machine.mayInstall(); got != c.installs {
				t.Errorf("installs %v, want %v", got, c.installs)
			}
			missing := []need{clang(nothing), lib("gl", "libgl1-mesa-dev", "mesa-libGL-devel", "libglvnd")}
			if got := c.machine.advice(missing); !strings.HasPrefix(got, c.advice) || got != "" && c.advice == "" {
				t.Errorf("advice %q, want %q…", got, c.advice)
			}
		})
	}
}

func TestPackagesNamesEachOnce(t *testing.T) {
	m := machine{"linux", arch, 1000}
	names, rest := m.packages([]need{tool("", "", "mesa", "a"), tool("", "", "mesa", "b"), tool("only-apt", "", "", "c")})
	if !slices.Equal(names, []string{"mesa"}) || len(rest) != 1 || rest[0].what != "c" {
		t.Errorf("got %v and %d without a package", names, len(rest))
	}
}

func TestUbuntuIsNotSentToTheSnapStore(t *testing.T) {
	missing := lacking(testNeeds("linux"), nothing)
	for release, want := range map[string]bool{debian: true, ubuntu: false} {
		names, _ := machine{"linux", release, 0}.packages(missing)
		if slices.Contains(names, "chromium") != want {
			t.Errorf("chromium among the packages: want %v in %v", want, names)
		}
	}
}

// The names in the table must be those of real packages: where apt is at hand, it is asked.
func TestAptKnowsEveryPackage(t *testing.T) {
	m := thisMachine()
	if m.manager() != apt {
		t.Skip("no apt on this machine")
	}
	names, _ := m.packages(testNeeds("linux"))
	if lists, _ := os.ReadDir("/var/lib/apt/lists"); len(lists) < 3 {
		t.Skip("apt has no package lists; apt-get update fetches them")
	}
	out, err := exec.Command("apt-cache", append([]string{"policy"}, names...)...).Output()
	if err != nil {
		t.Skipf("apt-cache: %v", err)
	}
	for _, name := range names {
		if !strings.Contains("\n"+string(out), "\n"+name+":\n") {
			t.Errorf("apt does not know %s", name)
		}
	}
}
