package items

import (
	"errors"
	"hash/maphash"
	"math"

	"github.com/cockroachdb/pebble/v2"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Entry is a record of the work queue.
type Entry struct {
	Key   chaining.Key
	Value []byte // nil: a tombstone
	At    int64  // the record's offset
}

// bulk is how many bytes of records are written at once.
const bulk = 1 << 20

// Apply is told of records of the queue, in their order; it does not keep their values. It returns how many of them were
// passed over because they were not understood.
func (l *Lane) Apply(entries []Entry) (passed int, err error) {
	err = l.use("store records of the work queue", func(db *pebble.DB) error {
		for len(entries) > 0 && err == nil {
			d := l.draft(db)
			var n int
			for size := 0; n < len(entries) && size < bulk && err == nil; n++ {
				size += len(entries[n].Value) + 64
				err = d.apply(entries[n])
			}
			if err == nil {
				err = d.write()
			}
			if err == nil {
				passed += d.passed
			}
			entries = entries[n:]
		}
		return err
	})
	return passed, err
}

// Commit is told of progress that the lane has written itself, together. Its records may come back through Apply before or
// after. No progress may be nil: a lane that runs forgets nothing.
func (l *Lane) Commit(all ...chaining.Crawled) error {
	return l.use("store the progress of items", func(db *pebble.DB) error {
		d := l.draft(db)
		for _, c := range all {
			if err := d.crawled(c); err != nil {
				return err
			}
		}
		if err := d.write(); err != nil {
			return err
		}
		for _, c := range all {
			if at := (place{c.Child, c.ID}); d.changes[at].changed {
				remember(l.own, keepOwn, at, own{c.Progress.GetRevision(), sum(d.changes[at].now.progress)})
			}
		}
		return nil
	})
}

// crawled takes what the lane wrote, unless it has come back already.
func (d *draft) crawled(written chaining.Crawled) error {
	if written.Progress == nil {
		return errors.New("no progress to store")
	}
	raw, err := written.Encoded, error(nil)
	if raw == nil {
		if raw, err = proto.Marshal(written.Progress); err != nil {
			return err
		}
	}
	c, err := d.change(written.Child, written.ID)
	if err != nil || c.now.progressed && written.Progress.GetRevision() <= c.now.revision {
		return err
	}
	c.now.take(written.Progress, raw)
	c.changed = true
	return nil
}

// draft collects changes of a lane. Nothing is changed before write.
type draft struct {
	lane    *Lane
	db      *pebble.DB
	changes map[place]*change
	order   []*change // as they came
	passed  int
	buffer  []byte
}

// place is where a row is.
type place struct {
	child int
	id    chaining.ID
}

// change is an item before and after.
type change struct {
	place
	before, now  row
	changed      bool
	announcement []byte // the new one, at now.at; nil: as before
}

func (l *Lane) draft(db *pebble.DB) *draft {
	return &draft{lane: l, db: db, changes: map[place]*change{}}
}

// apply takes one record.
func (d *draft) apply(e Entry) error {
	if e.Key.Child < 1 || e.Key.Child > math.MaxInt32 || e.Key.Kind != chaining.Announced && e.Key.Kind != chaining.Progressed {
		d.passed++
		return nil
	}
	if e.Key.Kind == chaining.Announced {
		return d.announced(e)
	}
	return d.progressed(e)
}

func (d *draft) announced(e Entry) error {
	var a headwaterv1.Announcement
	if e.Value != nil && (proto.Unmarshal(e.Value, &a) != nil || int(a.GetChild()) != e.Key.Child) {
		d.passed++
		return nil
	}
	c, err := d.change(e.Key.Child, e.Key.ID)
	if err != nil {
		return err
	}
	c.changed = true
	c.now.announced, c.now.emission, c.now.at, c.announcement = e.Value != nil, a.GetEmission(), e.At, e.Value
	if e.Value == nil {
		c.now.at = 0
	}
	return nil
}

// progressed takes what is newer than what is known.
func (d *draft) progressed(e Entry) error {
	if d.echo(e) {
		return nil
	}
	var p headwaterv1.Progress
	if proto.Unmarshal(e.Value, &p) != nil {
		d.passed++
		return nil
	}
	if d.old(e, p.GetRevision()) {
		return nil
	}
	c, err := d.change(e.Key.Child, e.Key.ID)
	switch {
	case err != nil:
		return err
	case e.Value == nil:
		c.now.forget()
		c.changed = true
	case !c.now.progressed || p.GetRevision() > c.now.revision:
		c.now.take(&p, e.Value)
		c.changed = true
	}
	return nil
}

var seed = maphash.MakeSeed()

func sum(raw []byte) uint64 { return maphash.Bytes(seed, raw) }

// echo says whether e is what the lane wrote itself, as its bytes tell.
func (d *draft) echo(e Entry) bool {
	at := place{e.Key.Child, e.Key.ID}
	own, known := d.lane.own[at]
	if known = known && e.Value != nil && sum(e.Value) == own.sum; known {
		delete(d.lane.own, at)
	}
	return known
}

// old says whether e is older than, or is, what the lane wrote itself: until that has come back nothing from the queue is
// newer, not even a tombstone.
func (d *draft) old(e Entry, revision int64) bool {
	at := place{e.Key.Child, e.Key.ID}
	own, known := d.lane.own[at]
	if known && e.Value != nil && revision >= own.revision {
		delete(d.lane.own, at)
	}
	return known && (e.Value == nil || revision <= own.revision)
}

// change returns the item's change in this draft.
func (d *draft) change(number int, id chaining.ID) (*change, error) {
	at := place{number, id}
	if c := d.changes[at]; c != nil {
		return c, nil
	}
	r, known := d.lane.picked[at]
	if !known && d.lane.stored.Has(id) {
		var err error
		if r, err = read(d.db, d.lane.keys.row(number, id)); err != nil {
			return nil, err
		}
	}
	c := &change{place: at, before: r, now: r}
	d.changes[at], d.order = c, append(d.order, c)
	return c, nil
}
