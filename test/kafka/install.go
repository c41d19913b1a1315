package kafka

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/headwater/headwater/test/kafka/program"
)

// DirVariable is the environment variable that names where Kafka's jars are kept; without it they are in
// headwater/kafka-<version> beneath the user's cache directory.
const DirVariable = "HEADWATER_KAFKA_DIR"

// ErrUnavailable is returned, with what is missing, where Apache Kafka cannot run.
var ErrUnavailable = errors.New("this machine cannot run Apache Kafka")

// installDeadline bounds the download of some 50 MB.
const installDeadline = 10 * time.Minute

const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

//go:embed pom.xml
var pom []byte

// install returns the folder of Kafka's jars, fetching them when they are not there yet.
func install(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", fmt.Errorf("%w: java is missing (17 or newer): %w", ErrUnavailable, err)
	}
	root, err := cacheDir()
	if err != nil {
		return "", err
	}
	return program.Cached(root, "libs", pom, func(draft string) error { return fetch(ctx, root, draft) })
}

func cacheDir() (string, error) {
	if dir := os.Getenv(DirVariable); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := program.CacheDir()
	return filepath.Join(dir, "kafka-"+Version), err
}

// fetch has maven copy the jars into dir, checksums and all.
func fetch(ctx context.Context, root, dir string) error {
	if _, err := exec.LookPath("mvn"); err != nil {
		return fmt.Errorf("%w: mvn is missing, which fetches Kafka the first time: %w", ErrUnavailable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, installDeadline)
	defer cancel()
	file := filepath.Join(root, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-C", "-f", file, copyDependencies, "-DoutputDirectory="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mvn dependency:copy-dependencies: %w\n%s", err, out)
	}
	return nil
}
