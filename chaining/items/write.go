package items

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/headwater/headwater/chaining"
)

// write stores all changes at once, then tells the windows and the counters.
func (d *draft) write() error {
	d.order = slices.DeleteFunc(d.order, func(c *change) bool { return !c.changed })
	if len(d.order) > 0 {
		if err := d.store(); err != nil {
			return err
		}
	}
	for _, c := range d.order {
		d.lane.moved(c)
	}
	d.lane.passed += int64(d.passed)
	return d.lane.fit(d.db)
}

func (d *draft) store() error {
	b := d.db.NewBatch()
	defer b.Close()
	if err := d.put(b); err != nil {
		return err
	}
	return d.lane.store.commit(b)
}

// put writes the changes in the order of their keys, as far as it can be had: that is cheaper by far than to jump about.
func (d *draft) put(b *pebble.Batch) error {
	slices.SortFunc(d.order, func(x, y *change) int { return cmp.Compare(x.now.at, y.now.at) })
	byID := slices.Clone(d.order)
	slices.SortFunc(byID, func(x, y *change) int { return cmp.Compare(head(x.id), head(y.id)) })
	for _, put := range []struct {
		what func(*pebble.Batch, *change) error
		of   []*change
	}{{d.announcement, d.order}, {d.move, d.order}, {d.row, byID}} {
		for _, c := range put.of {
			if err := put.what(b, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// head is as much of an item as matters for its place among others.
func head(id chaining.ID) uint64 { return binary.BigEndian.Uint64(id[:]) }

func (d *draft) announcement(b *pebble.Batch, c *change) error {
	var err error
	if c.before.announced && (!c.now.announced || c.before.at != c.now.at) {
		err = b.Delete(d.lane.keys.announcement(c.before.at), nil)
	}
	if err == nil && c.announcement != nil {
		err = b.Set(d.lane.keys.announcement(c.now.at), c.announcement, nil)
	}
	return err
}

func (d *draft) row(b *pebble.Batch, c *change) error {
	key := d.lane.keys.row(c.child, c.id)
	had := c.before.announced || c.before.progressed
	if c.now.announced || c.now.progressed {
		if !had && !d.lane.stored.Has(c.id) { // what comes back again and again takes no more room
			d.lane.stored.Add(c.id)
		}
		d.buffer = c.now.append(d.buffer[:0]) // the batch copies it
		return b.Set(key, d.buffer, nil)
	}
	if had {
		return b.Delete(key, nil)
	}
	return nil
}

// moved keeps what is in memory in step with the store.
func (l *Lane) moved(c *change) {
	l.child(c.child).moved(c)
	delete(l.picked, c.place)
	if c.before.announced {
		delete(l.ahead, c.before.at)
	}
	l.keepAhead(c)
}

// moved keeps windows and counters in step with the store.
func (c *child) moved(change *change) {
	was, _, _ := change.before.stands()
	is, _, _ := change.now.stands()
	if n := c.counts.of(was); n != nil {
		*n--
	}
	if n := c.counts.of(is); n != nil {
		*n++
	}
	from, old := change.before.entry(change.id)
	to, now := change.now.entry(change.id)
	if from == to && old == now {
		return
	}
	if from != none {
		c.window(from).remove(old)
	}
	if to != none {
		c.window(to).insert(now)
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
