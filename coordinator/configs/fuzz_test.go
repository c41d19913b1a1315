package configs_test

import (
	"fmt"
	"testing"

	"github.com/headwater/headwater/coordinator/configs"
)

// describe writes what a state says about a connector, for comparing.
func describe(s *configs.State, name string) string {
	c, ok := s.Connector(name)
	if !ok {
		return "gone"
	}
	text := fmt.Sprintf("tasks=%d/%d %s gen=%d fenced=%d", len(c.Tasks), c.TaskCount, c.Target, c.Generation, c.Fenced)
	for _, flag := range []struct {
		word string
		set  bool
	}{{"applied", c.Applied != nil}, {"pending", c.PendingFencing}, {"inconsistent", c.Inconsistent}} {
		if flag.set {
			text += " " + flag.word
		}
	}
	return text
}

// FuzzApply feeds any record into a state with one connector. Nothing panics, a fault changes nothing, and whatever is
// accepted as a configuration is the same after being written and read again.
func FuzzApply(f *testing.F) {
	for _, seed := range []string{
		connector, task0, commit1, commit2, "target-state-x={\"state\":\"PAUSED\"}", "tasks-fencing-x={\"task-count\":3}",
		`session-key={"key":"AQ==","algorithm":"HmacSHA256","creation-timestamp":1}`, `connector-x={"properties":{"a":null}}`,
		`task-x-99999999999999999999={"properties":{}}`, `commit-x={"tasks":2147483647}`, "\xff=\xff",
	} {
		var key, value []byte
		for i := range seed {
			if seed[i] == '=' {
				key, value = []byte(seed[:i]), []byte(seed[i+1:])
				break
			}
		}
		f.Add(key, value, false)
		f.Add(key, value, true)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, tombstone bool) {
		if tombstone {
			value = nil
		}
		s := configs.NewState()
		read(s, connector, task0, commit1)
		before := describe(s, "x")
		if err := s.Apply(s.Version(), key, value); err != nil && describe(s, "x") != before {
			t.Fatalf("%v, and yet %s became %s", err, before, describe(s, "x"))
		}
		for _, name := range s.Names() {
			roundTrip(t, s, name)
		}
	})
}

func roundTrip(t *testing.T, s *configs.State, name string) {
	c, _ := s.Connector(name)
	again := configs.NewState()
	for _, m := range topic.Put(name, c.Config) {
		if err := again.Apply(0, m.Key, m.Value); err != nil {
			t.Fatalf("%q cannot be read back: %v", m.Value, err)
		}
	}
	d, _ := again.Connector(name)
	if fmt.Sprint(d.Config) != fmt.Sprint(c.Config) {
		t.Fatalf("%q came back as %q", c.Config, d.Config)
	}
}
