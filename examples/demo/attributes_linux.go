package main

import "syscall"

// attributes keeps Ctrl-C from the worker, so that we can stop it in good order, and kills it should we be killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
