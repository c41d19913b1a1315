package coordinator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/proof"
	"github.com/headwater/headwater/internal/record"
)

// Errors of changes to connectors.
var (
	ErrUnknown    = errors.New("no such connector")
	ErrExists     = errors.New("the connector exists already")
	ErrNotStopped = errors.New("the connector is not stopped")
)

// HerderConfig is what a Herder needs.
type HerderConfig struct {
	GroupID string        // group.id
	Topic   configs.Topic // config.storage.topic
	Leader  *Leader
	// Synced brings the config topic's reader, which calls Herder.Read, up to its end.
	Synced func(context.Context) error
	// Parse checks a configuration, its provider references resolved.
	Parse func(map[string]string) (connector.Config, error)
	// Warn is told of every configuration that is taken; nil: nobody is.
	Warn func(map[string]string)
	// Fence takes transactional ids away from whoever holds them.
	Fence func(context.Context, []string) error
	// Commit writes messages under a transactional id, which it claims and lets go of.
	Commit func(ctx context.Context, id string, messages []record.Message) error
	Log    *slog.Logger
}

// Herder keeps the connectors: what stands in the config topic and, on the leader, the changes to it. Changes go one at a
// time; on a worker that does not lead they fail with *Lost.
type Herder struct {
	HerderConfig

	mu      sync.Mutex
	state   *configs.State
	changed alert
	planned map[string]plannedTasks // by connector
}

// NewHerder returns a herder that has read nothing yet.
func NewHerder(c HerderConfig) *Herder {
	c.Leader.Synced = c.Synced
	return &Herder{HerderConfig: c, state: configs.NewState(), changed: newAlert(), planned: map[string]plannedTasks{}}
}

// Read takes the next record of the config topic. A record that cannot be read is logged and passed over: one corrupt
// record must not stop the others.
func (h *Herder) Read(offset int64, m record.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.state.Apply(offset, m.Key, m.Value); err != nil {
		h.Log.Warn("config record skipped", "err", err)
	}
	h.changed.ring()
}

// Changed is closed at the next record of the config topic.
func (h *Herder) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed.c
}

// Names lists the connectors in the order of their names.
func (h *Herder) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state.Names()
}

// Connector returns what is stored about a connector.
func (h *Herder) Connector(name string) (c configs.Connector, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state.Connector(name)
}

// SessionKey is what workers sign with, nil before the first leader has written one (KIP-507).
func (h *Herder) SessionKey() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := h.state.Session(); k != nil {
		return k.Key
	}
	return nil
}

// Create makes a connector that must not exist; initial may be empty.
func (h *Herder) Create(ctx context.Context, name string, config map[string]string, initial string) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error {
		if _, known := h.Connector(name); known {
			return fmt.Errorf("create connector %s: %w", name, ErrExists)
		}
		return h.put(ctx, name, config, configs.Target(initial))
	})
}

// Put replaces a connector's configuration, or creates it.
func (h *Herder) Put(ctx context.Context, name string, config map[string]string) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error { return h.put(ctx, name, config, "") })
}

// put takes the connector's rows from everybody, fences every id that it had or will have, and only then writes the
// configuration: before any new task starts, no old one can commit (R16).
func (h *Herder) put(ctx context.Context, name string, config map[string]string, initial configs.Target) error {
	config = maps.Collect(maps.All(config))
	config["name"] = name
	parsed, err := h.Parse(config)
	if err != nil {
		return err
	}
	old, known := h.Connector(name)
	if known && maps.Equal(old.Config, config) {
		return nil
	}
	if h.Warn != nil {
		h.Warn(config)
	}
	tasks := configs.TaskConfigs(parsed)
	if idle(initial) || known && idle(old.Target) && old.TaskCount == 0 {
		tasks = nil // it gets them when it is started
	}
	if err := h.quiesce(ctx, name, configs.Fingerprint(config), len(parsed.APIs)); err != nil {
		return err
	}
	return h.write(ctx, slices.Concat(
		h.Topic.Create(name, config, initial), h.Topic.TaskSet(name, tasks), h.Topic.Fence(name, len(parsed.APIs))))
}

// idle reports whether a connector in that state is not to run; "" is one that is.
func idle(s configs.Target) bool { return s == configs.Stopped || s == configs.Paused }

// Delete removes a connector and its rows; its offsets stay.
func (h *Herder) Delete(ctx context.Context, name string) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error {
		if _, known := h.Connector(name); !known {
			return fmt.Errorf("delete connector %s: %w", name, ErrUnknown)
		}
		if err := h.quiesce(ctx, name, "", 0); err != nil {
			return err
		}
		messages := h.Topic.Delete(name)
		view := h.Leader.Board.View()
		if view.Lanes[name] != nil {
			messages = append(messages, h.Leader.Topic.Lanes(name, nil))
		}
		for t := range view.Tasks {
			if t.Connector == name {
				messages = append(messages, h.Leader.Topic.Task(t, nil))
			}
		}
		for t := range view.Pins {
			if t.Connector == name {
				messages = append(messages, h.Leader.Topic.Pin(t, ""))
			}
		}
		return h.write(ctx, messages)
	})
}

// Target asks for a state: STARTED, PAUSED or STOPPED. It returns when nobody can commit for a stopped connector any more.
func (h *Herder) Target(ctx context.Context, name, state string) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error {
		c, known := h.Connector(name)
		if !known {
			return fmt.Errorf("change state of connector %s: %w", name, ErrUnknown)
		}
		target := configs.Target(state)
		messages := h.Topic.TargetState(name, target)
		switch {
		case target == configs.Stopped:
			if err := h.quiesce(ctx, name, "", 0); err != nil {
				return err
			}
			messages = slices.Concat(h.Topic.TaskSet(name, nil), messages)
		case !idle(target) && c.TaskCount == 0:
			parsed, err := h.Parse(c.Config)
			if err != nil {
				return err
			}
			messages = slices.Concat(messages, h.Topic.TaskSet(name, configs.TaskConfigs(parsed)))
		}
		return h.write(ctx, messages)
	})
}

// Restart gives those of the connector's tasks that which chooses a new epoch: whoever has them starts them anew, their
// configuration's references resolved again.
func (h *Herder) Restart(ctx context.Context, name string, which func(task int) bool) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error {
		var messages []record.Message
		for t, row := range h.Leader.Board.View().Tasks {
			if t.Connector == name && which(t.N) {
				row = proto.CloneOf(row)
				row.Epoch, row.Reason, row.From = h.Leader.Next(), "restarted by hand", ""
				row.AssignedUnixMs = time.Now().UnixMilli()
				messages = append(messages, h.Leader.Topic.Task(t, row))
			}
		}
		if row := h.Leader.Board.View().Lanes[name]; row.GetConfig() != "" && len(messages) > 0 {
			messages = append(messages, h.moveLanes(name, row, row.GetConfig(), "restarted by hand")...)
		}
		return h.write(ctx, messages)
	})
}

// Alter writes offset records of a stopped connector, by the transactional id that they belong to.
func (h *Herder) Alter(ctx context.Context, name string, messages map[string][]record.Message) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error {
		c, known := h.Connector(name)
		switch {
		case !known:
			return fmt.Errorf("alter offsets of connector %s: %w", name, ErrUnknown)
		case c.Target != configs.Stopped || c.TaskCount > 0:
			return fmt.Errorf("alter offsets of connector %s: %w", name, ErrNotStopped)
		}
		for _, id := range slices.Sorted(maps.Keys(messages)) {
			if err := h.Commit(ctx, id, messages[id]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Say writes records of the config topic that are not about connectors, as log levels.
func (h *Herder) Say(ctx context.Context, messages ...record.Message) error {
	return h.Leader.Do(ctx, func(ctx context.Context) error { return h.write(ctx, messages) })
}

// quiesce leaves nobody who could commit for the connector: first the rows name nobody, then the ids that an earlier
// configuration may have used, and the new one's apis, are fenced. Whoever claims after that finds the row changed.
func (h *Herder) quiesce(ctx context.Context, name, version string, apis int) error {
	var messages []record.Message
	for t, row := range h.Leader.Board.View().Tasks {
		if t.Connector == name && row.GetWorker() != "" {
			row = proto.CloneOf(row)
			row.From, row.Worker, row.Instance = row.GetWorker(), "", ""
			row.Epoch, row.Reason, row.Config = h.Leader.Next(), "its connector changes", version
			messages = append(messages, h.Leader.Topic.Task(t, row))
		}
	}
	messages = append(messages, h.closeLanes(name)...)
	if len(messages) > 0 {
		if err := h.Leader.Write(ctx, messages); err != nil {
			return err
		}
	}
	h.mu.Lock()
	before := h.state.FencedOf(name)
	h.mu.Unlock()
	if before <= 0 || proof.Broken("R16") { // a name never used has nobody to fence
		return nil
	}
	ids := h.laneIDs(name)
	for n := range max(before, apis) {
		ids = append(ids, connector.TransactionalID(h.GroupID, name, n))
	}
	return h.Fence(ctx, ids)
}

// write commits records as the leader and reads them back.
func (h *Herder) write(ctx context.Context, messages []record.Message) error {
	if err := h.Leader.Write(ctx, messages); err != nil {
		return err
	}
	return h.Synced(ctx)
}

// Task is the task of which a runner is part.
func Task(name string, n int) rows.Task { return rows.Task{Connector: name, N: n} }
