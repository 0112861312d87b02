package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// run opens the counter on a sandbox, or sells in the terminal where no window can open.
func run(ctx context.Context, args []string) error {
	data, err := dataFolder(args)
	if err != nil {
		return err
	}
	if why := noDisplay(runtime.GOOS, os.Getenv); why != "" {
		fmt.Println(why)
		return demonstrate(ctx, data)
	}
	if err := setUp(ctx, buildNeeds(runtime.GOOS)); err != nil {
		return err
	}
	env, err := toolchain(ctx)
	if err != nil {
		return err
	}
	if err := modules(ctx, env); err != nil {
		return err
	}
	if err := buildAll(ctx, env); err != nil {
		return err
	}
	return openCounter(ctx, controller{data})
}

func dataFolder(args []string) (string, error) {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	data := flags.String("data", "data", say("the counter's data folder", "收银台的数据目录"))
	if err := flags.Parse(args); err != nil {
		return "", usageError(say("See: go run ./cmd/dev help", "请看：go run ./cmd/dev help"))
	}
	if flags.NArg() > 0 {
		return "", usageError(say("run takes no %q; only --data DIR.", "run 不接受 %q，只接受 --data 目录。", flags.Arg(0)))
	}
	return filepath.Abs(*data)
}

// noDisplay says why no window can open, or "" when one can. We build for X11 (see buildNeeds), so DISPLAY decides.
func noDisplay(goos string, getenv func(string) string) string {
	switch {
	case goos == "windows" || goos == "darwin" || getenv("DISPLAY") != "":
		return ""
	case getenv("WAYLAND_DISPLAY") != "":
		return say("This Wayland desktop has no XWayland, which the window needs. Here is a demonstration in the terminal instead.",
			"当前 Wayland 桌面没有窗口所需的 XWayland，改为在终端中演示。")
	default:
		return say("There is no display here, so no window. Here is a demonstration in the terminal instead.",
			"这里没有图形界面，无法打开窗口，改为在终端中演示。")
	}
}

// openCounter runs the sandbox and the window, and ends the sandbox when the window has closed.
func openCounter(ctx context.Context, ctl controller) error {
	if err := ctl.ensureData(ctx); err != nil {
		return err
	}
	box, err := ctl.startSandbox(ctx)
	if err != nil {
		return err
	}
	defer box.stop()
	fmt.Println(say("The counter opens now. Close its window, or press Ctrl-C here, to end both.",
		"收银台即将打开。关闭窗口或在此按 Ctrl-C 即可全部结束。"))
	err = command(ctx, nil, binary("saoma"), "--data", ctl.data).Run()
	if ctx.Err() != nil {
		return nil // Ctrl-C is a normal end
	}
	if err != nil {
		return fmt.Errorf("%s: %w", say("The counter ended with an error", "收银台异常结束"), err)
	}
	return nil
}
