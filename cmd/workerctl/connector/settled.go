package connector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
	"github.com/headwater/headwater/internal/api/client"
)

// failedLooks is how often a FAILED must be seen in a row to be no longer one from before the change.
const failedLooks = 10

// settled looks whether a connector and all its tasks are in the state that was asked for.
func settled(c *client.Client, name, want string) run.Look {
	var failing int
	return func(ctx context.Context) (bool, string, error) {
		info, err := c.Connector(ctx, name)
		if err != nil {
			return false, "", err
		}
		s, err := c.Status(ctx, name)
		if run.Missing(err) {
			return false, "it has no status yet", nil
		}
		if err != nil {
			return false, "", err
		}
		if trace, failed := failure(s); !failed || want != "RUNNING" {
			failing = 0
		} else if failing++; failing >= failedLooks {
			return false, "", fmt.Errorf("connector %s has FAILED: %s\nmore: workerctl connector explain %s", name, trace, name)
		}
		return there(s, want, len(info.Tasks)), tally(s), nil
	}
}

// there says whether a status is what was wanted. A stopped connector has no tasks, every other one has all of them.
func there(s client.Status, want string, tasks int) bool {
	if s.Connector.State != want {
		return false
	}
	if want == "STOPPED" {
		return len(s.Tasks) == 0
	}
	return tasks > 0 && count(s, want) == tasks
}

func count(s client.Status, state string) (n int) {
	for _, task := range s.Tasks {
		if task.State.State == state {
			n++
		}
	}
	return n
}

// failure returns why a connector or its first failed task has failed.
func failure(s client.Status) (trace string, failed bool) {
	if s.Connector.State == "FAILED" {
		return show.FirstLine(s.Connector.Trace), true
	}
	for _, task := range s.Tasks {
		if task.State.State == "FAILED" {
			return fmt.Sprintf("task %d: %s", task.ID, show.FirstLine(task.Trace)), true
		}
	}
	return "", false
}

// tally says how a connector stands: RUNNING; tasks: 2 RUNNING, 1 FAILED.
func tally(s client.Status) string {
	n := map[string]int{}
	for _, task := range s.Tasks {
		n[task.State.State]++
	}
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d %s", n[state], state))
	}
	if parts == nil {
		return s.Connector.State + "; no tasks"
	}
	return s.Connector.State + "; tasks: " + strings.Join(parts, ", ")
}
