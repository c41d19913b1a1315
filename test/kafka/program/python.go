package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// installing bounds pip, which takes some seconds.
const installing = 5 * time.Minute

// Python is the machine's python3 with packages in a folder of their own.
type Python struct{ interpreter, packages string }

// InstallPython has pip install what requirements name, once, into a folder of the cache that bears the name.
func InstallPython(ctx context.Context, name string, requirements []byte) (Python, error) {
	interpreter, err := exec.LookPath("python3")
	if err != nil {
		return Python{}, fmt.Errorf("python3 is missing: %w", err)
	}
	cache, err := CacheDir()
	if err != nil {
		return Python{}, err
	}
	packages, err := Cached(cache, name, requirements, func(draft string) error {
		return pip(ctx, interpreter, requirements, draft)
	})
	return Python{interpreter, packages}, err
}

// pip fills a folder. Programs of a virtual environment name its place, so the packages go into a plain folder, which can
// be moved.
func pip(ctx context.Context, interpreter string, requirements []byte, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, installing)
	defer cancel()
	wanted := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(wanted, requirements, 0o600); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
		"--target", dir, "--requirement", wanted).CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("pip install: %w\n%s", err, out), ctx.Err())
	}
	return nil
}

// Command is python3 with these arguments: "-m", a module, and what it is told. Its environment is this process's and says
// where the packages are.
func (p Python) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.interpreter, args...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+p.packages)
	return cmd
}
