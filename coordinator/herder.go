package coordinator

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/record"
)

// Want is a connector that should run.
type Want struct {
	Config connector.Config
	// Version tells one configuration from another: a connector whose version stays is not touched.
	Version string
}

// Errors of changes to connectors.
var (
	ErrUnknown = errors.New("no such connector")
	ErrExists  = errors.New("the connector exists already")
)

// HerderConfig is what a Herder needs.
type HerderConfig struct {
	GroupID string        // group.id
	Topic   configs.Topic // config.storage.topic
	Leader  *Static
	// Synced brings the config topic's reader, which calls Herder.Read, up to its end.
	Synced func(context.Context) error
	// Parse checks a configuration, its provider references resolved.
	Parse func(map[string]string) (connector.Config, error)
	// Fence takes transactional ids away from whoever holds them.
	Fence func(context.Context, []string) error
	// Apply makes the running connectors equal to the wanted ones.
	Apply func(map[string]Want)
	Log   *slog.Logger
}

// Herder keeps the connectors: it writes what people want into the config topic and makes the worker follow what stands
// there. Changes go one at a time.
type Herder struct {
	HerderConfig

	changing sync.Mutex // held through a change, so that two of them never mix

	mu     sync.Mutex
	state  *configs.State
	faults map[string]error // connectors whose stored configuration cannot be used
}

// NewHerder returns a herder that has read nothing yet.
func NewHerder(c HerderConfig) *Herder {
	return &Herder{HerderConfig: c, state: configs.NewState(), faults: map[string]error{}}
}

// Read takes the next record of the config topic. A record that cannot be read is logged and passed over: one corrupt
// record must not stop the others.
func (h *Herder) Read(offset int64, m record.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.state.Apply(offset, m.Key, m.Value); err != nil {
		h.Log.Warn("config record skipped", "err", err)
	}
}

// Names lists the connectors in the order of their names.
func (h *Herder) Names() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state.Names()
}

// Connector returns what is stored about a connector and what is wrong with it, if anything is.
func (h *Herder) Connector(name string) (c configs.Connector, known bool, wrong error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, known = h.state.Connector(name)
	return c, known, h.faults[name]
}

// Create makes a connector that must not exist; initial may be empty.
func (h *Herder) Create(ctx context.Context, name string, config map[string]string, initial string) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	if _, known, _ := h.Connector(name); known {
		return fmt.Errorf("create connector %s: %w", name, ErrExists)
	}
	return h.put(ctx, name, config, configs.Target(initial))
}

// Put replaces a connector's configuration, or creates it.
func (h *Herder) Put(ctx context.Context, name string, config map[string]string) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	return h.put(ctx, name, config, "")
}

// put writes configuration, tasks and, when the tasks' transactional ids may mean something else from now on, their
// fencing: before any new task starts, no old one can commit (R16).
func (h *Herder) put(ctx context.Context, name string, config map[string]string, initial configs.Target) error {
	config = maps.Clone(config)
	config["name"] = name
	parsed, err := h.Parse(config)
	if err != nil {
		return err
	}
	old, known, _ := h.Connector(name)
	if known && maps.Equal(old.Config, config) {
		return h.reconcile(ctx)
	}
	tasks := TaskConfigs(parsed)
	if initial == configs.Stopped || known && old.Target == configs.Stopped {
		tasks = nil // a stopped connector is one without tasks
	}
	if err := h.fence(ctx, name, len(parsed.APIs)); err != nil {
		return err
	}
	return h.write(ctx, slices.Concat(
		h.Topic.Create(name, config, initial), h.Topic.TaskSet(name, tasks), h.Topic.Fence(name, len(parsed.APIs))))
}

// Delete removes a connector; its offsets stay.
func (h *Herder) Delete(ctx context.Context, name string) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	if _, known, _ := h.Connector(name); !known {
		return fmt.Errorf("delete connector %s: %w", name, ErrUnknown)
	}
	if err := h.write(ctx, h.Topic.Delete(name)); err != nil {
		return err
	}
	return h.fence(ctx, name, 0)
}

// Target asks for a state: STARTED, PAUSED or STOPPED.
func (h *Herder) Target(ctx context.Context, name, state string) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	c, known, _ := h.Connector(name)
	if !known {
		return fmt.Errorf("change state of connector %s: %w", name, ErrUnknown)
	}
	target := configs.Target(state)
	messages := h.Topic.TargetState(name, target)
	switch {
	case target == configs.Stopped:
		messages = slices.Concat(h.Topic.TaskSet(name, nil), messages)
	case c.TaskCount == 0:
		parsed, err := h.Parse(c.Config)
		if err != nil {
			return err
		}
		messages = slices.Concat(messages, h.Topic.TaskSet(name, TaskConfigs(parsed)))
	}
	return h.write(ctx, messages)
}

// fence takes the ids that an earlier configuration may have used, and those that the new one will.
func (h *Herder) fence(ctx context.Context, name string, apis int) error {
	h.mu.Lock()
	before := h.state.FencedOf(name)
	h.mu.Unlock()
	var ids []string
	for n := range max(before, apis) {
		if before > 0 { // a name never used has nobody to fence
			ids = append(ids, connector.TransactionalID(h.GroupID, name, n))
		}
	}
	return h.Fence(ctx, ids)
}

// write commits records as the leader, reads them back and makes the worker follow.
func (h *Herder) write(ctx context.Context, messages []record.Message) error {
	if err := h.Leader.Write(ctx, messages); err != nil {
		return err
	}
	return h.reconcile(ctx)
}

// Reconcile makes the running connectors equal to what the config topic says.
func (h *Herder) Reconcile(ctx context.Context) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	return h.reconcile(ctx)
}

func (h *Herder) reconcile(ctx context.Context) error {
	if err := h.Synced(ctx); err != nil {
		return err
	}
	want := h.wanted()
	var tasks []string
	for name, w := range want {
		for _, api := range w.Config.APIs {
			tasks = append(tasks, TaskName(name, api.N))
		}
	}
	if err := h.Leader.Assign(ctx, tasks...); err != nil {
		return err
	}
	h.Apply(want)
	return nil
}

// wanted are the connectors whose target is STARTED and whose configuration can be used.
func (h *Herder) wanted() map[string]Want {
	h.mu.Lock()
	defer h.mu.Unlock()
	want := map[string]Want{}
	clear(h.faults)
	for _, name := range h.state.Names() {
		c, _ := h.state.Connector(name)
		if c.Target != configs.Started {
			continue
		}
		parsed, err := h.Parse(c.Config)
		if err != nil {
			h.faults[name] = err
			continue
		}
		want[name] = Want{Config: parsed, Version: fingerprint(c.Config)}
	}
	return want
}

// TaskName is the name of an API's row in the assignments topic.
func TaskName(connector string, api int) string { return fmt.Sprintf("%s/api%d", connector, api) }

// fingerprint tells configurations apart.
func fingerprint(config map[string]string) string {
	h := fnv.New128a()
	for _, k := range slices.Sorted(maps.Keys(config)) {
		fmt.Fprintf(h, "%q=%q\n", k, config[k])
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TaskConfigs are the task records of a connector: a real Connect worker wants a task.class in each.
func TaskConfigs(c connector.Config) []map[string]string {
	var out []map[string]string
	for _, t := range connector.Tasks(c) {
		apis := ""
		for i, n := range t.APIs {
			if i > 0 {
				apis += ","
			}
			apis += fmt.Sprintf("api%d", n)
		}
		out = append(out, map[string]string{
			"task.class": "io.confluent.connect.http.source.GenericHttpSourceTask", "apis": apis,
		})
	}
	return out
}
