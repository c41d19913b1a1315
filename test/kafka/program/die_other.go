//go:build unix && !linux

package program

import "syscall"

// dieWithParent is Linux's alone; elsewhere a process has to be stopped.
func dieWithParent() *syscall.SysProcAttr { return nil }
