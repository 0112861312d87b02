package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// fuzzTime is how long a soak run fuzzes each parser.
const fuzzTime = 30 * time.Second

// soak runs every fault test at its full length, then every fuzz target, and prints what each did.
func soak(ctx context.Context, args []string) error {
	packages := args
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	if slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(p, "-") }) {
		return usageError(say("soak takes packages such as ./pos, or nothing for all of them.", "soak 只接受包路径（如 ./pos），不带参数即全部。"))
	}
	env, err := prepare(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	var found []string
	err = step(say("fault tests at full length", "完整长度的故障测试"), func() (err error) {
		found, err = figures(ctx, env, packages)
		return err
	})
	if err == nil {
		var fuzzed []string
		err = step(say("fuzzing, %s each", "模糊测试，每项 %s", fuzzTime), func() (err error) {
			fuzzed, err = fuzz(ctx, env, packages)
			return err
		})
		found = append(found, fuzzed...)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	fmt.Println(say("soak: %.0f s", "soak：%.0f 秒", time.Since(begin).Seconds()))
	return err
}

// testEvent is one line of go test -json.
type testEvent struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// figures runs the tests of the packages with SAOMA_SOAK set and returns the lines in which the fault
// tests tell what they did.
func figures(ctx context.Context, env environment, packages []string) ([]string, error) {
	env = append(slices.Clone(env), "SAOMA_SOAK=1")
	args := append([]string{"test", "-json", "-count=1", "-timeout", "12h"}, packages...)
	cmd := command(ctx, env, "go", args...)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines, err := collect(out)
	return lines, errors.Join(err, cmd.Wait())
}

// collect reads the output of go test -json: it returns the lines of figures and prints at once what failed.
func collect(r io.Reader) (lines []string, err error) {
	outputs := map[string][]string{} // of each test, until it has passed
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			if err == io.EOF {
				err = nil
			}
			return lines, err
		}
		var e testEvent
		if json.Unmarshal(line, &e) != nil {
			fmt.Fprintf(os.Stderr, "%s", line) // the compiler's words
			continue
		}
		name := e.Package + " " + e.Test
		switch e.Action {
		case "build-output":
			fmt.Fprint(os.Stderr, e.Output)
		case "output":
			outputs[name] = append(outputs[name], e.Output)
			if _, told, ok := strings.Cut(e.Output, "figures: "); ok {
				lines = append(lines, strings.TrimSpace(told))
				fmt.Println(e.Package, strings.TrimSpace(told))
			}
		case "pass", "skip":
			delete(outputs, name)
		case "fail":
			fmt.Fprintln(os.Stderr, strings.Join(outputs[name], ""))
		}
	}
}

// fuzz runs every fuzz target of the packages, one after another.
func fuzz(ctx context.Context, env environment, packages []string) (done []string, err error) {
	list, err := output(ctx, env, "go", append([]string{"list"}, packages...)...)
	if err != nil {
		return nil, err
	}
	for _, pkg := range strings.Fields(list) {
		targets, err := output(ctx, env, "go", "test", "-list", "^Fuzz", pkg)
		if err != nil {
			return done, err
		}
		for _, target := range strings.Fields(targets) {
			if !strings.HasPrefix(target, "Fuzz") {
				continue
			}
			if err := fuzzTarget(ctx, env, pkg, target); err != nil {
				return done, err
			}
			done = append(done, fmt.Sprintf("fuzzing %s %s: %s, no failure", pkg, target, fuzzTime))
		}
	}
	return done, nil
}

// fuzzTarget runs one fuzz target. Go ends one now and then with nothing but "context deadline exceeded", when a worker is
// at work at the very moment its time is up (golang/go#75804, mended in Go 1.27): no input failed, so the target runs again.
func fuzzTarget(ctx context.Context, env environment, pkg, target string) error {
	// Minimising would eat the time of the targets that sign.
	args := []string{"test", "-run", "^$", "-fuzz", "^" + target + "$", "-fuzztime", fuzzTime.String(), "-fuzzminimizetime", "0x", pkg}
	var err error
	for range 3 {
		var said bytes.Buffer
		cmd := command(ctx, env, "go", args...)
		cmd.Stdout = io.MultiWriter(os.Stdout, &said)
		if err = cmd.Run(); err == nil || !outOfTime(said.String()) {
			return err
		}
	}
	return err
}

// outOfTime reports whether a fuzz target failed by its time alone: no input is named.
func outOfTime(said string) bool {
	return strings.Contains(said, "\n    context deadline exceeded\n") && !strings.Contains(said, "Failing input")
}
