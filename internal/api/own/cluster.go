package own

import (
	"context"
	"net/http"

	"github.com/headwater/headwater/internal/api/body"
	"github.com/headwater/headwater/internal/api/wire"
)

// Cluster is who is there and who runs what.
type Cluster interface {
	// View lists the workers.
	View(ctx context.Context) (wire.Cluster, error)
	// Assignments lists the tasks of all connectors.
	Assignments(ctx context.Context) (wire.Assignments, error)
	// Explain says what each API of a connector is doing, asking the workers that run them.
	Explain(ctx context.Context, name string) (wire.Explain, error)
}

// Assigner changes who runs what.
type Assigner interface {
	// Change returns what a change comes to and, unless dry, makes it.
	Change(ctx context.Context, c wire.Change, dry bool) (wire.Moves, error)
}

// Self is this worker alone.
type Self interface {
	// Worker describes it.
	Worker(ctx context.Context) (wire.Worker, error)
	// ExplainOwn is Explain of the tasks that it runs, without asking others.
	ExplainOwn(name string) []wire.API
}

func (c Calls) cluster(ctx context.Context, _ *http.Request, _ []byte) (any, error) {
	if c.Cluster == nil {
		return nil, missing("The cluster's members are")
	}
	v, err := c.Cluster.View(ctx)
	v.Workers = append([]wire.Worker{}, v.Workers...)
	return v, err
}

func (c Calls) worker(ctx context.Context, _ *http.Request, _ []byte) (any, error) {
	if c.Self == nil {
		return nil, missing("The cluster's members are")
	}
	return c.Self.Worker(ctx)
}

func (c Calls) assignments(ctx context.Context, _ *http.Request, _ []byte) (any, error) {
	if c.Cluster == nil {
		return nil, missing("Assignments are")
	}
	a, err := c.Cluster.Assignments(ctx)
	a.Tasks = append([]wire.Task{}, a.Tasks...)
	return a, err
}

// change makes the calls behind plan and apply.
func (c Calls) change(dry bool) Run {
	return func(ctx context.Context, _ *http.Request, sent []byte) (any, error) {
		if c.Assigner == nil {
			return nil, missing("Changing assignments is")
		}
		var wanted wire.Change
		if err := body.Decode(sent, &wanted); err != nil {
			return nil, bad(err.Error())
		}
		if err := wanted.Validate(); err != nil {
			return nil, bad("The change cannot be made: " + err.Error())
		}
		m, err := c.Assigner.Change(ctx, wanted, dry)
		m.Moves = append([]wire.Move{}, m.Moves...)
		return m, err
	}
}

func (c Calls) explain(ctx context.Context, r *http.Request, _ []byte) (any, error) {
	name, err := c.Find(r)
	if err != nil {
		return nil, err
	}
	if c.Cluster == nil || c.Self == nil {
		return nil, missing("Explanations are")
	}
	e := wire.Explain{Connector: name}
	if r.URL.Query().Get("scope") == "worker" {
		e.APIs = c.Self.ExplainOwn(name)
	} else if e, err = c.Cluster.Explain(ctx, name); err != nil {
		return nil, err
	}
	e.APIs = append([]wire.API{}, e.APIs...)
	return e, nil
}
