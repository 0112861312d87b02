package main

import (
	"syscall"
	"unsafe"
)

var messageBox = syscall.NewLazyDLL("user32.dll").NewProc("MessageBoxW")

// alert shows a sentence without OpenGL: a program with windows has no standard error anybody sees.
func alert(sentence string) {
	text, err := syscall.UTF16PtrFromString(sentence)
	if err != nil {
		return
	}
	const iconError = 0x10
	title, _ := syscall.UTF16PtrFromString("Saoma")
	messageBox.Call(0, uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(title)), iconError)
}
