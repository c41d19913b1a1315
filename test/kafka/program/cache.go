package program

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// CacheDir returns where things that are fetched once are kept: headwater beneath the user's cache directory.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "headwater"), err
}

// Cached returns a folder beneath root that fill has filled once: by whichever process comes first, while others wait.
// The folder's name holds a digest of key, so that what was filled from something else is not taken for it.
func Cached(root, name string, key []byte, fill func(draft string) error) (string, error) {
	dir := filepath.Join(root, fmt.Sprintf("%s-%.4x", name, sha256.Sum256(key)))
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(root, name+".lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	draft := dir + ".draft"
	if err := errors.Join(os.RemoveAll(draft), os.Mkdir(draft, 0o755)); err != nil {
		return "", err
	}
	if err := fill(draft); err != nil {
		return "", err
	}
	return dir, os.Rename(draft, dir)
}

// lock waits for the file's lock; the system gives it back when this process ends, however.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
