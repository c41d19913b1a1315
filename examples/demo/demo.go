package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/headwater/headwater/examples/sampleapi"
)

const (
	tick = 250 * time.Millisecond
	// firstWithin bounds the wait for a first record, lastWithin that for the last once everything is published.
	firstWithin = 60 * time.Second
	lastWithin  = 60 * time.Second
	// The sample API's last two years are published at this speed, over some 24 seconds.
	growSpeed = 30 * 24 * time.Hour
)

var growFrom = time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)

// demo is one run.
type demo struct {
	options options
	screen  *screen
	places  *places
	clock   *sampleapi.Clock
	data    *sampleapi.Data
	tally   *tally
	asks    *inquirer
	worker  *worker
	started time.Time
	watch   watch
}

// run is the whole demo. The error is context.Canceled when ctx ended before the check.
func run(ctx context.Context, o options, s *screen) (err error) {
	p, err := place(ctx, o)
	if err != nil {
		return err
	}
	defer p.close()
	d := &demo{options: o, screen: s, places: p, asks: newInquirer(p.rest), started: time.Now()}
	d.clock = sampleapi.Replay(d.started, growFrom, growSpeed.Seconds())
	if d.data, err = sampleapi.Load(); err != nil {
		return err
	}
	if d.tally, err = newTally(p.kafka, p.topics()); err != nil {
		return err
	}
	defer d.background()()
	if err := d.startWorker(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.worker.stop()) }()
	d.opening()
	return d.acts(ctx)
}

// background starts the sample API and the reader of the topics, and returns what stops both.
func (d *demo) background() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { d.tally.run(ctx) })
	group.Go(func() {
		if err := sampleapi.Serve(ctx, d.places.sample, sampleapi.New(d.data, d.clock)); err != nil {
			d.tally.fail(err)
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

func (d *demo) startWorker() error {
	arguments, err := d.places.arguments()
	if err != nil {
		return err
	}
	d.worker, err = startWorker(d.options.worker, d.places.dir, arguments)
	return err
}

// acts are what follows the opening.
func (d *demo) acts(ctx context.Context) error {
	if err := d.until(ctx, func() bool { return time.Since(d.started) >= d.options.length }); err != nil {
		return err
	}
	d.clock.Finish() // the sample API publishes what it still holds back
	deadline := time.Now().Add(lastWithin)
	if err := d.until(ctx, func() bool { return d.watch.settled(time.Now()) || time.Now().After(deadline) }); err != nil {
		return err
	}
	d.draw(time.Now())
	d.screen.keep()
	if err := d.verify(ctx); err != nil {
		return err
	}
	if !d.options.stay {
		return nil
	}
	d.lookHere("It all keeps running until Ctrl-C. Look around:")
	err := d.until(ctx, func() bool { return false })
	if errors.Is(err, context.Canceled) {
		return nil // that is how one leaves
	}
	return err
}

// until watches, and shows what it sees, until done.
func (d *demo) until(ctx context.Context, done func() bool) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Canceled
		case now := <-ticker.C:
			if err := d.step(ctx, now); err != nil {
				return err
			}
		}
		if done() {
			return nil
		}
	}
}

// step looks once and shows what is new.
func (d *demo) step(ctx context.Context, now time.Time) error {
	if err := errors.Join(d.worker.failure(), d.tally.failure()); err != nil {
		return err
	}
	if err := d.crash(now); err != nil {
		return err
	}
	d.watch.look(ctx, now, d.places.sources, d.asks, d.tally)
	if now.Sub(d.started) > firstWithin && d.watch.sum() == 0 {
		return fmt.Errorf("no record after %s; the end of the worker's log:\n%s", firstWithin, d.worker.tail(15))
	}
	d.arrivals(now)
	if d.screen.due(now) && d.watch.sum() > 0 {
		d.draw(now)
	}
	return nil
}

// crash kills the worker twice, if that was asked for, while it has a backlog to read.
func (d *demo) crash(now time.Time) error {
	at := [...]int{2000, 6000} // records
	if !d.options.kill || d.watch.kills == len(at) || d.watch.sum() < at[d.watch.kills] {
		return nil
	}
	pid := d.worker.pid()
	if err := d.worker.kill(); err != nil {
		return fmt.Errorf("kill the worker: %w", err)
	}
	if err := d.startWorker(); err != nil {
		return err
	}
	d.watch.kills++
	d.screen.say("", d.screen.paint(red, fmt.Sprintf("%s  kill -9 %d: the worker is gone, broker and all. Started again as %d.",
		clock(now.Sub(d.started)), pid, d.worker.pid())))
	return nil
}
