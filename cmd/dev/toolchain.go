package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// toolchain is the environment of every go command of a task. It is decided once, so that nothing is compiled twice:
// the C compiler and the build tags are part of the key of go's build cache.
func toolchain(ctx context.Context) (environment, error) {
	flags, err := output(ctx, nil, "go", "env", "GOFLAGS")
	if err != nil {
		return nil, err
	}
	// A stamp of the version is a release's business; here it would fail where git distrusts the folder's owner.
	env := environment{"GOFLAGS=" + withTags(flags+" -buildvcs=false", buildTags())}
	if os.Getenv("CC") == "" && machineProbe.tool("clang") {
		env = append(env, "CC=clang")
	}
	return env, nil
}

// withTags adds build tags to the developer's own GOFLAGS, beside the tags these may hold.
func withTags(flags, tags string) string {
	var out []string
	for _, flag := range strings.Fields(flags) {
		name, value, _ := strings.Cut(flag, "=")
		if strings.TrimLeft(name, "-") == "tags" {
			tags = strings.Trim(tags+","+value, ",")
			continue
		}
		out = append(out, flag)
	}
	if tags != "" {
		out = append(out, "-tags="+tags)
	}
	return strings.Join(out, " ")
}

// modules downloads what go.mod names, as a step of its own: the network is what fails first on a fresh machine, and what
// is worth trying again. With everything at hand it takes no time.
func modules(ctx context.Context, env environment) error {
	return step(say("Go modules", "Go 模块"), func() error {
		return retry(ctx, func() error { return command(ctx, env, "go", "mod", "download").Run() })
	})
}

// binary is where a command of the project is built to: a folder git ignores.
func binary(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join("bin", name)
}

// build compiles one command of the project into bin.
func build(ctx context.Context, env environment, name string) error {
	return step(say("build %s", "编译 %s", name), func() error {
		return command(ctx, env, "go", "build", "-o", binary(name), "./cmd/"+name).Run()
	})
}

// buildAll compiles the counter and its command line.
func buildAll(ctx context.Context, env environment) error {
	if err := build(ctx, append(env, "CGO_ENABLED=0"), "saomactl"); err != nil {
		return err
	}
	if buildTags() != "" {
		fmt.Println("    " + say("The first build of the window compiles OpenGL bindings and takes a minute or more.",
			"首次编译窗口程序要编译 OpenGL 绑定，需要一分钟以上。"))
	}
	return build(ctx, env, "saoma")
}
