package kafka

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/headwater/headwater/internal/dev"
)

// shared are the brokers that the tests of one package use together.
var shared struct {
	sync.Mutex
	clusters map[int]*Cluster
	embedded *dev.Broker
	dir      string
}

// Run runs a package's tests and stops what Shared and Both have started: os.Exit(kafka.Run(m)).
func Run(m *testing.M) int {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "stop shared brokers:", err)
		return max(code, 1)
	}
	return code
}

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	var err error
	for _, c := range shared.clusters {
		err = errors.Join(err, c.Stop())
	}
	if shared.embedded != nil {
		err = errors.Join(err, shared.embedded.Close(), os.RemoveAll(shared.dir))
	}
	return err
}

// Start starts a broker for one test, which is stopped with it. Left out under -short and where Kafka cannot run.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	shortLeavesOut(t)
	c, err := Launch(context.Background(), o)
	if err != nil {
		leaveOutOrFail(t, err)
	}
	t.Cleanup(func() { stop(t, c) })
	return c
}

func stop(t testing.TB, c *Cluster) {
	if t.Failed() {
		t.Log("end of the broker's log:\n" + c.tail(20))
	}
	if err := c.Stop(); err != nil {
		t.Errorf("stop Kafka: %v", err)
	}
}

// Shared returns the package's broker of that transaction version, which all its tests use: keep to topics, groups and
// transactional ids of your own (Name), and use Start where the broker itself is to suffer. TestMain must call Run.
func Shared(t testing.TB, transactionVersion int) *Cluster {
	t.Helper()
	shortLeavesOut(t)
	shared.Lock()
	defer shared.Unlock()
	if c := shared.clusters[transactionVersion]; c != nil {
		return c
	}
	c, err := Launch(context.Background(), Options{TransactionVersion: transactionVersion})
	if err != nil {
		leaveOutOrFail(t, err)
	}
	if shared.clusters == nil {
		shared.clusters = map[int]*Cluster{}
	}
	shared.clusters[transactionVersion] = c
	return c
}

// Embedded returns the address of the package's embedded development broker. TestMain must call Run.
func Embedded(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.embedded != nil {
		return shared.embedded.Bootstrap()
	}
	dir, err := os.MkdirTemp("", "headwater-dev-")
	if err != nil {
		t.Fatal(err)
	}
	b, err := dev.Start(dev.Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	shared.embedded, shared.dir = b, dir
	return b.Bootstrap()
}

// Both runs one test on the embedded broker and on Apache Kafka, as subtests; on Kafka with transaction version 2, or
// with those that are named.
func Both(t *testing.T, test func(t *testing.T, bootstrap string), versions ...int) {
	t.Helper()
	if len(versions) == 0 {
		versions = []int{2}
	}
	t.Run("embedded", func(t *testing.T) { test(t, Embedded(t)) })
	for _, v := range versions {
		t.Run(fmt.Sprintf("kafka-tv%d", v), func(t *testing.T) { test(t, Shared(t, v).Bootstrap) })
	}
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// Name returns a name that no other test has, legal for topics, groups, connectors and transactional ids.
func Name(t testing.TB) string {
	return strings.Trim(unfit.ReplaceAllString(strings.ToLower(t.Name()), "-"), "-") + "-" + strings.ToLower(rand.Text()[:6])
}

// shortLeavesOut leaves a test out under -short, where Kafka is required too: a short run is not the run that counts.
func shortLeavesOut(t testing.TB) {
	t.Helper()
	if testing.Short() {
		leaveOut(t, "Apache Kafka is not started under -short")
	}
}
