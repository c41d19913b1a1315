package items

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"
)

// shortEnough is how long an announcement may be to be kept in memory until its item is picked.
const shortEnough = 512

// keepAhead keeps the new announcement of an item that was never crawled, when its turn comes soon.
func (l *Lane) keepAhead(c *change) {
	if c.announcement == nil || c.now.progressed || len(c.announcement) > shortEnough || len(l.ahead) >= keepAhead {
		return
	}
	if in, e := c.now.entry(c.id); in == waiting && l.child(c.child).waiting.covers(e) {
		l.ahead[c.now.at] = bytes.Clone(c.announcement)
	}
}

// readAhead reads the announcements of items that were never crawled, which stand in the store in the order of their
// entries: one after the other they cost a fraction of what point reads do.
func (l *Lane) readAhead(db *pebble.DB, entries []entry) error {
	if len(entries) == 0 || !entries[0].fresh {
		return nil
	}
	it, err := db.NewIter(&pebble.IterOptions{
		LowerBound: l.keys.announcement(entries[0].rank), UpperBound: l.keys.announcement(entries[len(entries)-1].rank + 1),
	})
	if err != nil {
		return err
	}
	for _, e := range entries {
		key := l.keys.announcement(e.rank)
		if e.fresh && it.SeekGE(key) && bytes.Equal(it.Key(), key) && len(it.Value()) <= shortEnough {
			remember(l.ahead, keepAhead, e.rank, bytes.Clone(it.Value()))
		}
	}
	return it.Close()
}
