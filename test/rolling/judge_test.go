package rolling

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// judge ends the streams, waits until everything has arrived, ends the workers, and judges each connector.
func (s *scene) judge(ctx context.Context) checker.Report {
	s.t.Helper()
	all := checker.Report{Counts: map[string]int{}}
	var watches []*checker.Watch
	for _, f := range s.feeds {
		f.Finish()
		for _, name := range f.Names() {
			w, err := checker.Start(ctx, f.Plan(name, s.bootstrap, s.name+"-offsets"))
			s.fail(err)
			defer w.Close()
			watches = append(watches, w)
		}
	}
	for _, w := range watches {
		if err := fleet.Await(ctx, time.Minute, "all records", func(context.Context) error { return missing(w) }); err != nil {
			s.t.Errorf("the streams have ended, but: %v%s", err, s.complaints())
			break
		}
	}
	s.leave()
	for _, r := range s.settle(ctx, watches) {
		all.Records += r.Records
		all.Offsets += r.Offsets
		all.Findings = append(all.Findings, r.Findings...)
		for check, n := range r.Counts {
			all.Counts[check] += n
		}
	}
	return all
}

func missing(w *checker.Watch) error {
	if m := w.Missing(); len(m) > 0 {
		return fmt.Errorf("of these APIs so many records are missing: %v", m)
	}
	return nil
}

// leave ends all workers at once, in order.
func (s *scene) leave() {
	var all sync.WaitGroup
	for _, name := range s.fleet.Names() {
		w := s.fleet.Worker(name)
		all.Go(func() {
			if err := w.Terminate(leaving); err != nil {
				s.t.Errorf("%v; %s", err, w.Tail(5))
			}
		})
	}
	all.Wait()
}

// settle waits until nothing is open any more and lets each watch judge, all at a time.
func (s *scene) settle(ctx context.Context, watches []*checker.Watch) []checker.Report {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	reports := make([]checker.Report, len(watches))
	var all sync.WaitGroup
	for i, w := range watches {
		all.Go(func() {
			if err := w.Settle(ctx); err != nil {
				s.t.Error(err)
			}
			reports[i] = w.Judge(1, true)
		})
	}
	all.Wait()
	return reports
}

// verdict prints the proof's one line, and fails the test when the checker found something.
func (s *scene) verdict(r checker.Report, what, again string) {
	s.t.Helper()
	fmt.Printf("%s: seed %d, Kafka %s, transaction.version %d, %s, %s; again: go test ./test/rolling -run '^%s$' -seed %d -tv %d%s\n",
		strings.ToLower(strings.TrimPrefix(s.t.Name(), "Test")), *seed, kafka.Version, *version, what, r.Line(), s.t.Name(), *seed, *version, again)
	if !r.OK() {
		s.t.Errorf("%s\nfiles of the workers: %s", strings.Join(r.Findings, "\n"), s.fleet.Dir)
	}
}
