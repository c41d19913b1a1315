package coordinator

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
)

// duty is a task that some worker should have.
type duty struct {
	version string   // fingerprint of the connector's configuration
	ids     []string // transactional ids of its APIs
}

// plannedTasks is what a configuration comes to, kept because working it out costs more than looking.
type plannedTasks struct {
	version string
	tasks   []map[string]string
}

// duties are the tasks of all connectors that are not stopped, as the config topic has them.
func (h *Herder) duties() map[rows.Task]duty {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[rows.Task]duty{}
	for _, name := range h.state.Names() {
		c, _ := h.state.Connector(name)
		if name == "" {
			continue // it can have no row
		}
		for n, task := range c.Tasks {
			if apis := configs.TaskAPIs(task); apis != nil {
				out[Task(name, n)] = duty{version: c.Version, ids: h.ids(name, apis)}
			}
		}
	}
	return out
}

// ids are the transactional ids of APIs.
func (h *Herder) ids(name string, apis []int) []string {
	out := make([]string, len(apis))
	for i, n := range apis {
		out[i] = connector.TransactionalID(h.GroupID, name, n-1)
	}
	return out
}

// repair writes the tasks of connectors anew whose stored ones do not fit: a real Connect worker wrote them, or their
// records were compacted away. A connector that cannot be used is left as it is, and so is one without tasks that is not
// to run: as in Connect, it gets them when it is started.
func (h *Herder) repair(ctx context.Context) error {
	for _, name := range h.Names() {
		c, known := h.Connector(name)
		if !known || idle(c.Target) && c.TaskCount == 0 {
			continue
		}
		tasks, err := h.tasksOf(name, c)
		if err != nil || slices.EqualFunc(c.Tasks, tasks, maps.Equal) {
			continue
		}
		h.Log.Info("tasks written anew", "connector", name, "tasks", len(tasks))
		if err := h.quiesce(ctx, name, c.Version, apisIn(tasks)); err != nil {
			return err
		}
		if err := h.write(ctx, slices.Concat(h.Topic.TaskSet(name, tasks), h.Topic.Fence(name, apisIn(tasks)))); err != nil {
			return err
		}
	}
	return nil
}

// Usable returns why a connector's configuration cannot be used, nil when it can.
func (h *Herder) Usable(name string, c configs.Connector) error {
	_, err := h.tasksOf(name, c)
	return err
}

func (h *Herder) tasksOf(name string, c configs.Connector) ([]map[string]string, error) {
	h.mu.Lock()
	known := h.planned[name]
	h.mu.Unlock()
	if known.version == c.Version {
		return known.tasks, nil
	}
	parsed, err := h.Parse(c.Config)
	if err != nil { // not kept: a reference's file may come yet
		return nil, err
	}
	known = plannedTasks{c.Version, configs.TaskConfigs(parsed)}
	h.mu.Lock()
	h.planned[name] = known
	h.mu.Unlock()
	return known.tasks, nil
}

func apisIn(tasks []map[string]string) int {
	n := 0
	for _, t := range tasks {
		n += len(configs.TaskAPIs(t))
	}
	return n
}

// keyAge is how old the session key is; without one it is as old as can be.
func (h *Herder) keyAge(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k := h.state.Session(); k != nil && !now.Before(time.UnixMilli(k.Created)) { // from the future: a clock was wrong
		return now.Sub(time.UnixMilli(k.Created))
	}
	return math.MaxInt64
}
