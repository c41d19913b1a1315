package requests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/api/shape"
)

const stopped = "STOPPED"

// apply stops the connector, changes its offsets and lets it be again what it was told to be. applied is when the offsets
// were changed, zero when they were not.
func (b *Book) apply(ctx context.Context, a Accepted) (previous []shape.Offset, applied time.Time, err error) {
	target, _ := b.with.State(a.Name)
	if target != stopped {
		// However this ends, the connector must not be left stopped: also when the request to stop it failed, it may have
		// come through.
		defer func() { err = errors.Join(err, b.resume(ctx, a.Name, target)) }()
	}
	if err := b.rest(ctx, a.Name, target); err != nil {
		return nil, applied, fmt.Errorf("stop connector %s: %w", a.Name, err)
	}
	if previous, err = b.with.Offsets.Offsets(ctx, a.Name); err != nil {
		return nil, applied, fmt.Errorf("read the offsets of %s: %w", a.Name, err)
	}
	if a.Type == Delete {
		err = b.with.Alterer.Reset(ctx, a.Name)
	} else {
		err = b.with.Alterer.Alter(ctx, a.Name, a.Offsets)
	}
	if err == nil {
		applied = time.Now().UTC()
	}
	return previous, applied, err
}

// rest stops the connector and waits until it has.
func (b *Book) rest(ctx context.Context, name, target string) error {
	if target != stopped {
		if err := b.with.Target(ctx, name, stopped); err != nil {
			return err
		}
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		if _, rests := b.with.State(name); rests {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// resume lets the connector go on, even when ctx is over.
func (b *Book) resume(ctx context.Context, name, target string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resumeLimit)
	defer cancel()
	if err := b.with.Target(ctx, name, target); err != nil {
		return fmt.Errorf("the connector is left STOPPED, resume it: %w", err)
	}
	return nil
}
