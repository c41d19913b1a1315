package call

import (
	"context"
	"fmt"
)

// The greatest number of requests worked on at once. Probes have their own, so that a flood of calls does not make a
// healthy worker look dead.
const (
	MaxCalls  = 64
	maxProbes = 16
)

// gate lets as many in as it has room for.
type gate chan struct{}

func (g gate) enter() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) leave() { <-g }

// drain returns when all who entered have left, or with an error when ctx ends first.
func (g gate) drain(ctx context.Context) error {
	var held int
	defer func() {
		for range held {
			g.leave()
		}
	}()
	for ; held < cap(g); held++ {
		select {
		case g <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("wait for the requests under way: %w", ctx.Err())
		}
	}
	return nil
}
