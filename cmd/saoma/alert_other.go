//go:build !windows

package main

// alert is for systems where nobody sees a program's standard error.
func alert(string) {}
