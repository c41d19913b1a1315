// Package view is the cluster as the REST API sees it: it puts what the rooms of a worker know into the shapes of the API,
// and what the API wants into calls of the rooms.
package view

import (
	"context"
	"errors"
	"time"

	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/coordinator/reporter"
	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/forward"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/offsets"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker"
)

// View shows the cluster to the REST API as this worker knows it, and takes changes from it; those only the leader can
// make, and the REST API hands them on to it.
type View struct {
	Self                  *headwaterv1.Member
	GroupID, OffsetsTopic string
	Herder                *coordinator.Herder
	Board                 *coordinator.Board
	Part                  *coordinator.Member
	Roll                  coordinator.Roll
	Gossip                *gossip.Gossip // nil: none
	Running               *worker.Worker
	Report                *reporter.Reporter
	Forward               *forward.Forwarder
	Store                 offsets.Store
	Parse                 func(map[string]string) (connector.Config, error)
	Queues                queue.Door
}

// Names implements api.Reader.
func (v View) Names() []string { return v.Herder.Names() }

// Connector implements api.Reader.
func (v View) Connector(name string) (api.Connector, bool) {
	c, known := v.Herder.Connector(name)
	return api.Connector{Config: c.Config, Tasks: c.Tasks, Target: string(c.Target)}, known
}

// Status implements api.Reader: the status topic, save where the assignment is newer than what was reported.
func (v View) Status(name string) (api.Status, bool) {
	c, known := v.Herder.Connector(name)
	if !known {
		return api.Status{}, false
	}
	own, tasks := v.Report.Status(name)
	s := api.Status{Name: name, Type: "source", Connector: api.ConnectorState{State: string(status.Unassigned), WorkerID: v.WorkerID()}}
	if own != nil {
		s.Connector = api.ConnectorState{State: string(own.State), WorkerID: own.WorkerID, Trace: own.Trace, Version: v.Self.GetVersion()}
	}
	rows := v.Board.View()
	for id := range c.Tasks {
		t := v.task(tasks, id, rows.Tasks[coordinator.Task(name, id)])
		t.Headwater = v.progress(name, id)
		s.Tasks = append(s.Tasks, t)
	}
	return s, true
}

// task is what was reported of a task. A report of an earlier assignment says nothing about the present one: nothing may
// seem to run that does not.
func (v View) task(tasks map[int]status.Status, id int, row *headwaterv1.Assignment) api.TaskStatus {
	s, ok := tasks[id]
	if !ok || s.Generation < row.GetEpoch() || row.GetWorker() == "" {
		return api.TaskStatus{ID: id, State: string(status.Unassigned), WorkerID: row.GetWorker(), Version: v.Self.GetVersion()}
	}
	return api.TaskStatus{ID: id, State: string(s.State), WorkerID: s.WorkerID, Trace: s.Trace, Version: v.Self.GetVersion()}
}

// progress says what the APIs of a task are doing that runs here.
func (v View) progress(name string, id int) *api.Progress {
	_, task, here := v.Running.Status(coordinator.Task(name, id))
	if !here {
		return nil
	}
	p := &api.Progress{APIs: []api.APIProgress{}}
	for _, r := range task.Runners {
		at := r.Status()
		p.APIs = append(p.APIs, api.APIProgress{
			API: r.Pipeline.API.N, Waiting: at.Waiting, Until: moment(at.Until), Reason: at.Reason,
			LastPage: moment(at.Committed), Records: at.Records,
		})
	}
	c, _ := v.Herder.Connector(name)
	p.APIs = append(p.APIs, v.lanes(name, configs.TaskAPIs(c.Tasks[id]))...)
	return p
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// WorkerID is how Connect names this worker: host:port.
func (v View) WorkerID() string { return HostOf(v.Self.GetUrl()) }

// Create implements api.Writer.
func (v View) Create(ctx context.Context, name string, config map[string]string, initial string) error {
	return answer(name, v.Herder.Create(ctx, name, config, initial))
}

// Put implements api.Writer.
func (v View) Put(ctx context.Context, name string, config map[string]string) error {
	return answer(name, v.Herder.Put(ctx, name, config))
}

// Delete implements api.Writer.
func (v View) Delete(ctx context.Context, name string) error {
	return answer(name, v.Herder.Delete(ctx, name))
}

// Target implements api.Lifecycle.
func (v View) Target(ctx context.Context, name, state string) error {
	return answer(name, v.Herder.Target(ctx, name, state))
}

// Restart implements api.Lifecycle. The connector itself has nothing to restart.
func (v View) Restart(ctx context.Context, name string, includeTasks, onlyFailed bool) error {
	if !includeTasks {
		return nil
	}
	_, tasks := v.Report.Status(name)
	return answer(name, v.Herder.Restart(ctx, name, func(id int) bool {
		return !onlyFailed || tasks[id].State == status.Failed
	}))
}

// RestartTask implements api.Lifecycle.
func (v View) RestartTask(ctx context.Context, name string, task int) error {
	return answer(name, v.Herder.Restart(ctx, name, func(id int) bool { return id == task }))
}

// answer gives errors the status that Connect's tools expect.
func answer(name string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*connector.Fault](err); ok {
		return api.Invalid(lines(err)...)
	}
	if _, ok := errors.AsType[*coordinator.Lost](err); ok {
		return api.Conflict()
	}
	switch {
	case errors.Is(err, coordinator.ErrExists):
		return api.Exists(name)
	case errors.Is(err, coordinator.ErrUnknown):
		return api.NotFound(name)
	case errors.Is(err, coordinator.ErrNotStopped):
		return api.NotStopped(name)
	}
	return err
}

// lines takes joined errors apart.
func lines(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var out []string
	for _, e := range joined.Unwrap() {
		out = append(out, lines(e)...)
	}
	return out
}

// ActiveTopics implements api.Topics.
func (v View) ActiveTopics(name string) []string { return v.Report.Topics(name) }

// ResetTopics implements api.Topics.
func (v View) ResetTopics(_ context.Context, name string) error {
	v.Report.ResetTopics(name)
	return nil
}
