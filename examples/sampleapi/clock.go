package sampleapi

import (
	"sync/atomic"
	"time"
)

// Clock says how far the transitions are published: those up to its time.
type Clock struct {
	started, from time.Time
	speed         float64
	all           atomic.Bool
}

// Everything is a Clock that has published all there is.
func Everything() *Clock {
	c := &Clock{}
	c.Finish()
	return c
}

// Replay is a Clock that shows from at the time now and then runs speed times as fast as the real one, so that records
// keep appearing until 2038 is reached.
func Replay(now, from time.Time, speed float64) *Clock {
	return &Clock{started: now, from: from, speed: speed}
}

// Finish publishes the rest at once.
func (c *Clock) Finish() { c.all.Store(true) }

// At returns the replayed time at the real time now.
func (c *Clock) At(now time.Time) time.Time {
	if c.all.Load() {
		return end
	}
	// Past the end there is nothing to publish: staying there keeps the product within a Duration, too.
	passed := now.Sub(c.started).Seconds() * c.speed
	if left := end.Sub(c.from); passed < left.Seconds() {
		return c.from.Add(time.Duration(passed * float64(time.Second)))
	}
	return end
}
