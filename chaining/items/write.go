package items

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// write stores all changes at once, then tells the windows and the counters.
func (d *draft) write() error {
	maps.DeleteFunc(d.changes, func(_ place, c *change) bool { return !c.changed })
	b := d.db.NewBatch()
	defer b.Close()
	if err := d.put(b); err != nil {
		return err
	}
	if err := d.lane.store.room(b.Len()); err != nil {
		return err
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return err
	}
	for at, c := range d.changes {
		d.lane.child(at.child).moved(c, at, d.lane.store.page)
		delete(d.lane.picked, at)
		if c.before.at != c.now.at {
			delete(d.lane.ahead, c.before.at)
		}
	}
	d.lane.passed += int64(d.passed)
	return d.lane.refill(d.db)
}

// put writes the changes in the order of their keys, as far as it can be had: that is cheaper by far than to jump about.
func (d *draft) put(b *pebble.Batch) error {
	places := slices.Collect(maps.Keys(d.changes))
	slices.SortFunc(places, func(x, y place) int { return cmp.Compare(d.changes[x].now.at, d.changes[y].now.at) })
	for _, put := range []func(*pebble.Batch, place, *change) error{d.announcement, d.move} {
		for _, at := range places {
			if err := put(b, at, d.changes[at]); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(places, func(x, y place) int { return bytes.Compare(x.id[:], y.id[:]) })
	for _, at := range places {
		if err := d.row(b, at, d.changes[at]); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) announcement(b *pebble.Batch, _ place, c *change) error {
	var err error
	if c.before.announced && (!c.now.announced || c.before.at != c.now.at) {
		err = b.Delete(d.lane.keys.announcement(c.before.at), nil)
	}
	if err == nil && c.announcement != nil {
		err = b.Set(d.lane.keys.announcement(c.now.at), c.announcement, nil)
	}
	return err
}

func (d *draft) row(b *pebble.Batch, at place, c *change) error {
	key := d.lane.keys.row(at.child, at.id)
	if c.now.announced || c.now.progressed {
		d.buffer = c.now.append(d.buffer[:0]) // the batch copies it
		return b.Set(key, d.buffer, nil)
	}
	if !c.before.announced && !c.before.progressed {
		return nil
	}
	return b.Delete(key, nil)
}

// move writes the item's new place in an index, when it has another one.
func (d *draft) move(b *pebble.Batch, at place, c *change) error {
	from, old := c.before.entry(at.id)
	to, now := c.now.entry(at.id)
	if from == to && old == now {
		return nil
	}
	if from != none && (from != to || old.rank != now.rank) {
		key, _ := d.lane.keys.entry(from, at.child, old)
		if err := b.Delete(key, nil); err != nil {
			return err
		}
	}
	if to == none {
		return nil
	}
	key, value := d.lane.keys.entry(to, at.child, now)
	return b.Set(key, value, nil)
}

// moved keeps windows and counters in step with the store.
func (c *child) moved(change *change, at place, page int) {
	was, _, _ := change.before.stands()
	is, _, _ := change.now.stands()
	if n := c.counts.of(was); n != nil {
		*n--
	}
	if n := c.counts.of(is); n != nil {
		*n++
	}
	from, old := change.before.entry(at.id)
	to, now := change.now.entry(at.id)
	if from == to && old == now {
		return
	}
	if from != none {
		c.window(from).remove(old)
	}
	if to != none {
		c.window(to).insert(now, page)
	}
}

// read returns a row; one that is not there is empty.
func read(db pebble.Reader, key []byte) (row, error) {
	b, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return row{}, nil
	}
	if err != nil {
		return row{}, err
	}
	defer closer.Close()
	r, err := parseRow(b)
	r.progress = bytes.Clone(r.progress)
	return r, err
}
