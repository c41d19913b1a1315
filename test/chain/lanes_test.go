package chain

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// lanes is the number of partitions of a work queue.
const lanes = 15

// spread waits until the lanes are with so many workers, evenly, by the word of the broker, and each of them has asked the
// API since.
func (s *scene) spread(ctx context.Context, n int) {
	s.t.Helper()
	s.fail(fleet.Await(ctx, settled, fmt.Sprintf("the lanes to be spread over %d workers", n), func(ctx context.Context) error {
		return s.even(ctx, n)
	}))
	from := s.tree.Asked()
	s.fail(fleet.Await(ctx, settled, fmt.Sprintf("%d workers to ask", n), func(context.Context) error {
		asking := map[string]int{}
		for _, r := range s.tree.Since(from) {
			if r.Level != tree.Root {
				asking[r.Worker]++
			}
		}
		if len(asking) < n {
			return fmt.Errorf("these do: %v", asking)
		}
		return nil
	}))
}

func (s *scene) even(ctx context.Context, n int) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap))
	if err != nil {
		return err
	}
	defer c.Close()
	groups, err := kadm.NewClient(c).DescribeGroups(ctx, s.group())
	if err = errors.Join(err, groups.Error()); err != nil {
		return err
	}
	g := groups[s.group()]
	if g.State != "Stable" || len(g.Members) != n {
		return fmt.Errorf("the group is %s and has %d members", g.State, len(g.Members))
	}
	for _, m := range g.Members {
		has := 0
		if a, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range a.Topics {
				has += len(t.Partitions)
			}
		}
		if has < lanes/n || has > (lanes+n-1)/n {
			return fmt.Errorf("%s has %d lanes of %d", m.ClientID, has, lanes)
		}
	}
	return nil
}

// laneOf says in which lane each list is.
func (s *scene) laneOf() map[string]int32 {
	out := map[string]int32{}
	for id, item := range s.watch.Items() {
		out[id] = item.Lane
	}
	return out
}

// roots is a tree of roots without branches.
func roots(n int) [][]int { return make([][]int, n) }
