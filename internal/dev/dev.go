// Package dev is a Kafka broker inside the worker's own process, so that Headwater can be tried and developed against
// without installing anything: kfake (github.com/twmb/franz-go/pkg/kfake) with its data on disk and its port open to
// other clients on this machine.
//
// It is a development broker. Its limits, all of them on purpose:
//
//   - one broker, one copy of the data, loopback only, no authentication, no encryption, no quotas;
//   - what was acknowledged survives kill -9 of the process, a commit is whole in all its partitions or in none; after a
//     power failure the newest seconds may be missing, because writes are left to the operating system's cache (an fsync
//     per batch makes a transaction some thirty times slower);
//   - group offsets committed inside a transaction are not covered by that promise (Headwater does not use them);
//   - logs are compacted and old records expired when the broker starts, not while it runs;
//   - topics exist only when somebody creates them, and a null key is taken into a compacted topic, which Kafka refuses;
//   - figures about its speed say nothing about Apache Kafka.
package dev

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kfake"
)

// DefaultListen is where the broker listens when Config.Listen is empty. It is not Kafka's 9092, so that a real broker
// on the same machine is never taken for this one.
const DefaultListen = "127.0.0.1:19092"

// Config says where the broker keeps its data and where it listens.
type Config struct {
	// Dir holds everything the broker keeps; it is created when missing. Required. One broker at a time.
	Dir string
	// Listen is a loopback address with a port; port 0 takes any free one. Default DefaultListen.
	Listen string
	// Log hears of the broker's warnings and errors. Default: nobody.
	Log *slog.Logger
}

// Broker is a running development broker. Close it, though kill -9 does no harm.
type Broker struct {
	cluster *kfake.Cluster
	intent  *intent
	lock    *os.File
	dir     layout
	address string
}

// layout names what is kept in Config.Dir.
type layout string

func (l layout) data() string       { return filepath.Join(string(l), "kafka") }
func (l layout) partitions() string { return filepath.Join(l.data(), "partitions") }
func (l layout) keep() string       { return filepath.Join(string(l), "partitions.keep") }
func (l layout) intent() string     { return filepath.Join(string(l), "commit.intent") }
func (l layout) clean() string      { return filepath.Join(string(l), "clean") }
func (l layout) lock() string       { return filepath.Join(string(l), "lock") }

// Start opens the data in cfg.Dir, settles what a killed predecessor left half done, and answers Kafka clients when it
// returns. Errors a caller can act on: an address that is taken or not loopback, a directory another broker has open.
func Start(cfg Config) (*Broker, error) {
	listener, err := listen(cfg)
	if err != nil {
		return nil, fmt.Errorf("start development broker: %w", err)
	}
	b := &Broker{dir: layout(cfg.Dir), address: listener.Addr().String()}
	if err := b.open(listener, cfg.Log); err != nil {
		_ = listener.Close() // kfake may have closed it already
		return nil, errors.Join(fmt.Errorf("start development broker in %s: %w", cfg.Dir, err), b.release())
	}
	return b, nil
}

func (b *Broker) open(listener *gate, log *slog.Logger) (err error) {
	if err := os.MkdirAll(b.dir.data(), 0o755); err != nil {
		return err
	}
	if b.lock, err = lockFile(b.dir.lock()); err != nil {
		return err
	}
	if err := b.dir.recover(); err != nil {
		return err
	}
	if b.intent, err = openIntent(b.dir.intent()); err != nil {
		return err
	}
	if b.cluster, err = kfake.NewCluster(options(b.dir, listener, log)...); err != nil {
		return err
	}
	if err := b.dir.compact(b.cluster.Compact); err != nil {
		b.cluster.Close()
		return err
	}
	b.cluster.Control(b.intent.watch)
	listener.open()
	return nil
}

// options are kfake's. The cleaner never runs by itself: kfake compacts by deleting a partition's files and writing them
// anew, which a kill -9 in between would not survive, and it takes records of open transactions for the newest of their
// key. Start compacts, with a copy kept and nobody connected.
func options(dir layout, listener net.Listener, log *slog.Logger) []kfake.Opt {
	const never = "315360000000" // ten years, in milliseconds
	return []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID("headwater-dev"),
		kfake.DefaultNumPartitions(1),
		kfake.DataDir(dir.data()),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return listener, nil }),
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": never}),
		kfake.WithLogger(warnings{log}),
	}
}

// Bootstrap returns what goes into bootstrap.servers: host and port.
func (b *Broker) Bootstrap() string { return b.address }

// Close stops the broker and leaves the data ready for a quick start. Transactions that are open stay open.
func (b *Broker) Close() error {
	b.cluster.Close()
	return errors.Join(os.WriteFile(b.dir.clean(), nil, 0o644), b.release())
}

func (b *Broker) release() error {
	var err error
	if b.intent != nil {
		err = b.intent.file.Close()
	}
	if b.lock != nil {
		err = errors.Join(err, b.lock.Close())
	}
	return err
}

// warnings passes kfake's warnings and errors on to slog; the rest is of no use to who uses the broker.
type warnings struct{ log *slog.Logger }

// Logf implements kfake.Logger.
func (w warnings) Logf(level kfake.LogLevel, format string, args ...any) {
	switch {
	case w.log == nil:
	case level == kfake.LogLevelError:
		w.log.Error("development broker: " + fmt.Sprintf(format, args...))
	case level == kfake.LogLevelWarn:
		w.log.Warn("development broker: " + fmt.Sprintf(format, args...))
	}
}
