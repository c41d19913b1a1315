package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/api/call"
)

// state returns a connector's status as it is shown.
func (s *Server) state(name string) (Status, bool) {
	st, ok := s.opts.Reader.Status(name)
	if !ok {
		return st, false
	}
	st.Name, st.Type = name, source
	st.Tasks = append([]TaskStatus{}, st.Tasks...)
	slices.SortFunc(st.Tasks, func(a, b TaskStatus) int { return cmp.Compare(a.ID, b.ID) })
	return st, true
}

func (s *Server) status(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	name := r.PathValue("name")
	st, ok := s.state(name)
	if !ok {
		return answer{}, &Error{http.StatusNotFound, "No status found for connector " + name}
	}
	return answer{status: http.StatusOK, body: st}, nil
}

func (s *Server) taskStatus(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	name, id, err := taskOf(r)
	if err != nil {
		return answer{}, err
	}
	st, _ := s.state(name)
	if i := slices.IndexFunc(st.Tasks, func(t TaskStatus) bool { return t.ID == id }); i >= 0 {
		return answer{status: http.StatusOK, body: st.Tasks[i]}, nil
	}
	return answer{}, &Error{http.StatusNotFound, fmt.Sprintf("No status found for task %s-%d", name, id)}
}

// taskOf reads a task's place in the path; what is no number is no route, as in Connect.
func taskOf(r *http.Request) (string, int, error) {
	id, err := strconv.ParseUint(r.PathValue("task"), 10, 31)
	if err != nil {
		return "", 0, call.ErrNoRoute
	}
	return r.PathValue("name"), int(id), nil
}

func (s *Server) tasks(_ context.Context, r *http.Request, _ []byte) (answer, error) {
	name, c, err := s.find(r)
	type task struct {
		ID     taskID            `json:"id"`
		Config map[string]string `json:"config"`
	}
	list := make([]task, len(c.Tasks))
	for i, config := range c.Tasks {
		list[i] = task{taskID{name, i}, s.opts.Mask(config)}
	}
	return answer{status: http.StatusOK, body: list}, err
}

// target makes the call behind pause, resume and stop.
func (s *Server) target(state string, status int) handler {
	return func(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
		name, _, err := s.find(r)
		if err == nil && s.opts.Lifecycle == nil {
			err = missing("Pause, resume and stop are")
		}
		if err != nil {
			return answer{}, err
		}
		return answer{status: status}, s.opts.Lifecycle.Target(ctx, name, state)
	}
}

// restart restarts the connector (204), or with flags what they choose (202 and the status to come, KIP-745).
func (s *Server) restart(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, _, err := s.find(r)
	if err == nil && s.opts.Lifecycle == nil {
		err = missing("Restarting is")
	}
	if err != nil {
		return answer{}, err
	}
	q := r.URL.Query()
	tasks, failed := strings.EqualFold(q.Get("includeTasks"), "true"), strings.EqualFold(q.Get("onlyFailed"), "true")
	st, known := s.state(name)
	if !known && (tasks || failed) {
		return answer{}, &Error{http.StatusNotFound, "No status found for connector " + name}
	}
	if err := s.opts.Lifecycle.Restart(ctx, name, tasks, failed); err != nil {
		return answer{}, err
	}
	if !tasks && !failed {
		return answer{status: http.StatusNoContent}, nil
	}
	return answer{status: http.StatusAccepted, body: restarting(st, tasks, failed)}, nil
}

// restarting shows the chosen parts of st as RESTARTING.
func restarting(st Status, tasks, onlyFailed bool) Status {
	mark := func(state, trace *string) {
		if !onlyFailed || *state == "FAILED" {
			*state, *trace = "RESTARTING", ""
		}
	}
	mark(&st.Connector.State, &st.Connector.Trace)
	for i := range st.Tasks {
		if tasks {
			mark(&st.Tasks[i].State, &st.Tasks[i].Trace)
		}
	}
	return st
}

func (s *Server) restartTask(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	name, id, err := taskOf(r)
	if err != nil {
		return answer{}, err
	}
	c, _ := s.opts.Reader.Connector(name)
	if id >= len(c.Tasks) {
		return answer{}, &Error{http.StatusNotFound, fmt.Sprintf("Unknown task: %s-%d", name, id)}
	}
	if s.opts.Lifecycle == nil {
		return answer{}, missing("Restarting is")
	}
	return answer{status: http.StatusNoContent}, s.opts.Lifecycle.RestartTask(ctx, name, id)
}
