// Package connect holds Headwater beside a real Apache Kafka Connect worker (pom.xml names the release): each starts on the
// topics that the other has written, takes over its connectors and offsets, and leaves alone what it does not know. A
// client of the REST API that no one here wrote (client/) drives our worker.
//
// It needs java and javac (17 or newer) and, the first time, mvn.
package connect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/headwater/headwater/test/kafka/program"
)

const (
	// startDeadline bounds a Connect worker's start, which takes some five seconds on two idle cores.
	startDeadline = 90 * time.Second
	// stopDeadline bounds our worker's orderly end, connectStop that of Connect, which takes two seconds or, when the end
	// of its web server stalls, more than a minute.
	stopDeadline, connectStop = 30 * time.Second, 10 * time.Second
	// deadline bounds the wait for a state or a record.
	deadline = 30 * time.Second
	// poll is how often is looked.
	poll = 100 * time.Millisecond
)

const log4j = `status=error
appender.file.type=File
appender.file.name=file
appender.file.fileName=%s
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%%d{HH:mm:ss.SSS} %%-5p %%c{1} %%m%%n
rootLogger.level=info
rootLogger.appenderRef.file.ref=file
`

// foreign is a running Kafka Connect worker.
type foreign struct {
	rest
	process *program.Process
	dir     string
}

// startConnect runs a distributed Connect worker on the topics that our worker of the group has, and returns when it
// answers. With ours, it knows the class HttpSourceV2.
func startConnect(t *testing.T, bootstrap, group string, ours bool, properties map[string]string) *foreign {
	t.Helper()
	address, err := program.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(libraries(t, "connect-"+version, connectPOM), "*")
	if ours {
		path += string(os.PathListSeparator) + stub(t)
	}
	f := &foreign{rest: rest{t, "http://" + address}, dir: t.TempDir()}
	p := map[string]string{
		"bootstrap.servers": bootstrap, "group.id": group, "listeners": "http://" + address,
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
		"config.storage.topic": group + "-configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": group + "-offsets", "offset.storage.replication.factor": "1", "offset.storage.partitions": "5",
		"status.storage.topic": group + "-status", "status.storage.replication.factor": "1", "status.storage.partitions": "5",
		"plugin.discovery": "service_load", "offset.flush.interval.ms": "500", "session.timeout.ms": "6000", "heartbeat.interval.ms": "1000", "scheduled.rebalance.max.delay.ms": "0",
	}
	maps.Copy(p, properties)
	file, logging := filepath.Join(f.dir, "connect.properties"), filepath.Join(f.dir, "log4j2.properties")
	if err := os.WriteFile(file, render(p), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(logging, fmt.Appendf(nil, log4j, f.log()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.configurationFile="+logging,
		"-cp", path, "org.apache.kafka.connect.cli.ConnectDistributed", file)
	if f.process, err = program.Start(cmd, filepath.Join(f.dir, "stdout.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.end() })
	f.await(f.process, startDeadline)
	return f
}

func render(properties map[string]string) []byte {
	var out []byte
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		out = fmt.Appendf(out, "%s=%s\n", k, properties[k])
	}
	return out
}

func (f *foreign) log() string { return filepath.Join(f.dir, "connect.log") }

// stop ends the worker: in order, or, when its web server does not end in time, as kill -9 does.
func (f *foreign) stop() {
	f.t.Helper()
	if err := f.process.Terminate(connectStop); err != nil {
		f.t.Logf("Connect: %v", err)
	}
}

// complaint is a line in which Connect says that it does not understand a record of its topics.
var complaint = regexp.MustCompile(`(?m)^.* (WARN|ERROR) +(Kafka\w*BackingStore|OffsetStorage\w*|OffsetUtils|ConnectorOffsetBackingStore|KafkaBasedLog) .*$`)

// quiet checks that the worker has understood all records of its topics.
func (f *foreign) quiet() {
	f.t.Helper()
	log, err := os.ReadFile(f.log())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, line := range complaint.FindAll(log, 20) {
		f.t.Errorf("Connect complains: %s", line)
	}
}

func (f *foreign) end() {
	_ = f.process.Kill()
	if log, err := os.ReadFile(f.log()); f.t.Failed() && err == nil {
		f.t.Logf("Connect's log ends with:\n%s", log[max(0, len(log)-6000):])
	}
}

// rest is a worker's REST API, Connect's or ours.
type rest struct {
	t   *testing.T
	url string
}

// await waits until the worker answers.
func (r rest) await(p *program.Process, within time.Duration) {
	r.t.Helper()
	r.until("the worker to answer", within, func() bool {
		select {
		case <-p.Done():
			r.t.Fatal("the worker has ended")
		default:
		}
		status, _ := r.try(http.MethodGet, "/health", nil)
		return status == http.StatusOK
	})
}

// call makes a request and wants this status; into, when not nil, takes the answer. A conflict that is said to pass is
// tried again, as Connect's clients do.
func (r rest) call(method, path string, body any, want int, into any) string {
	r.t.Helper()
	var status int
	var answer []byte
	r.until(method+" "+path+" not to conflict", deadline, func() bool {
		status, answer = r.try(method, path, body)
		return status != http.StatusConflict
	}, func() string { return string(answer) })
	if status != want {
		r.t.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			r.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return string(answer)
}

// try makes a request; status 0 means that nobody answered.
func (r rest) try(method, path string, body any) (status int, answer []byte) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			r.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, in)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // an idle connection would hold up the end of Connect's web server
	resp, err := (&http.Client{Timeout: deadline}).Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, answer
}

// state is a connector's status in the shape that both workers give.
type state struct {
	Connector struct {
		State, Trace, Version string
		WorkerID              string `json:"worker_id"`
	}
	Tasks []struct {
		ID           int
		State, Trace string
	}
	Type string
}

// anyTasks is for becomes where the tasks do not matter.
const anyTasks = -1

// becomes waits until the connector has this state and so many tasks that have it too.
func (r rest) becomes(name, want string, tasks int) state {
	r.t.Helper()
	var s state
	var last []byte
	r.until(name+" to be "+want, deadline, func() bool {
		status, answer := r.try(http.MethodGet, "/connectors/"+name+"/status", nil)
		s, last = state{}, answer
		if status != http.StatusOK || json.Unmarshal(answer, &s) != nil || s.Connector.State != want {
			return false
		}
		if tasks == anyTasks {
			return true
		}
		if len(s.Tasks) != tasks {
			return false
		}
		for _, t := range s.Tasks {
			if t.State != want {
				return false
			}
		}
		return true
	}, func() string { return string(last) })
	return s
}

// until waits for ok; the details say how things stood when time ran out.
func (r rest) until(what string, within time.Duration, ok func() bool, details ...func() string) {
	r.t.Helper()
	for end := time.Now().Add(within); !ok(); time.Sleep(poll) {
		if time.Now().After(end) {
			for _, d := range details {
				what += ": " + d()
			}
			r.t.Fatalf("waited %v for %s", within, what)
		}
	}
}

// offsets is a connector's answer to GET /connectors/{name}/offsets.
type offsets struct {
	Offsets []offset `json:"offsets"`
}

type offset struct {
	Partition map[string]any `json:"partition"`
	Offset    map[string]any `json:"offset"`
}
