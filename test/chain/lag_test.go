package chain

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// TestLag: what Kafka's own tool says of the group that spreads the lanes: who has them, and how much work waits.
func TestLag(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	open := make(chan struct{})
	s := newScene(t, tree.New(tree.Config{
		Seed: *seed, Shape: roots(150), Pages: map[string]int{tree.Root: 500},
		On: func(r tree.Request) tree.Fault {
			if r.Level != tree.Root {
				<-open
			}
			return tree.Fault{}
		},
	}))
	s.up(ctx, "w1", "w2")
	s.create(ctx, "w1", nil)
	s.fail(fleet.Await(ctx, settled, "all items to be announced", func(context.Context) error {
		if n := len(s.watch.Items()); n < 150 {
			return fmt.Errorf("%d are", n)
		}
		return nil
	}))
	before := s.described(ctx, "work to wait in each lane", func(d description) bool {
		return len(d.lag) == lanes && len(d.members) == 2 && d.least > 0
	})
	close(open)
	s.fail(s.crawled(ctx))
	after := s.described(ctx, "no work to wait", func(d description) bool {
		return len(d.lag) == lanes && len(d.members) == 2 && d.sum == 0
	})
	r := s.judge(ctx)
	fmt.Printf("lag: seed %d, kafka-consumer-groups of Kafka %s, %s: before %s, after %s; %s; again: go test ./test/chain -run '^TestLag$' -seed %d\n",
		*seed, kafka.Version, s.group(), before, after, r.Line(), *seed)
	if !r.OK() {
		t.Errorf("%v\nfiles of the workers: %s%s", r.Findings, s.fleet.Dir, s.complaints())
	}
}

// description is what the tool says of the group.
type description struct {
	lag        map[string]int64 // by partition
	sum, least int64
	members    map[string]bool
}

func (d description) String() string {
	return fmt.Sprintf("%d lanes, %d members, lag %d", len(d.lag), len(d.members), d.sum)
}

// described asks until what is said is right.
func (s *scene) described(ctx context.Context, what string, right func(description) bool) (d description) {
	s.t.Helper()
	s.fail(fleet.Await(ctx, settled, what, func(ctx context.Context) error {
		out, err := kafka.Shared(s.t, *version).Tool(ctx, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
			"--bootstrap-server", s.bootstrap, "--describe", "--group", s.group())
		if err != nil {
			return err
		}
		if d, err = read(out); err == nil && !right(d) {
			err = fmt.Errorf("the tool says:\n%s", out)
		}
		return err
	}))
	return d
}

// read reads the tool's table by the names of its columns.
func read(out string) (description, error) {
	d := description{lag: map[string]int64{}, members: map[string]bool{}, least: 1 << 62}
	column := map[string]int{}
	for line := range strings.Lines(out) {
		cells := strings.Fields(line)
		if len(cells) > 0 && cells[0] == "GROUP" {
			for i, name := range cells {
				column[name] = i
			}
			continue
		}
		if len(column) == 0 || len(cells) < len(column) {
			continue
		}
		lag, err := strconv.ParseInt(cells[column["LAG"]], 10, 64)
		if err != nil {
			return d, fmt.Errorf("no lag in %q", line)
		}
		d.lag[cells[column["PARTITION"]]] = lag
		d.sum += lag
		d.least = min(d.least, lag)
		if who := cells[column["CONSUMER-ID"]]; who != "-" {
			d.members[who] = true
		}
	}
	return d, nil
}
