package items

import "github.com/cockroachdb/pebble/v2"

// fit keeps windows in their bounds. One that got long is cut, and what it held too much of goes to its index on disk. An
// empty one reads on, close behind what was done, also while nobody asks for the next item: what lies between would have to
// be stepped over when the lane is claimed.
func (l *Lane) fit(db *pebble.DB) error {
	for number, c := range l.children {
		for _, in := range []index{waiting, due} {
			var err error
			switch w := c.window(in); {
			case len(w.entries) >= 4*l.store.page:
				err = l.spill(db, number, w, in)
			case w.more && len(w.entries) == 0:
				err = l.extend(db, number, w, in)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *Lane) spill(db *pebble.DB, number int, w *window, in index) error {
	if err := l.toDisk(db, number, in, w.entries[l.store.page:]); err != nil {
		return err
	}
	w.cut(l.store.page)
	return nil
}

func (l *Lane) toDisk(db *pebble.DB, number int, in index, entries []entry) error {
	b := db.NewBatch()
	defer b.Close()
	for _, e := range entries {
		key, value := l.keys.entry(in, number, e)
		if err := b.Set(key, value, nil); err != nil {
			return err
		}
	}
	return l.store.commit(b)
}

// offDisk deletes entries that a window takes over, too few to wait for the disk with. It deletes no range: hundreds of those
// would make each read slower until they are flushed.
func (l *Lane) offDisk(db *pebble.DB, number int, in index, entries []entry) error {
	b := db.NewBatch()
	defer b.Close()
	for _, e := range entries {
		key, _ := l.keys.entry(in, number, e)
		if err := b.Delete(key, nil); err != nil {
			return err
		}
	}
	return b.Commit(pebble.NoSync)
}

// move writes the item's new place in an index, when it has another one, as far as that is on disk.
func (d *draft) move(b *pebble.Batch, c *change) error {
	from, old := c.before.entry(c.id)
	to, now := c.now.entry(c.id)
	if from == to && old == now {
		return nil
	}
	known := d.lane.child(c.child)
	if from != none && (from != to || old.rank != now.rank) && !known.window(from).covers(old) {
		key, _ := d.lane.keys.entry(from, c.child, old)
		if err := b.Delete(key, nil); err != nil {
			return err
		}
	}
	if to == none || known.window(to).covers(now) {
		return nil
	}
	key, value := d.lane.keys.entry(to, c.child, now)
	return b.Set(key, value, nil)
}
