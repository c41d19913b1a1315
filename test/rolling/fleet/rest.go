package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Member is a worker as GET /headwater/v1/cluster tells it.
type Member struct {
	Name, Instance, URL, Version, State string
	Leader, Draining                    bool
	Tasks                               int
}

// Cluster is GET /headwater/v1/cluster.
type Cluster struct {
	Group   string
	Epoch   int64
	Leader  string
	Workers []Member
}

// Task is a row of GET /headwater/v1/assignments.
type Task struct {
	Task, Connector, Worker, Reason string
	ID, Crashes                     int
	APIs                            []string
	Epoch                           int64
	Since                           time.Time
}

// callLimit bounds one call; a worker that is stopped does not answer.
const callLimit = 10 * time.Second

// Call sends a request with a JSON body, when there is one, and decodes the answer into answer, when that is not nil. An
// answer of 400 or more is an error, beside its status.
func (w *Worker) Call(ctx context.Context, method, path string, body, answer any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	var raw []byte
	if body != nil {
		if raw, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, w.URL+path, bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", w.Name, err)
	}
	defer resp.Body.Close()
	if raw, err = io.ReadAll(io.LimitReader(resp.Body, 64<<20)); err != nil {
		return resp.StatusCode, err
	}
	if resp.StatusCode >= 400 {
		return resp.StatusCode, fmt.Errorf("%s: %s %s: %d %.300s", w.Name, method, path, resp.StatusCode, raw)
	}
	if answer == nil {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, json.Unmarshal(raw, answer)
}

// Healthy is nil when GET /health answers 200.
func (w *Worker) Healthy(ctx context.Context) error {
	if w.Ended() {
		return fmt.Errorf("%s: %w with code %d; %s", w.Name, ErrEnded, w.ExitCode(), w.Tail(5))
	}
	_, err := w.Call(ctx, http.MethodGet, "/health", nil, nil)
	return err
}

// Assignments asks who runs what.
func (w *Worker) Assignments(ctx context.Context) ([]Task, error) {
	var body struct{ Tasks []Task }
	_, err := w.Call(ctx, http.MethodGet, "/headwater/v1/assignments", nil, &body)
	return body.Tasks, err
}

// Cluster asks who is there.
func (w *Worker) Cluster(ctx context.Context) (Cluster, error) {
	var c Cluster
	_, err := w.Call(ctx, http.MethodGet, "/headwater/v1/cluster", nil, &c)
	return c, err
}

// putLimit bounds Put's waiting for a group that is being rearranged.
const putLimit = 20 * time.Second

// Put creates or replaces a connector. Like Kafka Connect's clients it asks again on 409 and 503: the group is being rearranged.
func (w *Worker) Put(ctx context.Context, name string, config map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, putLimit)
	defer cancel()
	for {
		status, err := w.Call(ctx, http.MethodPut, "/connectors/"+name+"/config", config, nil)
		if status != http.StatusConflict && status != http.StatusServiceUnavailable {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// Counts is how many tasks each worker has; "" has those of nobody.
func Counts(tasks []Task) map[string]int {
	out := map[string]int{}
	for _, t := range tasks {
		out[t.Worker]++
	}
	return out
}

// Even is nil when total tasks are shared by exactly these workers, with counts that differ by at most one.
func Even(tasks []Task, total int, names []string) error {
	counts := Counts(tasks)
	if len(tasks) != total {
		return fmt.Errorf("%d tasks of %d: %v", len(tasks), total, counts)
	}
	var all []int
	for _, n := range names {
		all = append(all, counts[n])
		delete(counts, n)
	}
	if len(counts) > 0 {
		return fmt.Errorf("tasks of workers that are not there: %v", counts)
	}
	if slices.Max(all)-slices.Min(all) > 1 {
		return fmt.Errorf("uneven: %v of %v", all, names)
	}
	return nil
}

// AwaitEven waits until a worker says that total tasks are shared evenly by all workers of the fleet, and returns them.
func (f *Fleet) AwaitEven(ctx context.Context, ask string, total int, within time.Duration) ([]Task, error) {
	var tasks []Task
	err := Await(ctx, within, "even tasks", func(ctx context.Context) (err error) {
		if tasks, err = f.workers[ask].Assignments(ctx); err != nil {
			return err
		}
		return Even(tasks, total, f.Names())
	})
	return tasks, err
}
