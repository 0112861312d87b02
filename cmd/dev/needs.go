package main

import (
	"os/exec"
	"path/filepath"
	"runtime"
)

// need is something the machine must have: how to see that it is there, and the package that brings it, by package
// manager. An empty package name means that this manager has none.
type need struct {
	what             string // as a person calls it
	found            func(probe) bool
	apt, dnf, pacman string
	lack             string // set where the task can go on without: the sentence that says what is worse then
}

// probe looks at the machine; tests put other functions in its place.
type probe struct {
	tool func(name string) bool    // is it on the PATH?
	lib  func(name string) bool    // does pkg-config know its headers?
	file func(pattern string) bool // does a file match?
}

var machineProbe = probe{
	tool: func(name string) bool { _, err := exec.LookPath(name); return err == nil },
	lib:  func(name string) bool { return exec.Command("pkg-config", "--exists", name).Run() == nil },
	file: func(pattern string) bool { found, _ := filepath.Glob(pattern); return len(found) > 0 },
}

// browsers are the names under which a Chromium for the phone page's test is found.
var browsers = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}

func lib(name, apt, dnf, pacman string) need {
	return need{
		what: name, apt: apt, dnf: dnf, pacman: pacman,
		found: func(p probe) bool { return p.lib(name) },
	}
}

func tool(apt, dnf, pacman string, names ...string) need {
	return need{
		what: names[0], apt: apt, dnf: dnf, pacman: pacman,
		found: func(p probe) bool { return anyTool(p, names) },
	}
}

func anyTool(p probe, names []string) bool {
	for _, name := range names {
		if p.tool(name) {
			return true
		}
	}
	return false
}

// buildNeeds is what compiling the window takes. On Linux that is X11 only (see buildTags): the Wayland headers would be
// two packages more and every desktop runs X11 programs.
func buildNeeds(goos string) []need {
	switch goos {
	case "windows":
		return []need{tool("", "", "", "clang", "gcc")}
	case "darwin":
		// macOS has a clang that only offers to install Xcode: ask for the developer folder instead.
		return []need{{what: "Xcode command line tools", found: func(p probe) bool {
			return exec.Command("xcode-select", "-p").Run() == nil
		}}}
	}
	needs := []need{
		tool("pkg-config", "pkgconf-pkg-config", "pkgconf", "pkg-config"),
		lib("gl", "libgl1-mesa-dev", "mesa-libGL-devel", "libglvnd"),
		lib("x11", "libx11-dev", "libX11-devel", "libx11"),
		lib("xext", "libxext-dev", "libXext-devel", "libxext"),
		lib("xrender", "libxrender-dev", "libXrender-devel", "libxrender"),
		lib("xcursor", "libxcursor-dev", "libXcursor-devel", "libxcursor"),
		lib("xrandr", "libxrandr-dev", "libXrandr-devel", "libxrandr"),
		lib("xinerama", "libxinerama-dev", "libXinerama-devel", "libxinerama"),
		lib("xi", "libxi-dev", "libXi-devel", "libxi"),
		lib("xxf86vm", "libxxf86vm-dev", "libXxf86vm-devel", "libxxf86vm"),
	}
	return append([]need{clang(machineProbe)}, needs...)
}

// clang compiles the GL bindings in one minute; gcc, which needs eight, will do where nothing can be installed.
func clang(p probe) need {
	n := tool("clang", "clang", "clang", "clang")
	if anyTool(p, []string{"gcc", "cc"}) {
		n.lack = say("Without clang the first build takes about eight minutes instead of one.",
			"没有 clang 时，首次编译约需八分钟，而不是一分钟。")
	}
	return n
}

// testNeeds is what driving the window and the phone page for real takes on top. Both run on Linux only.
func testNeeds(goos string) []need {
	needs := buildNeeds(goos)
	browser := tool("chromium", "chromium", "chromium", browsers...)
	browser.lack = say("Without Chromium or Google Chrome the test of the phone page is skipped.",
		"没有 Chromium 或 Google Chrome 时，手机页面的测试会被跳过。")
	office := tool("libreoffice-calc-nogui", "libreoffice-calc", "libreoffice-fresh", "soffice")
	office.lack = say("Without LibreOffice no other program opens the exported files in the tests.", "没有 LibreOffice 时，测试中不会用别的程序打开导出的文件。")
	if goos != "linux" {
		return append(needs, browser)
	}
	return append(needs,
		tool("xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb", "Xvfb"),
		tool("xauth", "xorg-x11-xauth", "xorg-xauth", "xauth"),
		need{
			what: "software OpenGL", apt: "libgl1-mesa-dri", dnf: "mesa-dri-drivers", pacman: "mesa",
			found: func(p probe) bool {
				return p.file("/usr/lib/*/dri/swrast_dri.so") || p.file("/usr/lib*/dri/swrast_dri.so") ||
					p.file("/usr/lib/*/libgallium-*.so") || p.file("/usr/lib*/libgallium-*.so")
			},
		},
		tool("xdotool", "xdotool", "xdotool", "xdotool"),
		tool("imagemagick", "ImageMagick", "imagemagick", "import"),
		tool("zbar-tools", "zbar", "zbar", "zbarimg"),
		tool("xclip", "xclip", "xclip", "xclip"),
		tool("poppler-utils", "poppler-utils", "poppler", "pdftotext"),
		sshServer(machineProbe),
		keychain("dbus-daemon", "dbus-daemon", "dbus", "dbus-daemon"),
		keychain("gnome-keyring", "gnome-keyring", "gnome-keyring", "gnome-keyring-daemon"),
		office,
		browser,
	)
}

// sshServer is what the tunnels' tests log in to. Its package also starts a server for everybody, so a machine that runs
// services is only told of it; a container has none that would start.
func sshServer(p probe) need {
	n := need{
		what: "sshd", apt: "openssh-server", dnf: "openssh-server", pacman: "openssh",
		found: func(p probe) bool { return p.tool("sshd") || p.file("/usr/sbin/sshd") },
		lack:  say("Without OpenSSH's server the tests of the ssh tunnel are skipped.", "没有 OpenSSH 服务器时，ssh 隧道的测试会被跳过。"),
	}
	if p.file("/run/systemd/system") {
		n.apt = ""
	}
	return n
}

// keychain is one of the two programs that make the keychain of a test.
func keychain(apt, dnf, pacman, name string) need {
	n := tool(apt, dnf, pacman, name)
	n.lack = say("Without dbus-daemon and gnome-keyring the tests of the keychain are skipped.", "没有 dbus-daemon 和 gnome-keyring 时，钥匙串的测试会被跳过。")
	return n
}

// buildTags keeps every go command of a task on one set of compiled packages.
func buildTags() string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return ""
	}
	return "x11"
}
