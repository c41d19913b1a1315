//go:build !unix

package dev

import "os"

// lockFile opens the file only: the fixed port is what keeps a second broker away here.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
}
