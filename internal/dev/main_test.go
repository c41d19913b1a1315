package dev_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/dev"
)

// childDir, when set, turns the test binary into a broker process that a test can kill.
const childDir = "HEADWATER_TEST_DEV_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child runs a broker until its standard input ends, so that it never outlives the test.
func child(dir string) {
	b, err := dev.Start(dev.Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("bootstrap=" + b.Bootstrap())
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = b.Close()
}

// process is a broker in a process of its own.
type process struct {
	bootstrap string
	kill      func()
}

func startProcess(t *testing.T, dir string) process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		_ = cmd.Process.Kill() // SIGKILL: the process has no say in it
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	bootstrap, ok := strings.CutPrefix(strings.TrimSpace(line), "bootstrap=")
	if !ok {
		t.Fatalf("broker process said %q: %v", line, err)
	}
	return process{bootstrap, kill}
}

// start runs a broker inside the test.
func start(t *testing.T, dir string) *dev.Broker {
	t.Helper()
	b, err := dev.Start(dev.Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
