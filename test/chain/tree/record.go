package tree

import (
	"fmt"
	"maps"
	"slices"
)

// Key names a record: a root once for each of its changes, everything else by its id.
func Key(level, id string, changed int64) string {
	if level == Root {
		return fmt.Sprintf("%s/%s@%d", level, id, changed)
	}
	return level + "/" + id
}

func rootID(n int) string          { return fmt.Sprintf("r%d", n) }
func branchID(n, b int) string     { return fmt.Sprintf("b%d.%d", n, b) }
func leafID(n, b, leaf int) string { return fmt.Sprintf("l%d.%d.%d", n, b, leaf) }

// texts are what records hold beside their ids: few, so that many are alike.
var texts = []string{`"same"`, `"same again"`, `null`, `{"nested":["ä","☃",1.50,true]}`}

func (s *Server) text(what ...any) string {
	return texts[s.draw(append(what, "text")...)%uint64(len(texts))]
}

func (s *Server) rootRecord(n int) []byte {
	return fmt.Appendf(nil, `{"level":"root","id":"%s","changed":%d,"text":%s}`, rootID(n), s.roots[n].changed, s.text(n))
}

func (s *Server) branchRecord(n, b int) []byte {
	return fmt.Appendf(nil, `{"level":"branch","id":"%s","root":"%s","text":%s}`, branchID(n, b), rootID(n), s.text(n, b))
}

func (s *Server) leafRecord(n, b, leaf int) []byte {
	return fmt.Appendf(nil, `{"level":"leaf","id":"%s","text":%s}`, leafID(n, b, leaf), s.text(n, b, leaf))
}

// All gives every record there is by now, by its Key, as it is served.
func (s *Server) All() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := maps.Clone(s.versions)
	for _, n := range s.order {
		for b, leaves := range s.roots[n].leaves {
			all[Key(Branch, branchID(n, b), 0)] = s.branchRecord(n, b)
			for leaf := range leaves {
				all[Key(Leaf, leafID(n, b, leaf), 0)] = s.leafRecord(n, b, leaf)
			}
		}
	}
	return all
}

// Lists gives the ids of all roots and branches by now, in order: what has a list of its own.
func (s *Server) Lists() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range slices.Sorted(slices.Values(s.order)) {
		ids = append(ids, rootID(n))
		for b := range s.roots[n].leaves {
			ids = append(ids, branchID(n, b))
		}
	}
	return ids
}
