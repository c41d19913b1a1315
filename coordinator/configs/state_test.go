package configs_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/fault"
)

// read applies records written as key=value (a tombstone is a key alone) and returns the faults.
func read(s *configs.State, records ...string) []error {
	var faults []error
	for _, r := range records {
		key, value, ok := strings.Cut(r, "=")
		var v []byte
		if ok {
			v = []byte(value)
		}
		if err := s.Apply(s.Version(), []byte(key), v); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

const (
	connector = `connector-x={"properties":{"name":"x"}}`
	task0     = `task-x-0={"properties":{"a":"0"}}`
	task1     = `task-x-1={"properties":{"a":"1"}}`
	commit0   = `commit-x={"tasks":0}`
	commit1   = `commit-x={"tasks":1}`
	commit2   = `commit-x={"tasks":2}`
)

func TestReader(t *testing.T) {
	for name, c := range map[string]struct {
		records []string
		want    string // tasks, then what else is so; "gone" when there is no connector
	}{
		"visible at once":         {[]string{connector}, "tasks=0/0 STARTED gen=-1 fenced=-1"},
		"tasks wait for a commit": {[]string{connector, task0}, "tasks=0/0 STARTED gen=-1 fenced=-1"},
		"commit":                  {[]string{connector, task0, task1, commit2}, "tasks=2/2 STARTED gen=0 fenced=-1 applied pending"},
		"fenced":                  {[]string{connector, task0, commit1, `tasks-fencing-x={"task-count":1}`}, "tasks=1/1 STARTED gen=0 fenced=1 applied"},
		"left-over higher ids":    {[]string{connector, task0, task1, commit1}, "tasks=1/1 STARTED gen=0 fenced=-1 applied pending"},
		"a task is missing":       {[]string{connector, task1, commit2}, "tasks=0/2 STARTED gen=-1 fenced=-1 pending inconsistent"},
		"healed by a new set":     {[]string{connector, task1, commit2, task0, commit1}, "tasks=1/1 STARTED gen=0 fenced=-1 applied pending"},
		"broken again":            {[]string{connector, task0, commit1, commit2}, "tasks=0/2 STARTED gen=0 fenced=-1 applied pending inconsistent"},
		"two generations":         {[]string{connector, task0, commit1, task0, commit1}, "tasks=1/1 STARTED gen=1 fenced=-1 applied pending"},
		"an empty set":            {[]string{connector, task0, commit1, commit0}, "tasks=0/0 STARTED gen=0 fenced=-1 applied pending"},
		"deleted":                 {[]string{connector, task0, commit1, "connector-x"}, "gone"},
		"created again": {
			[]string{connector, task0, commit1, `tasks-fencing-x={"task-count":1}`, "connector-x", "target-state-x", connector},
			"tasks=0/0 STARTED gen=0 fenced=1",
		},
		"commit of a deleted one": {[]string{task0, commit1, connector, commit1}, "tasks=0/1 STARTED gen=-1 fenced=-1 pending inconsistent"},
		"initial state first":     {[]string{`target-state-x={"state":"PAUSED","state.v2":"STOPPED"}`, connector}, "tasks=0/0 STOPPED gen=-1 fenced=-1"},
		"before 3.5":              {[]string{connector, `target-state-x={"state":"PAUSED"}`}, "tasks=0/0 PAUSED gen=-1 fenced=-1"},
		"state.v2 is no string":   {[]string{connector, `target-state-x={"state":"PAUSED","state.v2":7}`}, "tasks=0/0 PAUSED gen=-1 fenced=-1"},
		"state forgotten":         {[]string{connector, `target-state-x={"state":"PAUSED"}`, "target-state-x"}, "tasks=0/0 STARTED gen=-1 fenced=-1"},
		"unknown fields":          {[]string{connector, `target-state-x={"state":"PAUSED","new":{}}`}, "tasks=0/0 PAUSED gen=-1 fenced=-1"},
		"requests and log levels": {[]string{connector, `restart-connector-x={"include-tasks":true}`, `logger-cluster-a={"level":"DEBUG"}`}, "tasks=0/0 STARTED gen=-1 fenced=-1"},
	} {
		s := configs.NewState()
		if faults := read(s, c.records...); faults != nil {
			t.Errorf("%s: %v", name, faults)
		}
		if got := describe(s, "x"); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if s.Version() != int64(len(c.records)) {
			t.Errorf("%s: version %d after %d records", name, s.Version(), len(c.records))
		}
	}
}

func TestTheAppliedConfigIsThatOfTheCommit(t *testing.T) {
	s := configs.NewState()
	read(s, connector, task0, commit1, `connector-x={"properties":{"name":"x","new":"1","none":null}}`)
	c, _ := s.Connector("x")
	if !maps.Equal(c.Applied, map[string]string{"name": "x"}) || !maps.Equal(c.Config, map[string]string{"name": "x", "new": "1"}) {
		t.Errorf("applied %v, config %v", c.Applied, c.Config)
	}
}

func TestNamesWithDashes(t *testing.T) {
	s := configs.NewState()
	read(s, `connector-a-1={"properties":{}}`, `task-a-1-0={"properties":{"k":"v"}}`, `commit-a-1={"tasks":1}`)
	if c, ok := s.Connector("a-1"); !ok || len(c.Tasks) != 1 || c.Tasks[0]["k"] != "v" {
		t.Errorf("a-1 is %+v, %v", c, ok)
	}
}

// TestCorruptRecordsStopNoOthers reads each fault between two good records.
func TestCorruptRecordsStopNoOthers(t *testing.T) {
	const canary = "s3cret-canary"
	for _, bad := range []string{
		"unknown-key={}", "=", "task-x-0", "task-x=" + `{"properties":{}}`, `task-x-one={"properties":{}}`,
		"commit-x", `commit-x={}`, `commit-x={"tasks":-1}`, `commit-x={"tasks":"2"}`,
		`commit-x={"tasks":2.0}`, `commit-x={"tasks":99999999999}`, `connector-x={"properties":{"password":` + canary + `}}`,
		`connector-x={"properties":{"password":["` + canary + `"]}}`, `connector-x=[]`, `connector-x={}`, `connector-x={"properties":null}`,
		"connector-x=", `target-state-x={"state":"RUNNING"}`, `target-state-x={}`, `target-state-x={"state":"STARTED","state.v2":"ODD"}`,
		`tasks-fencing-x={}`, "tasks-fencing-x", "session-key", `session-key={"key":1}`, `session-key={"key":"` + canary + `"}`,
		`session-key={"key":"` + canary + `!","algorithm":"HmacSHA256","creation-timestamp":1}`,
	} {
		s := configs.NewState()
		faults := read(s, connector, task0, commit1, bad, `connector-y={"properties":{}}`)
		if len(faults) != 1 {
			t.Errorf("%s: %d faults, want 1", bad, len(faults))
			continue
		}
		key, _, _ := strings.Cut(bad, "=")
		if text := faults[0].Error(); !strings.Contains(text, `"`+key+`"`) || strings.Contains(text, canary) {
			t.Errorf("%s: the fault must name the key and no value: %s", bad, text)
		}
		if fault.KindOf(faults[0]) != fault.Permanent {
			t.Errorf("%s: kind %v", bad, fault.KindOf(faults[0]))
		}
		if got := describe(s, "x"); got != "tasks=1/1 STARTED gen=0 fenced=-1 applied pending" {
			t.Errorf("%s changed x to %s", bad, got)
		}
		if !slices.Equal(s.Names(), []string{"x", "y"}) {
			t.Errorf("%s: names %v", bad, s.Names())
		}
	}
}

func TestTheLastSessionKeyWins(t *testing.T) {
	s := configs.NewState()
	if s.Session() != nil {
		t.Error("a key before any record")
	}
	read(s, `session-key={"key":"AQ==","algorithm":"HmacSHA256","creation-timestamp":1}`,
		`session-key={"key":"Ag==","algorithm":"HmacSHA256","creation-timestamp":2}`)
	if k := s.Session(); k == nil || k.Created != 2 || string(k.Key) != "\x02" {
		t.Errorf("got %+v", k)
	}
}

// TestEachSequenceIsReadBack writes with Topic and reads with State.
func TestEachSequenceIsReadBack(t *testing.T) {
	s := configs.NewState()
	config := map[string]string{"name": "é\U0001F600-x", "q": "\"\\\n"}
	for _, m := range slices.Concat(
		topic.Create("é-x", config, configs.Paused), topic.TaskSet("é-x", []map[string]string{config, {}}), topic.Fence("é-x", 2),
	) {
		if err := s.Apply(s.Version(), m.Key, m.Value); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := describe(s, "é-x"), "tasks=2/2 PAUSED gen=0 fenced=2 applied"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c, _ := s.Connector("é-x"); !maps.Equal(c.Config, config) || !maps.Equal(c.Tasks[0], config) {
		t.Errorf("got %v", c)
	}
}
