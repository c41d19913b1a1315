package configs

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/fault"
)

// The keys of the topic. A reader tries the prefixes in this order.
const (
	prefixTarget    = "target-state-"
	prefixConnector = "connector-"
	prefixTask      = "task-"
	prefixCommit    = "commit-"
	prefixRestart   = "restart-connector-"
	prefixFencing   = "tasks-fencing-"
	sessionKey      = "session-key"
	prefixLogger    = "logger-cluster-"
)

// Apply takes the next record of the topic; a nil value is a tombstone. An error (*fault.Error, Permanent) says that the
// record was skipped, and names its key: the caller logs it and goes on, what was known before stays. Restart requests and
// log levels are not state and pass without effect.
func (s *State) Apply(offset int64, key, value []byte) error {
	s.version = offset + 1
	if err := s.apply(string(key), value); err != nil {
		return &fault.Error{
			Kind: fault.Permanent, Op: fmt.Sprintf("read config record %q at offset %d", key, offset), Err: err,
			Hint: "the record is skipped; write the connector's configuration again if it is not as it should be",
		}
	}
	return nil
}

func (s *State) apply(key string, value []byte) error {
	for _, kind := range []struct {
		prefix string
		take   func(name string, value []byte) error
	}{
		{prefixTarget, s.targetState},
		{prefixConnector, s.connector},
		{prefixTask, s.task},
		{prefixCommit, s.commit},
		{prefixRestart, nothing},
		{prefixFencing, s.fence},
		{prefixLogger, nothing},
	} {
		if name, ok := strings.CutPrefix(key, kind.prefix); ok {
			return kind.take(name, value)
		}
	}
	if key == sessionKey {
		return s.sessionKey(value)
	}
	return errors.New("no such kind of key")
}

func nothing(string, []byte) error { return nil }

func (s *State) targetState(name string, value []byte) error {
	if value == nil {
		delete(s.targets, name)
		return nil
	}
	target, err := parseTarget(value)
	if err == nil {
		s.targets[name] = target
	}
	return err
}

func (s *State) connector(name string, value []byte) error {
	if value == nil {
		delete(s.connectors, name)
		delete(s.versions, name)
		s.forgetTasks(name)
		return nil
	}
	config, err := parseProperties(value)
	if err == nil {
		s.connectors[name], s.versions[name] = config, Fingerprint(config)
	}
	return err
}

// forgetTasks drops all that belonged to a deleted connector's tasks, save what fencing needs to know for ever.
func (s *State) forgetTasks(name string) {
	delete(s.applied, name)
	delete(s.deferred, name)
	delete(s.tasks, name)
	delete(s.counts, name)
	delete(s.broken, name)
	delete(s.pending, name)
}

// task keeps a task's configuration aside until its commit.
func (s *State) task(key string, value []byte) error {
	cut := strings.LastIndexByte(key, '-')
	if cut < 0 {
		return errors.New("the key has no task id")
	}
	id, err := strconv.Atoi(key[cut+1:])
	if err != nil || id < 0 {
		return fmt.Errorf("%q is no task id", key[cut+1:])
	}
	config, err := parseProperties(value)
	if err != nil {
		return err
	}
	name := key[:cut]
	if s.deferred[name] == nil {
		s.deferred[name] = map[int]map[string]string{}
	}
	s.deferred[name][id] = config
	return nil
}

// commit makes the deferred tasks live if none of them is missing. Ids beyond the count are left over from a greater set
// that compaction has not removed.
func (s *State) commit(name string, value []byte) error {
	n, err := parseCount(value, "tasks")
	if err != nil {
		return err
	}
	config, ok := s.connectors[name]
	if !ok { // deleted: its old commits are still in the log
		s.forgetTasks(name)
		return nil
	}
	deferred := s.deferred[name]
	delete(s.deferred, name)
	s.pending[name], s.counts[name] = true, n
	tasks, complete := firstN(deferred, n)
	s.broken[name], s.tasks[name] = !complete, tasks
	if complete {
		s.applied[name] = maps.Clone(config)
		if n > 0 || len(deferred) > 0 {
			s.generation[name] = lookup(s.generation, name) + 1
		}
	}
	return nil
}

// firstN returns tasks 0 to n-1, and none and false when one of them is missing.
func firstN(deferred map[int]map[string]string, n int) ([]map[string]string, bool) {
	if n > len(deferred) {
		return nil, false
	}
	tasks := make([]map[string]string, n)
	for i := range tasks {
		config, ok := deferred[i]
		if !ok {
			return nil, false
		}
		tasks[i] = config
	}
	return tasks, true
}

func (s *State) fence(name string, value []byte) error {
	n, err := parseCount(value, "task-count")
	if err == nil {
		s.fenced[name] = n
		delete(s.pending, name)
	}
	return err
}

func (s *State) sessionKey(value []byte) error {
	key, err := parseSession(value)
	if err == nil {
		s.session = &key
	}
	return err
}
