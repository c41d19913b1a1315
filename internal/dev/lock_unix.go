//go:build unix

package dev

import (
	"fmt"
	"os"
	"syscall"
)

// lockFile takes the directory for this process; the operating system gives it back when the process ends, however.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("another development broker has it open: stop that one or name another directory: %w", err)
	}
	return f, nil
}
