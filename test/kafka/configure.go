package kafka

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// defaults are a broker's settings for tests: nothing made by itself, nothing waited for, small internal topics, and
// transactions that time out looked for every second instead of every ten.
var defaults = map[string]string{
	"process.roles":                                               "broker,controller",
	"node.id":                                                     "1",
	"controller.listener.names":                                   "CONTROLLER",
	"listener.security.protocol.map":                              "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
	"auto.create.topics.enable":                                   "false",
	"default.replication.factor":                                  "1",
	"offsets.topic.replication.factor":                            "1",
	"offsets.topic.num.partitions":                                "4",
	"transaction.state.log.replication.factor":                    "1",
	"transaction.state.log.min.isr":                               "1",
	"transaction.state.log.num.partitions":                        "4",
	"share.coordinator.state.topic.replication.factor":            "1",
	"share.coordinator.state.topic.min.isr":                       "1",
	"min.insync.replicas":                                         "1",
	"group.initial.rebalance.delay.ms":                            "0",
	"group.min.session.timeout.ms":                                "1000",
	"transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
	"log.cleaner.dedupe.buffer.size":                              "16777216",
	"num.network.threads":                                         "2",
	"num.io.threads":                                              "4",
	"controlled.shutdown.enable":                                  "false",
}

const log4j = `status=error
appender.file.type=File
appender.file.name=file
appender.file.fileName=%s
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%%d{HH:mm:ss.SSS} %%-5p %%c{1} %%m%%n
rootLogger.level=info
rootLogger.appenderRef.file.ref=file
`

// configure writes server.properties and the log's settings.
func (c *Cluster) configure(extra map[string]string, broker, controller int) error {
	p := maps.Clone(defaults)
	p["listeners"] = fmt.Sprintf("PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d", broker, controller)
	p["advertised.listeners"] = fmt.Sprintf("PLAINTEXT://127.0.0.1:%d", broker)
	p["controller.quorum.voters"] = fmt.Sprintf("1@127.0.0.1:%d", controller)
	p["log.dirs"] = filepath.Join(c.dir, "data")
	maps.Copy(p, extra)
	var b bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "%s=%s\n", k, p[k])
	}
	if err := os.WriteFile(c.properties(), b.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(c.log("log4j2.properties"), fmt.Appendf(nil, log4j, c.Log()), 0o644)
}

// format gives the data directory its cluster id and features.
func (c *Cluster) format(ctx context.Context) error {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	// An id may begin with a dash: joined by =, it is not taken for another option.
	cmd := c.java(ctx, "kafka.tools.StorageTool", "format", "--cluster-id="+base64.RawURLEncoding.EncodeToString(id[:]),
		"-c", c.properties(), "--feature", fmt.Sprintf("transaction.version=%d", c.TransactionVersion))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("format: %w\n%s", err, out)
	}
	return nil
}

// java returns the command that runs one of Kafka's main classes; it is killed when ctx is over.
func (c *Cluster) java(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "java", append([]string{
		"-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true",
		"-Dlog4j2.configurationFile=" + c.log("log4j2.properties"),
		"-cp", filepath.Join(c.libs, "*"),
	}, args...)...)
}

// freePorts returns two ports that nobody listens on, from below the range out of which the system serves outgoing
// connections, so that none takes them before the broker does.
func freePorts() (int, int, error) {
	var found []int
	for range 200 {
		port := 18000 + mathrand.IntN(14000)
		if slices.Contains(found, port) {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		_ = l.Close()
		if found = append(found, port); len(found) == 2 {
			return found[0], found[1], nil
		}
	}
	return 0, 0, fmt.Errorf("no free port on loopback between 18000 and 32000 in 200 tries")
}
