package chain

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/test/rolling/fleet"
)

// struck counts what was done to a scene.
type struck map[string]int

func (c struck) String() string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(c)) {
		out = append(out, fmt.Sprintf("%d %s", c[k], k))
	}
	return strings.Join(out, ", ")
}

// strikes are all that is to befall a scene, in an order drawn from the seed.
func strikes() (plan []func(*scene, context.Context)) {
	rng := rand.New(rand.NewPCG(*seed, 8))
	for range *kills {
		plan = append(plan, (*scene).kill)
	}
	for range *rebalances {
		plan = append(plan, (*scene).rebalance)
	}
	for range (*kills + 9) / 10 {
		plan = append(plan, (*scene).freeze)
	}
	rng.Shuffle(len(plan), func(i, j int) { plan[i], plan[j] = plan[j], plan[i] })
	return plan
}

// victim is any worker that is there.
func (s *scene) victim() string { return s.fleet.Names()[s.rng.IntN(len(s.fleet.Names()))] }

// kill ends a worker by kill -9 and starts it again at once.
func (s *scene) kill(context.Context) {
	name := s.victim()
	s.fail(s.fleet.Worker(name).Kill())
	s.start(name)
	s.struck["killed"]++
}

// guest is the worker that comes and goes.
const guest = "w4"

// rebalance lets the guest join or, when it is there, leave by SIGTERM.
func (s *scene) rebalance(ctx context.Context) {
	s.struck["joined or left"]++
	if s.fleet.Worker(guest) == nil {
		s.up(ctx, guest)
		return
	}
	// It may just have been killed and started: SIGTERM before it is ready is no orderly leaving.
	s.fail(fleet.Await(ctx, settled, guest+" to be ready", s.fleet.Worker(guest).Healthy))
	s.fail(s.fleet.Leave(guest, leaving))
}

// freeze stops a worker for longer than its session, while the others crawl on, and thaws it.
func (s *scene) freeze(ctx context.Context) {
	w := s.fleet.Worker(s.victim())
	s.fail(fleet.Await(ctx, settled, w.Name+" to be ready", w.Healthy))
	s.fail(w.Stop())
	at := time.Now()
	s.moves(ctx)
	select {
	case <-time.After(time.Until(at.Add(session + time.Second))):
	case <-ctx.Done():
	}
	s.fail(w.Continue())
	s.struck["frozen"]++
}
