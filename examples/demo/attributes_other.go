//go:build !linux

package main

import "syscall"

// attributes has nothing to add: elsewhere the worker hears of Ctrl-C itself.
func attributes() *syscall.SysProcAttr { return nil }
