package main

import (
	"os"
	"runtime"
	"slices"
	"strings"
)

// manager is the way system packages come onto a machine.
type manager string

const (
	apt     manager = "apt"
	dnf     manager = "dnf"
	pacman  manager = "pacman"
	msys2   manager = "msys2"
	xcode   manager = "xcode"
	unknown manager = ""
)

// machine is what decides how packages are installed here.
type machine struct {
	goos      string
	osRelease string // the text of /etc/os-release, "" where there is none
	uid       int    // -1 on Windows
}

func thisMachine() machine {
	release, _ := os.ReadFile("/etc/os-release") // absent outside Linux
	return machine{goos: runtime.GOOS, osRelease: string(release), uid: os.Getuid()}
}

// ids are the distribution's own name and those it descends from, nearest first (os-release(5): ID, ID_LIKE).
func (m machine) ids() []string {
	var id, like []string
	for line := range strings.Lines(m.osRelease) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		words := strings.Fields(strings.Trim(value, `"'`))
		switch name {
		case "ID":
			id = words
		case "ID_LIKE":
			like = words
		}
	}
	return append(id, like...)
}

func (m machine) manager() manager {
	switch m.goos {
	case "windows":
		return msys2
	case "darwin":
		return xcode
	}
	for _, id := range m.ids() {
		switch id {
		case "debian", "ubuntu":
			return apt
		case "fedora", "rhel", "centos":
			return dnf
		case "arch":
			return pacman
		}
	}
	return unknown
}

// mayInstall tells whether we install packages ourselves: as root on Debian and its kin, and nowhere else.
func (m machine) mayInstall() bool { return m.manager() == apt && m.uid == 0 }

// packages are the names that bring the missing needs here, each once; rest is what this manager has no package for.
func (m machine) packages(missing []need) (names []string, rest []need) {
	for _, n := range missing {
		name := map[manager]string{apt: n.apt, dnf: n.dnf, pacman: n.pacman}[m.manager()]
		// Ubuntu's chromium is a door to its snap store, which a server or a container does not have.
		if name == "" || name == "chromium" && slices.Contains(m.ids(), "ubuntu") {
			rest = append(rest, n)
			continue
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, rest
}

// advice is the command a person types to get what is missing, or "" where we know none.
func (m machine) advice(missing []need) string {
	sudo := "sudo "
	if m.uid == 0 {
		sudo = ""
	}
	names, _ := m.packages(missing)
	list := strings.Join(names, " ")
	switch m.manager() {
	case xcode:
		return "xcode-select --install"
	case msys2:
		return "pacman -S --needed mingw-w64-ucrt-x86_64-clang mingw-w64-ucrt-x86_64-gcc"
	case unknown:
		return ""
	}
	if list == "" {
		return ""
	}
	switch m.manager() {
	case dnf:
		return sudo + "dnf install " + list
	case pacman:
		return sudo + "pacman -S --needed " + list
	default:
		return sudo + "apt-get update && " + sudo + "apt-get install --no-install-recommends " + list
	}
}
