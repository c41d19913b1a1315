package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// MaxBytes bounds a file with secrets.
const MaxBytes = 1 << 20

// read returns the content of a regular file within the allowed paths. Symbolic links are followed, and count for where
// they lead to. Opening it below the allowed directory keeps a link that changes meanwhile from leading elsewhere.
func (p provider) read(path string) ([]byte, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("file %q %w: the path must be absolute", path, ErrNotAllowed)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil && rootOf(filepath.Clean(path), p.Paths) != "" {
		return nil, fmt.Errorf("file %s: %w", path, reason(err))
	}
	root := rootOf(real, p.realPaths())
	if err != nil || root == "" { // whether a file elsewhere exists is nobody's business
		return nil, fmt.Errorf("file %s %w", path, ErrNotAllowed)
	}
	data, err := readBelow(root, real)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return data, nil
}

// realPaths returns the allowed paths that exist, with symbolic links resolved.
func (p provider) realPaths() []string {
	var roots []string
	for _, path := range p.Paths {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			roots = append(roots, real)
		}
	}
	return roots
}

// rootOf returns the one of roots that path is in, the directory of a root that is path itself, or "".
func rootOf(path string, roots []string) string {
	for _, root := range roots {
		if path == root {
			return filepath.Dir(root)
		}
		if strings.HasPrefix(path, strings.TrimSuffix(root, "/")+"/") {
			return root
		}
	}
	return ""
}

func readBelow(root, path string) ([]byte, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = dir.Close() }()
	below, err := filepath.Rel(root, path)
	if err != nil {
		return nil, ErrNotAllowed
	}
	// Without O_NONBLOCK opening a named pipe would wait for a writer.
	f, err := dir.OpenFile(below, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	return readRegular(f)
}

func readRegular(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is not a regular file", ErrNotAllowed)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	return data, nil
}

// reason takes the path out of an error of package os; the caller names it.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
