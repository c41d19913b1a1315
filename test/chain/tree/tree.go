// Package tree is a REST API of three levels that exists only to be crawled: a list of roots by their last change, the
// branches of each root, the leaves of each branch. It is deterministic from a seed, pages every list, has lists without a
// record, spoils some answers, and remembers every request.
//
//	GET /roots?after=7                  roots changed after change 7
//	GET /roots/r3/branches?cursor=r3:4  branches of r3, each page naming the next
//	GET /branches/b3.1/leaves?start=2   leaves of b3.1 from the third on
//
// Many records differ in nothing but their ids. A Server is safe for concurrent use.
package tree

import (
	"fmt"
	"hash/fnv"
	"sync"
	"time"
)

// Levels of the tree.
const (
	Root   = "root"
	Branch = "branch"
	Leaf   = "leaf"
)

// Config describes a Server.
type Config struct {
	Seed uint64
	// Items is the least number of roots and branches in all: each is a list to be crawled. A root has up to 18 branches,
	// a branch up to 5 leaves, now and then 20; some have none.
	Items int
	// Shape, when not nil, is the tree itself, instead of Items: the number of leaves of each branch of each root.
	Shape [][]int
	// Released is how many roots the list has to begin with; 0: all.
	Released int
	// Pages is how many records an answer has at most, by level. Defaults to 20 roots, 4 branches, 2 leaves.
	Pages map[string]int
	// Rate is the share of answers below the roots that are spoilt, drawn from the seed: 500, and connections that close
	// half way. None is spoilt more than twice in a row. Limits is how many answers at most are 429 with Retry-After: 1.
	Rate   float64
	Limits int
	// On, when not nil, is asked before each answer, without a lock held: it may take its time, and what it returns
	// spoils the answer.
	On func(Request) Fault
}

// Fault spoils an answer. The zero value does not.
type Fault struct {
	Status     int    // instead of 200
	RetryAfter string // header
	Cut        bool   // the connection closes half way
}

// Server is the API; it is an http.Handler.
type Server struct {
	config Config
	began  time.Time

	mu       sync.Mutex
	roots    []*root
	order    []int // of the released roots, by their last change
	changes  int64
	versions map[string][]byte // every state of a root that was ever listed, by Key
	branches int
	leaves   int
	log      []Request
	asked    map[string]int // how often an address was
	limited  int
}

// root is a root and the number of leaves of each of its branches.
type root struct {
	changed int64 // 0: not released
	leaves  []int
}

// New grows a tree.
func New(c Config) *Server {
	pages := map[string]int{Root: 20, Branch: 4, Leaf: 2}
	for level, n := range c.Pages {
		pages[level] = n
	}
	c.Pages = pages
	s := &Server{config: c, began: time.Now(), versions: map[string][]byte{}, asked: map[string]int{}}
	if c.Shape == nil {
		c.Shape = s.grown()
	}
	for _, leaves := range c.Shape {
		s.roots = append(s.roots, &root{leaves: leaves})
	}
	if c.Released == 0 {
		c.Released = len(s.roots)
	}
	s.Release(c.Released)
	return s
}

// grown draws a shape from the seed.
func (s *Server) grown() (shape [][]int) {
	for items := 0; items < s.config.Items; {
		r := len(shape)
		leaves := make([]int, s.draw("branches", r)%19)
		for b := range leaves {
			leaves[b] = int(s.draw("leaves", r, b) % 6)
			if s.draw("many", r, b)%50 == 0 {
				leaves[b] = 20
			}
		}
		shape = append(shape, leaves)
		items += 1 + len(leaves)
	}
	return shape
}

func (s *Server) draw(what ...any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, append(what, s.config.Seed)...)
	x := h.Sum64() // the last bytes hardly reach the upper bits: mixed once more
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	return x ^ x>>33
}

// Roots is how many roots there are, released or not.
func (s *Server) Roots() int { return len(s.roots) }

// Release lets the list have so many roots in all.
func (s *Server) Release(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.order); i < min(n, len(s.roots)); i++ {
		s.order = append(s.order, i)
		s.change(i)
		s.branches += len(s.roots[i].leaves)
		for _, n := range s.roots[i].leaves {
			s.leaves += n
		}
	}
}

// Touch gives a released root more branches, with so many leaves each, and lists it as changed.
func (s *Server) Touch(n int, leaves ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.roots[n]
	r.leaves = append(r.leaves, leaves...)
	s.branches += len(leaves)
	for _, l := range leaves {
		s.leaves += l
	}
	for i, at := range s.order {
		if at == n {
			s.order = append(append(s.order[:i:i], s.order[i+1:]...), n)
			break
		}
	}
	s.change(n)
}

func (s *Server) change(n int) {
	s.changes++
	s.roots[n].changed = s.changes
	s.versions[Key(Root, rootID(n), s.changes)] = s.rootRecord(n)
}

// Items is how many lists there are below the released roots: one for each root and each branch.
func (s *Server) Items() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.order) + s.branches
}

// Records is how many records there are by now: every state of every root, the branches and the leaves.
func (s *Server) Records() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.versions) + s.branches + s.leaves
}
