// Command dev sets a machine up and does the every-day tasks of the project:
//
//	go run ./cmd/dev run|test|soak|bench|shots|help
//
// It needs nothing but the Go toolchain: the standard library only and no cgo, so it starts on a machine where the
// window cannot be built yet, finds out what is missing and says or does what helps.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := dispatch(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitCode(err))
	}
}

func dispatch(ctx context.Context, args []string) error {
	name := "help"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	task, ok := map[string]func(context.Context, []string) error{
		"run": run, "test": test, "soak": soak, "bench": bench, "shots": shots,
	}[name]
	if !ok {
		fmt.Print(usage())
		if strings.Trim(name, "-") == "help" || name == "-h" {
			return nil
		}
		return usageError(say("There is no task %q.", "没有名为 %q 的任务。", name))
	}
	if err := atRoot(); err != nil {
		return err
	}
	return task(ctx, args)
}

func usage() string {
	return say(`Usage: go run ./cmd/dev TASK

  run   [--data DIR]  set up this machine, build, and open the counter on a sandbox (default folder: data);
                      without a display, make one demonstration sale per wallet in the terminal
  test                set up this machine and run every check and test
  soak [PACKAGE...]   run the fault tests at full length and fuzz every parser; takes the better part of an hour
  bench [ARGS]        measure, and print each figure beside its limit
  shots [DIR]         take the screenshots of the README (default folder: assets/readme)
  help                this page
`, `用法：go run ./cmd/dev 任务

  run   [--data 目录]  准备本机、编译，并以沙箱打开收银台（默认目录：data）；
                       没有图形界面时，在终端里为每种钱包演示一笔收款
  test                 准备本机，运行全部检查和测试
  soak [包...]         以完整长度运行故障测试并对每个解析器做模糊测试；全部需数十分钟
  bench [参数]         测量，并把每个数值与其上限并列打印
  shots [目录]         拍摄 README 的截图（默认目录：assets/readme）
  help                 显示本页
`)
}

// atRoot makes sure that the paths the tasks use mean the project's own folders.
func atRoot() error {
	if _, err := os.Stat("go.mod"); err != nil {
		return usageError(say("Run this in the project's root folder, the one that holds go.mod: go run ./cmd/dev help",
			"请在项目根目录（go.mod 所在目录）运行：go run ./cmd/dev help"))
	}
	return nil
}
