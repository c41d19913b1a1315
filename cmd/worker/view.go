package main

import (
	"context"
	"errors"
	"time"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker"
)

// view shows the herder and the worker to the REST API, and takes changes from it.
type view struct {
	herder *coordinator.Herder
	worker *worker.Worker
	store  offsets.Store
	id     string // worker_id
}

func (v view) Names() []string { return v.herder.Names() }

func (v view) Connector(name string) (api.Connector, bool) {
	c, known, _ := v.herder.Connector(name)
	return api.Connector{Config: c.Config, Tasks: c.Tasks}, known
}

func (v view) Status(name string) (api.Status, bool) {
	c, known, wrong := v.herder.Connector(name)
	if !known {
		return api.Status{}, false
	}
	s := api.Status{Name: name, Connector: api.ConnectorState{State: "UNASSIGNED", WorkerID: v.id}, Type: "source"}
	own, tasks, runs := v.worker.Status(name)
	switch {
	case wrong != nil:
		s.Connector.State, s.Connector.Trace = string(worker.Failed), wrong.Error()
	case c.Target == configs.Paused:
		s.Connector.State = "PAUSED"
	case c.Target == configs.Stopped:
		s.Connector.State = "STOPPED"
	case runs:
		s.Connector.State, s.Connector.Trace = string(own.State), own.Trace
	}
	for _, t := range tasks {
		s.Tasks = append(s.Tasks, v.task(t))
	}
	if c.Target == configs.Paused {
		for i := range c.Tasks { // they keep their place and do nothing
			s.Tasks = append(s.Tasks, api.TaskStatus{ID: i, State: "PAUSED", WorkerID: v.id})
		}
	}
	return s, true
}

// task is FAILED when one of its APIs is: the others stop with it.
func (v view) task(t worker.Task) api.TaskStatus {
	s := api.TaskStatus{ID: t.ID, State: string(worker.Running), WorkerID: v.id, Headwater: &api.Progress{}}
	for _, r := range t.Runners {
		at := r.Status()
		switch at.State {
		case worker.Failed:
			s.State, s.Trace = string(worker.Failed), at.Trace
		case worker.Unassigned:
			if s.State != string(worker.Failed) {
				s.State, s.Trace = string(worker.Unassigned), at.Trace
			}
		case worker.Running:
		}
		s.Headwater.APIs = append(s.Headwater.APIs, api.APIProgress{
			API: r.Pipeline.API.N, Waiting: at.Waiting, Until: moment(at.Until), Reason: at.Reason,
			LastPage: moment(at.Committed), Records: at.Records,
		})
	}
	return s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Offsets shows the product's offset alone, and the window or key that goes with it.
func (v view) Offsets(ctx context.Context, name string) ([]api.Offset, error) {
	stored, err := v.store.List(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []api.Offset
	for _, s := range stored {
		o := map[string]string{"offset": s.Offset.Offset}
		for key, value := range map[string]string{
			"start_time": s.Offset.StartTime, "end_time": s.Offset.EndTime, "primary_key": s.Offset.PrimaryKey,
		} {
			if value != "" {
				o[key] = value
			}
		}
		out = append(out, api.Offset{Partition: map[string]string{"url": s.Partition.URL}, Offset: o})
	}
	return out, nil
}

func (v view) Create(ctx context.Context, name string, config map[string]string, initial string) error {
	return answer(name, v.herder.Create(ctx, name, config, initial))
}

func (v view) Put(ctx context.Context, name string, config map[string]string) error {
	return answer(name, v.herder.Put(ctx, name, config))
}

func (v view) Delete(ctx context.Context, name string) error {
	return answer(name, v.herder.Delete(ctx, name))
}

func (v view) Target(ctx context.Context, name, state string) error {
	return answer(name, v.herder.Target(ctx, name, state))
}

// Restart starts the connector's tasks again. The connector itself has nothing to restart.
func (v view) Restart(ctx context.Context, name string, includeTasks, onlyFailed bool) error {
	if !includeTasks || onlyFailed && !v.failed(name) {
		return nil
	}
	v.worker.Restart(name)
	return nil
}

// RestartTask starts the connector again: its tasks share their clients.
func (v view) RestartTask(_ context.Context, name string, _ int) error {
	v.worker.Restart(name)
	return nil
}

func (v view) failed(name string) bool {
	s, _ := v.Status(name)
	for _, t := range s.Tasks {
		if t.State == string(worker.Failed) {
			return true
		}
	}
	return s.Connector.State == string(worker.Failed)
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
