package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// setUp makes sure that the machine has what the task needs, and leaves apt alone when it has.
func setUp(ctx context.Context, needs []need) error {
	return step(say("system packages", "系统软件包"), func() error {
		m := thisMachine()
		missing := lacking(needs, machineProbe)
		if names, _ := m.packages(missing); m.mayInstall() && len(names) > 0 {
			if err := aptInstall(ctx, names); err != nil {
				return err
			}
			missing = lacking(needs, machineProbe)
		}
		return report(m, missing)
	})
}

func lacking(needs []need, p probe) []need {
	return slices.DeleteFunc(slices.Clone(needs), func(n need) bool { return n.found(p) })
}

// report names what is missing. It is an error only when the task cannot go on without.
func report(m machine, missing []need) error {
	if len(missing) == 0 {
		fmt.Println("    " + say("Everything is here.", "一应俱全。"))
		return nil
	}
	var hard []need
	for _, n := range missing {
		if n.lack == "" {
			hard = append(hard, n)
		} else {
			fmt.Println("    " + n.lack)
		}
	}
	if len(hard) == 0 {
		if command := m.advice(missing); command != "" {
			fmt.Println("    " + say("To change that: %s", "补装命令：%s", command))
		}
		return nil
	}
	return failure{1, missingText(m, missing, hard)}
}

func missingText(m machine, missing, hard []need) string {
	var whats []string
	for _, n := range hard {
		whats = append(whats, n.what)
	}
	text := say("This machine lacks: %s.", "本机缺少：%s。", strings.Join(whats, ", "))
	command := m.advice(missing)
	switch {
	case command == "":
		return text + "\n" + say("Install them with your system's package manager (the X11 and OpenGL ones as development packages), then run this again.",
			"请用系统的软件包管理器安装（X11 和 OpenGL 需要开发包），然后重新运行。")
	case m.manager() == msys2:
		return text + "\n" + say("Install MSYS2 from https://www.msys2.org, then in its UCRT64 terminal:\n\n    %s\n\nPut C:\\msys64\\ucrt64\\bin on the PATH and run this again.",
			"请从 https://www.msys2.org 安装 MSYS2，然后在 UCRT64 终端中执行：\n\n    %s\n\n把 C:\\msys64\\ucrt64\\bin 加入 PATH 后重新运行。", command)
	default:
		return text + "\n" + say("Install what is missing, then run this again:\n\n    %s\n", "请安装所缺的软件包，然后重新运行：\n\n    %s\n", command)
	}
}

// aptInstall fetches the package lists and installs names. The output of apt is shown only when it fails.
func aptInstall(ctx context.Context, names []string) error {
	fmt.Println("    " + say("Installing %s. This takes a minute or two.", "正在安装 %s，需要一两分钟。", strings.Join(names, " ")))
	env := environment{"DEBIAN_FRONTEND=noninteractive"}
	options := []string{"-qq", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"}
	update := append(slices.Clone(options), "update")
	install := append(append(slices.Clone(options), "install", "-y", "--no-install-recommends"), names...)
	var log bytes.Buffer
	err := retry(ctx, func() error {
		log.Reset()
		for _, args := range [][]string{update, install} {
			cmd := command(ctx, env, "apt-get", args...)
			cmd.Stdout, cmd.Stderr = &log, &log
			if err := cmd.Run(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		os.Stderr.Write(log.Bytes())
		return failure{1, say("apt-get could not install the packages (its words are above). Check the network and run this again.",
			"apt-get 未能安装软件包（其输出见上）。请检查网络后重新运行。")}
	}
	return err
}
