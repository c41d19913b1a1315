package connect

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/kafka/program"
)

// version is the Kafka Connect release that pom.xml names.
const version = kafka.Version

const (
	copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
	// installDeadline bounds the download of some 40 MB.
	installDeadline = 10 * time.Minute
)

var (
	//go:embed pom.xml
	connectPOM []byte
	//go:embed client/pom.xml
	clientPOM []byte
	//go:embed stub/HttpSourceV2.java
	stubConnector []byte
	//go:embed stub/io/confluent/connect/http/source/GenericHttpSourceTask.java
	stubTask []byte
)

// libraries returns the folder of the jars that a pom names, which maven fetches once into the folder of that name beneath
// the user's cache directory.
func libraries(t *testing.T, name string, pom []byte) string {
	t.Helper()
	need(t, "java", "17 or newer, which runs Kafka Connect")
	root := cache(t, name)
	dir, err := program.Cached(root, "libs", pom, func(draft string) error {
		need(t, "mvn", "which fetches "+name+" the first time")
		file := filepath.Join(root, "pom.xml")
		if err := os.WriteFile(file, pom, 0o600); err != nil {
			return err
		}
		return run(t, "mvn", "-q", "-B", "-C", "-f", file, copyDependencies, "-DoutputDirectory="+draft)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// stub returns a folder with the compiled classes of stub/, for a Connect worker's class path.
func stub(t *testing.T) string {
	t.Helper()
	need(t, "javac", "of a JDK, which compiles the stub of our connector's class")
	libs := libraries(t, "connect-"+version, connectPOM)
	dir, err := program.Cached(cache(t, "connect-"+version), "stub", slices.Concat(stubConnector, stubTask), func(draft string) error {
		services := filepath.Join(draft, "META-INF", "services")
		connector, task := filepath.Join(draft, "HttpSourceV2.java"), filepath.Join(draft, "GenericHttpSourceTask.java")
		if err := errors.Join(
			os.MkdirAll(services, 0o755),
			os.WriteFile(filepath.Join(services, "org.apache.kafka.connect.source.SourceConnector"), []byte("HttpSourceV2\n"), 0o600),
			os.WriteFile(connector, stubConnector, 0o600), os.WriteFile(task, stubTask, 0o600),
		); err != nil {
			return err
		}
		return run(t, "javac", "-d", draft, "-cp", filepath.Join(libs, "*"), connector, task)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func cache(t *testing.T, name string) string {
	t.Helper()
	dir, err := program.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func run(t *testing.T, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(t.Context(), installDeadline)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func need(t *testing.T, name, what string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		kafka.LeftOut(t, fmt.Sprintf("%s is missing, %s", name, what))
	}
}
