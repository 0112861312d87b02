package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// bench builds what it measures and hands over to the bench program.
func bench(ctx context.Context, args []string) error {
	env, err := prepare(ctx)
	if err != nil {
		return err
	}
	if err := buildAll(ctx, env); err != nil {
		return err
	}
	env = append(env, liveTests()...)
	return command(ctx, env, "go", append([]string{"run", "./cmd/internal/bench"}, args...)...).Run()
}

// shots drives the window as the test does and keeps what it saw.
func shots(ctx context.Context, args []string) error {
	dir := filepath.Join("assets", "readme")
	if len(args) > 0 {
		dir = args[0]
	}
	if len(args) > 1 || strings.HasPrefix(dir, "-") {
		return usageError(say("shots takes one folder, or nothing.", "shots 只接受一个目录，或不带参数。"))
	}
	dir, err := filepath.Abs(dir) // the test runs in the folder of its package
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	env, err := prepare(ctx)
	if err != nil {
		return err
	}
	if err := buildAll(ctx, env); err != nil {
		return err
	}
	env = append(append(env, liveTests()...), "SAOMA_SHOTS="+dir)
	return step(say("screenshots into %s", "截图存入 %s", dir), func() error {
		return command(ctx, env, "go", "test", "-count=1", "-timeout", hangs, "./cmd/saoma").Run()
	})
}
