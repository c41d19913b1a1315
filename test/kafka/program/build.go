package program

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles one of this module's commands, "cmd/worker", into dir and returns the binary's path. It works from any
// folder of the module.
func Build(ctx context.Context, dir, command string, flags ...string) (string, error) {
	root, err := Root(ctx)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, filepath.Base(command))
	args := append(append([]string{"build"}, flags...), "-o", binary, "./"+command)
	build := exec.CommandContext(ctx, "go", args...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./%s: %w\n%s", command, err, out)
	}
	return binary, nil
}

// Root returns the folder of go.mod.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// FreeAddress returns an address on loopback that nobody listens on: for a process that must be told one.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
