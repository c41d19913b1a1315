package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/headwater/headwater/test/kafka/program"
)

const (
	// interval between two looks at the topic and the processes.
	interval = 20 * time.Millisecond
	// settle is how long nothing new must come before a run counts as ended.
	settle = 500 * time.Millisecond
)

// sample is one look.
type sample struct {
	at              time.Time
	stable          int64 // end offset at read_committed: records and transaction markers
	program, broker time.Duration
}

func (b *bench) sample(ctx context.Context, admin *kadm.Client, p *program.Process, topic string) (sample, error) {
	ends, err := admin.ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return sample{}, err
	}
	end, _ := ends.Lookup(topic, 0)
	s := sample{at: time.Now(), stable: end.Offset}
	if s.program, err = program.CPU(p.PID); err != nil {
		return sample{}, err
	}
	s.broker, err = program.CPU(b.cluster.PID())
	return s, err
}

// reached returns the first sample that shows the last one's offset.
func reached(samples []sample) sample {
	last := samples[len(samples)-1]
	for i := len(samples) - 1; i >= 0 && samples[i].stable == last.stable; i-- {
		last = samples[i]
	}
	return last
}

// result is what one run came to.
type result struct {
	perSecond       float64       // records a second, steady state
	program, broker time.Duration // CPU a record, steady state
	whole           time.Duration // CPU a record of the program, start included
	memory          int64         // bytes, at most
	first           time.Duration // from the program's start to the first record a consumer can see
}

// steadyFrom and steadyTo are the parts of all records between which the steady state is measured.
const steadyFrom, steadyTo = 0.2, 0.95

// evaluate works out a result. Markers take offsets too: offsets are scaled so that the last one means all records.
func evaluate(samples []sample, started time.Time, records int, memory int64) (result, error) {
	last := reached(samples)
	scale := float64(records) / float64(last.stable)
	done := func(part float64) sample {
		for _, s := range samples {
			if float64(s.stable) >= part*float64(last.stable) {
				return s
			}
		}
		return last
	}
	from, to := done(steadyFrom), done(steadyTo)
	n := float64(to.stable-from.stable) * scale
	if n <= 0 {
		return result{}, fmt.Errorf("all records arrived between two looks: take more -records")
	}
	each := func(d time.Duration) time.Duration { return time.Duration(float64(d) / n) }
	return result{
		perSecond: n / to.at.Sub(from.at).Seconds(),
		program:   each(to.program - from.program),
		broker:    each(to.broker - from.broker),
		whole:     last.program / time.Duration(records),
		memory:    memory,
		first:     done(1 / float64(last.stable)).at.Sub(started),
	}, nil
}

// String is the line that shows a run as it ends.
func (r result) String() string {
	return fmt.Sprintf("%7.0f records/s, CPU %5.2f us a record, broker %5.2f us, %3d MiB, first record after %v",
		r.perSecond, micros(r.program), micros(r.broker), r.memory>>20, r.first.Round(time.Millisecond))
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
