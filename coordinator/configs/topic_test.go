package configs_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/record"
)

const topic = configs.Topic("connect-configs")

// lines writes messages as key=value, a tombstone as key alone.
func lines(messages []record.Message) []string {
	list := make([]string, len(messages))
	for i, m := range messages {
		list[i] = string(m.Key)
		if m.Value != nil {
			list[i] += "=" + string(m.Value)
		}
	}
	return list
}

func TestSequencesAreWhatConnectWrites(t *testing.T) {
	config := map[string]string{"name": "my-http", "connector.class": "C", "tasks.max": "1"}
	const stored = `connector-my-http={"properties":{"connector.class":"C","name":"my-http","tasks.max":"1"}}`
	task := map[string]string{"task.class": "T"}
	for name, c := range map[string]struct {
		got  []record.Message
		want []string
	}{
		"create": {topic.Create("my-http", config, ""), []string{stored}},
		"create stopped": {topic.Create("my-http", config, configs.Stopped), []string{
			`target-state-my-http={"state":"PAUSED","state.v2":"STOPPED"}`, stored,
		}},
		"put": {topic.Put("my-http", config), []string{stored}},
		"tasks": {topic.TaskSet("my-http", []map[string]string{task, task}), []string{
			`task-my-http-0={"properties":{"task.class":"T"}}`,
			`task-my-http-1={"properties":{"task.class":"T"}}`,
			`commit-my-http={"tasks":2}`,
		}},
		"no tasks": {topic.TaskSet("my-http", nil), []string{`commit-my-http={"tasks":0}`}},
		"resume":   {topic.TargetState("x", configs.Started), []string{`target-state-x={"state":"STARTED","state.v2":"STARTED"}`}},
		"pause":    {topic.TargetState("x", configs.Paused), []string{`target-state-x={"state":"PAUSED","state.v2":"PAUSED"}`}},
		"fence":    {topic.Fence("x", 2), []string{`tasks-fencing-x={"task-count":2}`}},
		"delete":   {topic.Delete("x"), []string{"connector-x", "target-state-x"}},
		"session": {topic.Session(configs.SessionKey{Key: []byte{1, 2, 0xFF, 0xFE}, Algorithm: "HmacSHA256", Created: 1700000000000}), []string{
			`session-key={"key":"AQL//g==","algorithm":"HmacSHA256","creation-timestamp":1700000000000}`,
		}},
	} {
		if got := lines(c.got); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
		for _, m := range c.got {
			if m.Topic != string(topic) {
				t.Errorf("%s: a record goes to topic %q", name, m.Topic)
			}
		}
	}
}

// TestStringsAreWrittenAsJacksonDoes uses the bytes that Jackson gave for the same strings.
func TestStringsAreWrittenAsJacksonDoes(t *testing.T) {
	for text, want := range map[string]string{
		"a/b<c>&'\"\\\b\t\n\f\r\x00\x0b\x1f\x7f\u2028\u2029é中": "22612f623c633e26275c225c5c5c625c745c6e5c665c725c75303030305c75303030425c75303031467fe280a8e280a9c3a9e4b8ad22",
		"\U0001F600": "225c75443833445c754445303022",
	} {
		m := topic.Put("x", map[string]string{"k": text})[0]
		want = fmt.Sprintf("%x", `{"properties":{"k":`) + want + fmt.Sprintf("%x", "}}")
		if got := fmt.Sprintf("%x", m.Value); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}
