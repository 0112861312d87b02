package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// check is one step of the test task: a command, and its environment on top of the task's.
type check struct {
	name  string
	env   environment
	args  []string
	quiet bool // anything it prints is a complaint
}

// test runs every check, cheapest first, and stops at the first that fails.
func test(ctx context.Context, args []string) error {
	begin := time.Now()
	if len(args) > 0 {
		return usageError(say("test takes no arguments; for one package use go test itself.", "test 不接受参数；只测一个包请直接用 go test。"))
	}
	env, err := prepare(ctx)
	if err != nil {
		return err
	}
	units, err := unitPackages(ctx, env)
	if err != nil {
		return err
	}
	for _, c := range checks(units) {
		if err := step(c.name, func() error { return c.run(ctx, env) }); err != nil {
			return err
		}
	}
	if err := step(say("all tests but the window's, with the race detector", "除窗口外的全部测试：竞态检测"), func() error { return raced(ctx, env, units) }); err != nil {
		return err
	}
	return live(ctx, env, begin)
}

// prepare is what test, bench and shots begin with: system packages, one environment for go, and the modules.
func prepare(ctx context.Context) (environment, error) {
	if err := setUp(ctx, testNeeds(runtime.GOOS)); err != nil {
		return nil, err
	}
	env, err := toolchain(ctx)
	if err != nil {
		return nil, err
	}
	return env, modules(ctx, env)
}

// unitPackages is everything that must test without cgo and without a display: all but the window's main package.
func unitPackages(ctx context.Context, env environment) ([]string, error) {
	list, err := output(ctx, env, "go", "list", "./...")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", say("go cannot list the project's packages", "go 无法列出项目的包"), err)
	}
	return slices.DeleteFunc(strings.Fields(list), func(path string) bool { return strings.HasSuffix(path, "/cmd/saoma") }), nil
}

// hangs is when one package's tests count as hanging: far beyond what they take on a busy machine.
const hangs = "40m"

func checks(units []string) []check {
	static := []string{"tool", "staticcheck"}
	if tags := buildTags(); tags != "" {
		static = append(static, "-tags", tags) // it does not read GOFLAGS
	}
	headless := environment{"CGO_ENABLED=0", "DISPLAY", "WAYLAND_DISPLAY", "SAOMA_WINDOW", "SAOMA_CHROMIUM"}
	return []check{
		{name: "gofumpt", args: []string{"tool", "gofumpt", "-l", "."}, quiet: true},
		{
			name: say("import rule", "导入规则"),
			args: []string{"test", "-run", "^TestImport", "./cmd/dev"}, env: headless,
		},
		{name: say("saomactl without cgo", "不用 cgo 编译 saomactl"), env: headless, args: []string{"build", "-o", binary("saomactl"), "./cmd/saomactl"}},
		{name: "vet", args: []string{"vet", "./..."}},
		{name: "staticcheck", args: append(static, "./...")},
		{
			name: say("unit tests without cgo and without a display", "单元测试：不用 cgo，不用图形界面"),
			args: append([]string{"test", "-timeout", hangs}, units...), env: headless,
		},
	}
}

func (c check) run(ctx context.Context, env environment) error {
	cmd := command(ctx, slices.Concat(env, c.env), "go", c.args...)
	if !c.quiet {
		return cmd.Run()
	}
	cmd.Stdout = nil
	out, err := cmd.Output()
	if err == nil && len(out) > 0 {
		err = failure{1, say("these files are not formatted; run go tool gofumpt -w on them:\n%s",
			"以下文件格式不符，请对它们运行 go tool gofumpt -w：\n%s", out)}
	}
	return err
}

// alone are tests whose one goroutine paints every screen in every size, cuts the power hundreds of times, breaks every rule of a
// ledger or every byte of it in turn, or fills a big ledger or bill: the race detector has nothing to see there and takes minutes.
const alone = "Fits?$|^TestScreens$|^TestPowerCut|^TestVerifyFindsWhatIsBroken$|^TestFlippedByte$|^TestSearch$|^TestSeed$|^TestBillBomb$"

// raced runs the packages' tests under the race detector, but for those that the step before has run as well as can be. The bench
// measures nothing that a race would show.
func raced(ctx context.Context, env environment, units []string) error {
	units = slices.DeleteFunc(slices.Clone(units), func(path string) bool { return strings.HasSuffix(path, "/cmd/internal/bench") })
	return command(ctx, env, "go", slices.Concat([]string{"test", "-race", "-p", "2", "-timeout", hangs, "-skip", alone}, units)...).Run()
}

// live is the last step: the window and the phone page driven for real, as the programs are shipped. Nothing is printed after it,
// so that the closing lines are go test's own.
func live(ctx context.Context, env environment, begin time.Time) error {
	name := say("the window and the phone page, driven for real", "真实操作窗口与手机页面")
	packages := []string{"./cmd/saoma", "./payments/sandbox"}
	// Compile on all cores first, then run one package at a time: what is driven for real is also timed.
	err := step(say("compile the window", "编译窗口程序"), func() error {
		return command(ctx, env, "go", slices.Concat([]string{"build", "-o", os.DevNull}, packages[:1])...).Run()
	})
	if err != nil {
		return err
	}
	fmt.Printf("==> %s\n    %s\n", name, say("%.0f s so far", "至此用时 %.0f 秒", time.Since(begin).Seconds()))
	begin = time.Now()
	env = append(slices.Clone(env), liveTests()...)
	if err := command(ctx, env, "go", slices.Concat([]string{"test", "-p", "1", "-timeout", hangs}, packages)...).Run(); err != nil {
		return stepError(name, begin, err)
	}
	return nil
}

// liveTests switches on the tests that need more than a Go toolchain, where this machine has it.
func liveTests() environment {
	var env environment
	if runtime.GOOS == "linux" {
		env = append(env, "SAOMA_WINDOW=1")
	}
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return append(env, "SAOMA_CHROMIUM="+path)
		}
	}
	return env
}
