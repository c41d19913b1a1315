package datasette

import (
	"bytes"

	"github.com/headwater/headwater/test/chain/tree"
)

// Contents are the records of a tree as Datasette has them.
type Contents struct {
	all   map[string][]byte
	lists []string
	rows  []bytes.Buffer // by root: it and all below it
	below []int          // how many records the roots before this one have
}

// Of takes over what a tree has by now.
func Of(api *tree.Server) (*Contents, error) {
	n := api.Roots()
	c := &Contents{all: map[string][]byte{}, lists: api.Lists(), rows: make([]bytes.Buffer, n), below: make([]int, n+1)}
	for key, value := range api.All() {
		if err := c.add(key, value); err != nil {
			return nil, err
		}
	}
	for i := range n {
		c.below[i+1] += c.below[i]
	}
	return c, nil
}

func (c *Contents) add(key string, value []byte) error {
	r, err := parse(value)
	if err != nil {
		return err
	}
	n, err := r.root()
	if err != nil {
		return err
	}
	row, err := r.row()
	c.all[key] = r.served()
	c.rows[n].Write(row)
	c.below[n+1]++
	return err
}

// Roots is how many roots there are.
func (c *Contents) Roots() int { return len(c.rows) }

// Below is how many records the first n roots come to, with all that is below them.
func (c *Contents) Below(n int) int { return c.below[n] }

// Rows are those of some roots, the first of them included, with all that is below them: for Service.Put.
func (c *Contents) Rows(from, to int) []byte {
	var out []byte
	for n := from; n < to; n++ {
		out = append(out, c.rows[n].Bytes()...)
	}
	return out
}

// All gives every record by its tree.Key, as Datasette answers it.
func (c *Contents) All() map[string][]byte { return c.all }

// Lists gives the ids of what has a list of its own.
func (c *Contents) Lists() []string { return c.lists }

// Records is how many records there are.
func (c *Contents) Records() int { return len(c.all) }

// Items is how many lists there are.
func (c *Contents) Items() int { return len(c.lists) }
