package kafka

import (
	"context"
	"time"

	"github.com/headwater/headwater/internal/kafka/lanes"
)

// Lanes is this process's membership in the consumer group that spreads the lanes of a work queue.
type Lanes = lanes.Lanes

// LanesConfig says which group to join and how.
type LanesConfig = lanes.Config

// JoinLanes starts to join the group of a work queue; wait for Changed. A topic that has not the wanted number of
// partitions is a fatal error. Close the lanes.
func (c *Cluster) JoinLanes(ctx context.Context, l LanesConfig) (*Lanes, error) {
	return lanes.Join(ctx, lanes.Door{Connect: c.client, Classify: classify}, l)
}

// lanesTimeout bounds the questions about a group where the caller's ctx does not.
const lanesTimeout = 30 * time.Second

// LanesOf tells which partitions the members of a group have, by client id, for as long as the broker holds them for alive.
// settled is false while the group spreads its lanes, when members come without partitions or are missing, and for a group
// without members. Ask before EvictLanes: afterwards the member is not listed.
func (a *Admin) LanesOf(ctx context.Context, group string) (of map[string][]int32, settled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lanesTimeout)
	defer cancel()
	of, settled, err = lanes.Of(ctx, a.client, group)
	return of, settled, classify("list the members of group "+group, err)
}

// EvictLanes takes all members with that client id out of the group, as if they had left: for a worker that is known to be
// dead, so that the others need not wait for its session to end. One that lives joins again by itself. That there is none
// is no error.
func (a *Admin) EvictLanes(ctx context.Context, group, clientID string) error {
	ctx, cancel := context.WithTimeout(ctx, lanesTimeout)
	defer cancel()
	return classify("evict "+clientID+" from group "+group, lanes.Evict(ctx, a.client, group, clientID))
}
