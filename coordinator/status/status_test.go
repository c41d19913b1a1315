package status_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
)

const topic = status.Topic("connect-status")

func TestRecordsAreWhatConnectWrites(t *testing.T) {
	running := status.Status{State: status.Running, WorkerID: "10.0.0.1:8083", Generation: 3}
	failed := status.Status{State: status.Failed, Trace: "a\n\tat b", WorkerID: "w:1", Generation: 4, Version: "1.2.0"}
	for _, c := range []struct {
		got        record.Message
		key, value string
	}{
		{
			topic.Connector("my-http", running), "status-connector-my-http",
			`{"state":"RUNNING","trace":null,"worker_id":"10.0.0.1:8083","generation":3,"version":null}`,
		},
		{
			topic.Task("my-http", 0, failed), "status-task-my-http-0",
			`{"state":"FAILED","trace":"a\n\tat b","worker_id":"w:1","generation":4,"version":"1.2.0"}`,
		},
		{
			topic.TopicUse("orders", "my-http", 0, time.UnixMilli(1700000000000)), "status-topic-orders:connector-my-http",
			`{"topic":{"name":"orders","connector":"my-http","task":0,"discoverTimestamp":1700000000000}}`,
		},
		{topic.Remove(status.Key{Kind: status.OfConnector, Connector: "my-http"}), "status-connector-my-http", ""},
		{topic.Remove(status.Key{Kind: status.OfTask, Connector: "my-http"}), "status-task-my-http-0", ""},
		{topic.Remove(status.Key{Kind: status.OfTopic, Connector: "my-http", Topic: "orders"}), "status-topic-orders:connector-my-http", ""},
	} {
		if string(c.got.Key) != c.key || string(c.got.Value) != c.value || c.got.Topic != string(topic) {
			t.Errorf("got %s %s = %s\nwant %s = %s", c.got.Topic, c.got.Key, c.got.Value, c.key, c.value)
		}
		if (c.value == "") != (c.got.Value == nil) {
			t.Errorf("%s: a tombstone is a null value, and nothing else is", c.key)
		}
	}
}

func TestReplaces(t *testing.T) {
	known := &status.Status{State: status.Running, WorkerID: "a:1", Generation: 5}
	for _, c := range []struct {
		state      status.State
		worker     string
		generation int64
		known      *status.Status
		want       bool
	}{
		{status.Running, "b:1", 1, known, true},
		{status.Failed, "b:1", 4, known, false},
		{status.Failed, "b:1", 5, known, true},
		{status.Failed, "a:1", 4, known, true},
		{status.Unassigned, "b:1", 4, known, false},
		{status.Unassigned, "b:1", 4, nil, true},
	} {
		s := status.Status{State: c.state, WorkerID: c.worker, Generation: c.generation}
		if s.Replaces(c.known) != c.want {
			t.Errorf("%+v in the place of %+v: want %v", s, c.known, c.want)
		}
	}
}

// apply takes records written as key=value, a tombstone as a key alone.
func apply(t *testing.T, table *status.Table, records ...string) {
	t.Helper()
	for _, r := range records {
		key, value, ok := strings.Cut(r, "=")
		var v []byte
		if ok {
			v = []byte(value)
		}
		if err := table.Apply([]byte(key), v); err != nil {
			t.Error(err)
		}
	}
}

func report(state string, generation int) string {
	return fmt.Sprintf(`={"state":%q,"trace":null,"worker_id":"w:1","generation":%d}`, state, generation)
}

func TestTable(t *testing.T) {
	table := status.NewTable()
	apply(
		t, table,
		"status-connector-a-b"+report("RUNNING", 3), "status-task-a-b-1"+report("RUNNING", 3), "status-task-a-b-0"+report("FAILED", 3),
		"status-topic-orders:connector-a-b={}", "status-task-other-0"+report("PAUSED", 1),
	)
	if s := table.Connector("a-b"); s == nil || *s != (status.Status{State: status.Running, WorkerID: "w:1", Generation: 3}) {
		t.Errorf("connector is %+v", s)
	}
	if got := table.Tasks("a-b"); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("tasks are %v", got)
	}
	if got := table.Topics("a-b"); !slices.Equal(got, []string{"orders"}) {
		t.Errorf("topics are %v", got)
	}
	apply(t, table, "status-task-a-b-0", "status-topic-orders:connector-a-b")
	if got := table.Tasks("a-b"); !slices.Equal(got, []int{1}) || len(table.Topics("a-b")) != 0 {
		t.Errorf("tasks are %v, topics %v", got, table.Topics("a-b"))
	}
	apply(t, table, "status-connector-a-b")
	if table.Connector("a-b") != nil || table.Task("a-b", 1) != nil || table.Task("other", 0) == nil {
		t.Error("a connector's tombstone takes its tasks with it, and no others")
	}
}

func TestALateUnassignedIsPassedOver(t *testing.T) {
	other := func(state string, generation int) string {
		return strings.Replace(report(state, generation), "w:1", "w:2", 1)
	}
	for record, want := range map[string]status.State{
		other("UNASSIGNED", 3):  status.Running,
		other("UNASSIGNED", 2):  status.Running,
		other("UNASSIGNED", 4):  status.Unassigned,
		report("UNASSIGNED", 2): status.Running,
		report("UNASSIGNED", 3): status.Unassigned, // its own: it stopped in order
		other("FAILED", 2):      status.Failed,
	} {
		table := status.NewTable()
		apply(t, table, "status-task-x-0"+report("RUNNING", 3), "status-task-x-0"+record)
		if got := table.Task("x", 0).State; got != want {
			t.Errorf("after %s: %s, want %s", record, got, want)
		}
	}
}

func TestEachReportIsReadBack(t *testing.T) {
	want := status.Status{State: status.Failed, Trace: "é\U0001F600\x01", WorkerID: "w:1", Generation: 1 << 40, Version: "v"}
	table := status.NewTable()
	m := topic.Task("a-b", 12, want)
	if err := table.Apply(m.Key, m.Value); err != nil {
		t.Fatal(err)
	}
	if got := table.Task("a-b", 12); got == nil || *got != want {
		t.Errorf("got %+v", got)
	}
}

func FuzzApply(f *testing.F) {
	for _, key := range []string{"status-connector-x", "status-task-x-0", "status-task-x", "status-topic-x", "status-topic-a:connector-b", "?", ""} {
		for _, value := range []string{report("RUNNING", 3)[1:], `{"state":"ODD","worker_id":"","generation":0}`, `{"state":"FAILED"}`, "{}", "[", ""} {
			f.Add([]byte(key), []byte(value))
		}
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		table := status.NewTable()
		apply(t, table, "status-connector-kept"+report("RUNNING", 1))
		if err := table.Apply(key, value); err != nil && (fault.KindOf(err) != fault.Permanent || !strings.Contains(err.Error(), fmt.Sprintf("%q", key))) {
			t.Fatalf("a fault must be permanent and name the key: %v", err)
		}
		if table.Connector("kept") == nil && string(key) != "status-connector-kept" {
			t.Fatal("another connector's status is gone")
		}
	})
}
