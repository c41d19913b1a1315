package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/reporter"
	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/record"
)

// codecsAgree checks every record that Connect wrote to the status and config topics: what our codecs read of it, they
// write back as the same bytes. Of a configuration, whose order means nothing in Connect, as the same JSON.
func (h *house) codecsAgree() {
	h.t.Helper()
	states, kinds := map[status.State]int{}, map[string]int{}
	for _, r := range h.records(h.group + "-status") {
		if r.Value != nil {
			h.statusAgrees(r, states)
		}
	}
	for _, r := range h.records(h.group + "-configs") {
		kinds[h.configAgrees(r)]++
	}
	for _, s := range []status.State{status.Running, status.Paused, status.Stopped, status.Unassigned, status.Restarting} {
		if states[s] == 0 {
			h.t.Errorf("Connect wrote no %s to compare: %v", s, states)
		}
	}
	for _, kind := range []string{"connector", "task", "commit", "target", "session", "tombstone"} {
		if kinds[kind] == 0 {
			h.t.Errorf("Connect wrote no %s record to compare: %v", kind, kinds)
		}
	}
	h.t.Logf("Connect's records that ours equal: status %v, config %v", states, kinds)
}

// stateAgrees checks what our reader makes of the config topic that Connect wrote.
func (h *house) stateAgrees(exactlyOnce bool) {
	h.t.Helper()
	state := configs.NewState()
	for _, r := range h.records(h.group + "-configs") {
		if err := state.Apply(r.Offset, r.Key, r.Value); err != nil && !strings.HasPrefix(string(r.Key), "restart-connector-") {
			h.t.Error(err)
		}
	}
	if got, want := state.Names(), []string{"file", "idle", "many", "orders"}; !slices.Equal(got, want) {
		h.t.Errorf("connectors %v, want %v", got, want)
	}
	fenced := -1
	if exactlyOnce {
		fenced = 3
	}
	for name, want := range map[string]configs.Connector{
		"orders": {Target: configs.Stopped, Fenced: -1},
		"idle":   {Target: configs.Paused, Fenced: -1},
		"many":   {Target: configs.Started, TaskCount: 3, Fenced: fenced},
	} {
		if got, _ := state.Connector(name); got.Target != want.Target || got.TaskCount != want.TaskCount || len(got.Tasks) != want.TaskCount || got.Fenced != want.Fenced {
			h.t.Errorf("%s: target %s, %d tasks, fenced %d; want %+v", name, got.Target, got.TaskCount, got.Fenced, want)
		}
	}
	if key := state.Session(); key == nil || len(key.Key) != 32 || key.Algorithm != "HmacSHA256" {
		h.t.Error("Connect's session key was not read")
	}
}

func (h *house) statusAgrees(r *kgo.Record, states map[status.State]int) {
	h.t.Helper()
	topic, table := status.Topic(r.Topic), status.NewTable()
	k, err := status.ParseKey(r.Key)
	if err == nil {
		err = table.Apply(r.Key, r.Value)
	}
	if err != nil {
		h.t.Error(err)
		return
	}
	var again record.Message
	switch k.Kind {
	case status.OfConnector:
		again = topic.Report(k, *table.Connector(k.Connector))
		states[table.Connector(k.Connector).State]++
	case status.OfTask:
		again = topic.Report(k, *table.Task(k.Connector, k.Task))
		states[table.Task(k.Connector, k.Task).State]++
	case status.OfTopic:
		var v struct {
			Topic struct {
				Task              int
				DiscoverTimestamp int64
			}
		}
		if err := json.Unmarshal(r.Value, &v); err != nil {
			h.t.Error(err)
		}
		again = topic.TopicUse(k.Topic, k.Connector, v.Topic.Task, time.UnixMilli(v.Topic.DiscoverTimestamp))
	}
	h.equal(r, again)
}

func (h *house) equal(r *kgo.Record, ours record.Message) {
	h.t.Helper()
	if !bytes.Equal(r.Key, ours.Key) || !bytes.Equal(r.Value, ours.Value) {
		h.t.Errorf("Connect wrote %s = %s\nwe write      %s = %s", r.Key, r.Value, ours.Key, ours.Value)
	}
}

// configAgrees returns the kind of the record.
func (h *house) configAgrees(r *kgo.Record) string {
	h.t.Helper()
	topic, key := configs.Topic(r.Topic), string(r.Key)
	if r.Value == nil {
		return "tombstone"
	}
	var v struct {
		Properties map[string]string
		Tasks      int
		Count      int            `json:"task-count"`
		Target     configs.Target `json:"state.v2"`
		Key        []byte         `json:"key"`
		Algorithm  string         `json:"algorithm"`
		Created    int64          `json:"creation-timestamp"`
	}
	if err := json.Unmarshal(r.Value, &v); err != nil {
		h.t.Error(err)
	}
	for _, kind := range []struct {
		name, prefix string
		ours         func(name string) record.Message
	}{
		{"connector", "connector-", func(name string) record.Message { return topic.Put(name, v.Properties)[0] }},
		{"commit", "commit-", func(name string) record.Message {
			return topic.TaskSet(name, make([]map[string]string, v.Tasks))[v.Tasks]
		}},
		{"target", "target-state-", func(name string) record.Message { return topic.TargetState(name, v.Target)[0] }},
		{"fence", "tasks-fencing-", func(name string) record.Message { return topic.Fence(name, v.Count)[0] }},
		{"session", "session-key", func(string) record.Message {
			return topic.Session(configs.SessionKey{Key: v.Key, Algorithm: v.Algorithm, Created: v.Created})[0]
		}},
		{"task", "task-", func(name string) record.Message { return taskRecord(topic, name, v.Properties) }},
		{"restart", "restart-connector-", func(string) record.Message { return record.Message{Key: r.Key, Value: r.Value} }}, // we write none
	} {
		if name, ok := strings.CutPrefix(key, kind.prefix); ok {
			ours := kind.ours(name)
			if v.Properties != nil {
				ours.Value = sameJSON(ours.Value, r.Value)
			}
			h.equal(r, ours)
			return kind.name
		}
	}
	h.t.Errorf("Connect wrote %s, which is no kind that we know", key)
	return ""
}

func taskRecord(topic configs.Topic, rest string, config map[string]string) record.Message {
	cut := strings.LastIndexByte(rest, '-')
	id, _ := strconv.Atoi(rest[cut+1:])
	set := make([]map[string]string, id+1)
	set[id] = config
	return topic.TaskSet(rest[:cut], set)[id]
}

// sameJSON returns theirs when both hold the same configuration in as many bytes, else ours.
func sameJSON(ours, theirs []byte) []byte {
	var a, b struct{ Properties map[string]string }
	if json.Unmarshal(ours, &a) == nil && json.Unmarshal(theirs, &b) == nil && maps.Equal(a.Properties, b.Properties) && len(ours) == len(theirs) {
		return theirs
	}
	return ours
}

// showsOurRows has a Reporter write rows about a connector that Connect does not have, and Connect show them; and the
// other way round.
func (f *foreign) showsOurRows(h *house) {
	f.t.Helper()
	r := h.reporter()
	r.Connector("ghost", status.Running, "", 7)
	r.Task("ghost", 0, status.Failed, "line 1\n\tline \"2\" é \U0001F600", 7)
	r.Task("ghost", 1, status.Unassigned, "", 7)
	r.Uses("seen", "ghost", 1, time.Now())
	h.flush(r)
	want := `{"name":"ghost","connector":{"state":"RUNNING","worker_id":"ours:8083","version":"1.2"},"tasks":[` +
		`{"id":0,"state":"FAILED","worker_id":"ours:8083","version":"1.2","trace":"line 1\n\tline \"2\" é ` + "\U0001F600" + `"},` +
		`{"id":1,"state":"UNASSIGNED","worker_id":"ours:8083","version":"1.2"}],"type":"unknown"}`
	f.answers("/connectors/ghost/status", http.StatusOK, want)
	f.answers("/connectors/ghost/topics", http.StatusOK, `{"ghost":{"topics":["seen"]}}`)
	f.compare(h, r, "short", "many", "idle")
	r.ResetTopics("ghost")
	r.Removed("ghost", nil)
	h.flush(r)
	f.answers("/connectors/ghost/status", http.StatusNotFound, `{"error_code":404,"message":"No status found for connector ghost"}`)
	f.answers("/connectors/ghost/topics", http.StatusOK, `{"ghost":{"topics":[]}}`)
}

func (f *foreign) answers(path string, code int, want string) {
	f.t.Helper()
	var status int
	var answer []byte
	f.until(path, deadline, func() bool {
		status, answer = f.try(http.MethodGet, path, nil)
		return status == code && equalJSON(answer, []byte(want))
	}, func() string { return strconv.Itoa(status) + " " + string(answer) + "\nwant " + want })
}

func equalJSON(a, b []byte) bool {
	canonical := func(raw []byte) string {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			return err.Error()
		}
		out, _ := json.Marshal(v)
		return string(out)
	}
	return canonical(a) == canonical(b)
}

// compare checks that a Reporter that reads the topic knows what Connect shows.
func (f *foreign) compare(h *house, r *reporter.Reporter, names ...string) {
	f.t.Helper()
	for _, m := range h.records(h.group + "-status") {
		r.Read(m.Offset, record.Message{Topic: m.Topic, Key: m.Key, Value: m.Value})
	}
	for _, name := range names {
		var s state
		f.call(http.MethodGet, "/connectors/"+name+"/status", nil, http.StatusOK, &s)
		c, tasks := r.Status(name)
		if c == nil || string(c.State) != s.Connector.State || c.WorkerID != s.Connector.WorkerID || c.Version != s.Connector.Version || len(tasks) != len(s.Tasks) {
			f.t.Errorf("%s: we read %+v and tasks %+v, Connect shows %+v", name, c, tasks, s)
		}
		for _, task := range s.Tasks {
			if string(tasks[task.ID].State) != task.State {
				f.t.Errorf("%s task %d: we read %+v, Connect shows %+v", name, task.ID, tasks[task.ID], task)
			}
		}
	}
}

func (h *house) reporter() *reporter.Reporter {
	h.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(h.bootstrap))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(client.Close)
	return reporter.New(reporter.Config{
		Topic: status.Topic(h.group + "-status"), WorkerID: "ours:8083", Version: "1.2", Log: slog.New(slog.DiscardHandler), Tracking: true,
		Send: func(ctx context.Context, messages []record.Message) error {
			var list []*kgo.Record
			for _, m := range messages {
				list = append(list, &kgo.Record{Topic: m.Topic, Key: m.Key, Value: m.Value})
			}
			return client.ProduceSync(ctx, list...).FirstErr()
		},
	})
}

func (h *house) flush(r *reporter.Reporter) {
	h.t.Helper()
	if err := r.Flush(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}
