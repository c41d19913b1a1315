//go:build proof

// Package proof lets the tests of exactly once strike where it hurts: it names the points at which a worker can be
// killed, and the rules that can be broken on purpose. This is the build that can do both.
package proof

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// HEADWATER_KILL=point:n kills this process with SIGKILL at the n-th passage of point.
var kill, killAt = target(os.Getenv("HEADWATER_KILL"))

var passed atomic.Int64

// broken holds the rules of HEADWATER_BREAK and of Break.
var broken sync.Map

func init() {
	for rule := range strings.SplitSeq(os.Getenv("HEADWATER_BREAK"), ",") {
		broken.Store(rule, true)
	}
}

func target(s string) (string, int64) {
	name, n, _ := strings.Cut(s, ":")
	at, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		at = 1
	}
	return name, at
}

// hook is what in-process tests strike with instead of dying.
var hook atomic.Pointer[func(string)]

// Strike makes every Point call f until undo is called.
func Strike(f func(point string)) (undo func()) {
	hook.Store(&f)
	return func() { hook.Store(nil) }
}

// Point is a named place to die at.
func Point(name string) {
	if f := hook.Load(); f != nil {
		(*f)(name)
	}
	if name == kill && passed.Add(1) == killAt {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal ends it all
	}
}

// Broken reports whether a rule is broken on purpose.
func Broken(rule string) bool {
	_, yes := broken.Load(rule)
	return yes
}

// Break breaks a rule until undo is called.
func Break(rule string) (undo func()) {
	broken.Store(rule, true)
	return func() { broken.Delete(rule) }
}
