package configs

import (
	"maps"
	"slices"
)

// Connector is what the topic says about one connector. Its maps belong to the State and must not be changed.
type Connector struct {
	// Config is the newest configuration. Properties whose value is null are absent.
	Config map[string]string
	// Version is Config's Fingerprint, which costs more than it looks.
	Version string
	// Applied is the configuration that was current at the last complete commit; nil before the first. Where it differs
	// from Config, the tasks have not followed yet.
	Applied map[string]string
	// Target is Started unless a record says otherwise.
	Target Target
	// Tasks are the task configurations of the last commit, by id; empty while Inconsistent.
	Tasks []map[string]string
	// TaskCount is the count of the last commit, 0 before the first. A connector is stopped when its target is Stopped
	// and this is 0.
	TaskCount int
	// Inconsistent means that task records of the last commit are missing, as after compaction: no task may start until
	// the tasks are written anew.
	Inconsistent bool
	// PendingFencing means that no fencing record came since the last commit.
	PendingFencing bool
	// Fenced is the task count of the last fencing record, -1 if there never was one. It outlives the connector.
	Fenced int
	// Generation counts the complete commits, from 0; -1 before the first. It outlives the connector.
	Generation int
}

// State is what a reader knows after the records it applied, in log order.
type State struct {
	connectors map[string]map[string]string
	versions   map[string]string
	applied    map[string]map[string]string
	targets    map[string]Target
	deferred   map[string]map[int]map[string]string
	tasks      map[string][]map[string]string
	counts     map[string]int
	broken     map[string]bool
	pending    map[string]bool
	fenced     map[string]int
	generation map[string]int
	session    *SessionKey
	version    int64
}

// NewState returns a State that has read nothing.
func NewState() *State {
	return &State{
		connectors: map[string]map[string]string{},
		versions:   map[string]string{},
		applied:    map[string]map[string]string{},
		targets:    map[string]Target{},
		deferred:   map[string]map[int]map[string]string{},
		tasks:      map[string][]map[string]string{},
		counts:     map[string]int{},
		broken:     map[string]bool{},
		pending:    map[string]bool{},
		fenced:     map[string]int{},
		generation: map[string]int{},
	}
}

// Names lists the connectors in the order of their names.
func (s *State) Names() []string { return slices.Sorted(maps.Keys(s.connectors)) }

// Connector returns what is known about name; false when it does not exist or was deleted.
func (s *State) Connector(name string) (Connector, bool) {
	config, ok := s.connectors[name]
	if !ok {
		return Connector{}, false
	}
	return Connector{
		Config: config, Version: s.versions[name], Applied: s.applied[name], Target: s.target(name), Tasks: s.tasks[name],
		TaskCount: s.counts[name], Inconsistent: s.broken[name], PendingFencing: s.pending[name],
		Fenced: lookup(s.fenced, name), Generation: lookup(s.generation, name),
	}, true
}

// FencedOf returns the task count of name's last fencing record, -1 if there never was one. It answers for deleted
// connectors too: one that is created again under the old name must fence their ids.
func (s *State) FencedOf(name string) int { return lookup(s.fenced, name) }

// Session returns the newest session key; nil when there is none.
func (s *State) Session() *SessionKey { return s.session }

// Version is the offset behind the last record applied, 0 at first: Connect's number of a config snapshot.
func (s *State) Version() int64 { return s.version }

func (s *State) target(name string) Target {
	if t, ok := s.targets[name]; ok {
		return t
	}
	return Started
}

func lookup(m map[string]int, name string) int {
	if n, ok := m[name]; ok {
		return n
	}
	return -1
}
