package queue

import (
	"context"

	"github.com/headwater/headwater/internal/connector"
)

// Door is what the rest of the worker lends.
type Door struct {
	// Lanes are the lanes of a connector's work queue that run here.
	Lanes func(connector string) []Lane
	// Topic is a connector's work queue.
	Topic func(connector string) Topic
	// Ensure creates the topic where it is missing.
	Ensure func(ctx context.Context, c connector.Config) error
	// Altering, of capacity 1, holds an element while items' offsets are read and changed.
	Altering chan struct{}
}

// Alter runs f while nobody else does.
func (d Door) Alter(ctx context.Context, f func() error) error {
	select {
	case d.Altering <- struct{}{}:
		defer func() { <-d.Altering }()
		return f()
	case <-ctx.Done():
		return ctx.Err()
	}
}
