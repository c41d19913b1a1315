package chain

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// TestAgain: a worker that is killed in the middle of many lists goes on where each stood, and a root that is emitted again
// brings what is new in its list and is not crawled from the start. Both are counted at the API.
func TestAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	shape := make([][]int, 12)
	for r := range shape {
		shape[r] = []int{120, 0, 1, 2, 3, 4}
	}
	s := newScene(t, tree.New(tree.Config{Seed: *seed, Shape: shape, Pages: map[string]int{tree.Leaf: 4}, On: slowly(40 * time.Millisecond)}))
	s.up(ctx, "w1")
	s.create(ctx, "w1", nil)

	s.fail(fleet.Await(ctx, still, "a third of the leaves", func(context.Context) error {
		if n := s.watch.Visible(); n < s.tree.Records()/3 {
			return fmt.Errorf("there are %d records of %d", n, s.tree.Records())
		}
		return nil
	}))
	stood := s.standing(len(shape))
	s.fail(s.fleet.Worker("w1").Kill())
	s.start("w1")
	s.fail(s.crawled(ctx))
	resumed := s.resumed(stood)

	n := s.tree.Asked()
	for r := range 4 {
		s.tree.Touch(r, 1, 2, 3)
	}
	s.fail(s.crawled(ctx))
	onward := s.onward(n, 4)
	r := s.judge(ctx)
	fmt.Printf("again: seed %d, 12 lists of 30 pages, the worker killed in the middle of %d: %d pages asked again, none of them committed; 4 roots emitted again: their lists asked from %s; %s; again: go test ./test/chain -run '^TestAgain$' -seed %d\n",
		*seed, len(stood), resumed, onward, r.Line(), *seed)
	if !r.OK() {
		t.Errorf("%s\nfiles of the workers: %s%s", strings.Join(r.Findings, "\n"), s.fleet.Dir, s.complaints())
	}
}

// slowly lets every answer below the roots take its time.
func slowly(wait time.Duration) func(tree.Request) tree.Fault {
	return func(r tree.Request) tree.Fault {
		if r.Level != tree.Root {
			time.Sleep(wait) // an API that takes its time
		}
		return tree.Fault{}
	}
}

// standing says of the long lists that have begun and not ended how many of their leaves are committed, at least.
func (s *scene) standing(roots int) map[string]int {
	s.t.Helper()
	out := map[string]int{}
	for r := range roots {
		n := 0
		for s.watch.Has(tree.Key(tree.Leaf, fmt.Sprintf("l%d.0.%d", r, n), 0)) > 0 {
			n++
		}
		if n > 0 && n < 120 {
			out[fmt.Sprintf("b%d.0", r)] = n
		}
	}
	if len(out) < 3 {
		s.t.Fatalf("only %v are in the middle", out)
	}
	return out
}

// resumed holds the requests of the second life against where lists stood, and counts those that the first had sent too.
func (s *scene) resumed(stood map[string]int) (again int) {
	s.t.Helper()
	before, after := map[string]bool{}, map[string]bool{}
	for _, r := range s.tree.Log() {
		if _, ok := stood[r.ID]; !ok || r.Level != tree.Leaf {
			continue
		}
		page := fmt.Sprintf("%s from %d", r.ID, r.From)
		if r.Worker == "w1.1" {
			before[page] = true
			continue
		}
		if r.From < stood[r.ID] {
			s.t.Errorf("%s was asked for again, and %d of its leaves were committed", page, stood[r.ID])
		}
		if after[page] {
			s.t.Errorf("%s was asked for twice after the kill", page)
		}
		if after[page] = true; before[page] {
			again++
		}
	}
	if len(before) == 0 || len(after) == 0 {
		s.t.Errorf("%d pages before the kill, %d after it", len(before), len(after))
	}
	return again
}

// onward looks at what was asked for once the first roots were emitted again: their lists, from the last page on, the lists
// of new branches, and no other.
func (s *scene) onward(from, roots int) string {
	s.t.Helper()
	places, fresh := map[int]int{}, 0
	for _, r := range s.tree.Since(from) {
		var root, branch int
		switch r.Level {
		case tree.Root:
		case tree.Branch:
			_, err := fmt.Sscanf(r.ID, "r%d", &root)
			if places[r.From]++; err != nil || root >= roots || r.From < 4 {
				s.t.Errorf("%s was asked for from %d", r.ID, r.From)
			}
		case tree.Leaf:
			_, err := fmt.Sscanf(r.ID, "b%d.%d", &root, &branch)
			if fresh++; err != nil || root >= roots || branch < 6 {
				s.t.Errorf("%s was asked for, which is not new", r.Path)
			}
		}
	}
	if places[4] != roots || places[8] != roots || fresh == 0 {
		s.t.Errorf("asked were lists of branches from %v, and %d pages of leaves", places, fresh)
	}
	return fmt.Sprintf("%v of 9 (times by place)", places)
}
