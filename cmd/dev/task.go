package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// failure is an error with the exit code the task ends with.
type failure struct {
	code int
	text string
}

func (f failure) Error() string { return f.text }

// usageError is a mistake in the command line: exit code 2, as in the other commands.
func usageError(text string) error { return failure{2, text} }

// exitCode keeps the code of the command that failed, so that a script sees what a developer would.
func exitCode(err error) int {
	var own failure
	if errors.As(err, &own) {
		return own.code
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return exit.ExitCode()
	}
	return 1
}

// step prints its name, runs do, and prints how long that took.
func step(name string, do func() error) error {
	fmt.Printf("==> %s\n", name)
	begin := time.Now()
	if err := do(); err != nil {
		return stepError(name, begin, err)
	}
	fmt.Printf("    %s\n", say("done in %.1f s", "完成，用时 %.1f 秒", time.Since(begin).Seconds()))
	return nil
}

func stepError(name string, begin time.Time, err error) error {
	return fmt.Errorf("%s: %w", say("%q failed after %.1f s", "“%s”失败，用时 %.1f 秒",
		name, time.Since(begin).Seconds()), err)
}

// environment is what a child process gets on top of, or instead of, our own variables. "NAME=value" sets, "NAME" removes.
type environment []string

func (e environment) apply(base []string) []string {
	out := slices.Clone(base)
	for _, change := range e {
		name, _, set := strings.Cut(change, "=")
		out = slices.DeleteFunc(out, func(have string) bool { return strings.HasPrefix(have, name+"=") })
		if set {
			out = append(out, change)
		}
	}
	return out
}

// command prepares a child that shares our terminal. Ending ctx asks the child to stop and, ten seconds later, makes it:
// always through its own process handle.
func command(ctx context.Context, env environment, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env.apply(os.Environ())
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error {
		if cmd.Process.Signal(syscall.SIGTERM) == nil {
			return nil
		}
		return cmd.Process.Kill() // Windows has no gentle way
	}
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// output runs a child and returns what it printed, without the spaces around it.
func output(ctx context.Context, env environment, name string, args ...string) (string, error) {
	cmd := command(ctx, env, name, args...)
	cmd.Stdout = nil
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// retry calls do up to three times: downloads fail for reasons that have passed a moment later.
func retry(ctx context.Context, do func() error) error {
	var err error
	for try := range 3 {
		if try > 0 {
			fmt.Println(say("    That did not work; trying again.", "    没有成功，再试一次。"))
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(try) * 5 * time.Second):
			}
		}
		if err = do(); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}
