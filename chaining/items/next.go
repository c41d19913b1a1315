package items

import (
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Next returns the item of a child API that is to be done next: the one that has been waiting for longest, by the queue's
// order; if none waits, the one that is due for longest. Items that are busy are passed over; busy may be nil, and must not
// call the lane. ok is false when there is nothing to do now: then next says when there will be, and is zero when nothing
// is planned.
func (l *Lane) Next(number int, now time.Time, busy func(chaining.ID) bool) (it Item, ok bool, next time.Time, err error) {
	err = l.use("look for the next item", func(db *pebble.DB) error {
		c := l.children[number]
		if c == nil {
			return nil
		}
		e, found, err := l.first(db, number, c, waiting, busy)
		if err == nil && !found {
			e, found, err = l.first(db, number, c, due, busy)
			if found && e.rank > now.UnixMilli() {
				next, found = time.UnixMilli(e.rank), false
			}
		}
		if err == nil && found {
			ok = true
			it, err = l.pick(db, number, e)
		}
		return err
	})
	return it, ok && err == nil, next, err
}

// pick reads an item that is in an index, and keeps its row in mind.
func (l *Lane) pick(db *pebble.DB, number int, e entry) (it Item, err error) {
	r := row{announced: true, at: e.rank}
	if !e.fresh {
		if r, err = read(db, l.keys.row(number, e.id)); err != nil {
			return Item{}, err
		}
	}
	if it, err = l.item(db, number, e.id, r, l.ahead[r.at]); err == nil {
		delete(l.ahead, r.at)
		r.emission = it.Announcement.GetEmission()
		remember(l.picked, keepPicked, place{number, e.id}, r)
	}
	return it, err
}

// first returns the first entry of an index that is not busy.
func (l *Lane) first(db *pebble.DB, number int, c *child, in index, busy func(chaining.ID) bool) (entry, bool, error) {
	w := c.window(in)
	for i := 0; ; {
		for ; i < len(w.entries); i++ {
			if busy == nil || !busy(w.entries[i].id) {
				return w.entries[i], true, nil
			}
		}
		if !w.more {
			return entry{}, false, nil
		}
		if err := l.extend(db, number, w, in); err != nil {
			return entry{}, false, err
		}
	}
}

// extend moves a page from disk to the end of a window.
func (l *Lane) extend(db *pebble.DB, number int, w *window, in index) error {
	from, _ := l.keys.entry(in, number, w.end)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: append(from, 0), UpperBound: l.keys.child(byte(in), number+1)})
	if err != nil {
		return err
	}
	next := make([]entry, 0, l.store.page)
	for it.First(); it.Valid() && len(next) < l.store.page; it.Next() {
		next = append(next, parseEntry(in, it.Key(), it.Value()))
	}
	if err := it.Close(); err != nil {
		return err
	}
	if err := l.offDisk(db, number, in, next); err != nil {
		return err
	}
	w.extend(next, l.store.page)
	return l.readAhead(db, next)
}

// Get returns an item; ok is false when it is neither announced nor was ever crawled.
func (l *Lane) Get(number int, id chaining.ID) (it Item, ok bool, err error) {
	err = l.use("read an item", func(db *pebble.DB) (err error) {
		it, ok, err = l.get(db, number, id)
		return err
	})
	return it, ok && err == nil, err
}

func (l *Lane) get(db pebble.Reader, number int, id chaining.ID) (Item, bool, error) {
	r, err := read(db, l.keys.row(number, id))
	if err != nil || !r.announced && !r.progressed {
		return Item{}, false, err
	}
	it, err := l.item(db, number, id, r, nil)
	return it, err == nil, err
}

// item reads what belongs to a row: its announcement, too, unless it is known. The lane need not be locked.
func (l *Lane) item(db pebble.Reader, number int, id chaining.ID, r row, announcement []byte) (Item, error) {
	it := Item{Child: number, ID: id, At: r.at}
	if r.progressed {
		it.Progress = &headwaterv1.Progress{}
		if err := proto.Unmarshal(r.progress, it.Progress); err != nil {
			return Item{}, fmt.Errorf("item %s: %w", id, err)
		}
	}
	if !r.announced {
		return it, nil
	}
	it.Announcement = &headwaterv1.Announcement{}
	if announcement != nil {
		return it, proto.Unmarshal(announcement, it.Announcement)
	}
	raw, closer, err := db.Get(l.keys.announcement(r.at))
	if err != nil {
		return Item{}, fmt.Errorf("item %s, announced at %d: %w", id, r.at, err)
	}
	defer closer.Close()
	return it, proto.Unmarshal(raw, it.Announcement)
}
