package items

import (
	"github.com/cockroachdb/pebble/v2"

	"github.com/headwater/headwater/chaining"
)

// List returns up to limit items of a child API in the order of their IDs, those behind after; the zero ID begins. Gone asks
// for all that are announced, another state for those that stand there. It reads until it has found so many, which can be
// the whole lane: it is for people. The lane goes on meanwhile.
func (l *Lane) List(number int, state State, after chaining.ID, limit int) (out []Item, err error) {
	err = l.store.use("list items", l.name, func() error {
		if l.isDropped() {
			return ErrClosed
		}
		now := l.store.db.NewSnapshot()
		defer now.Close()
		out, err = l.list(now, number, state, after, limit)
		return err
	})
	return out, err
}

func (l *Lane) isDropped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

func (l *Lane) list(db pebble.Reader, number int, state State, after chaining.ID, limit int) (out []Item, err error) {
	it, err := db.NewIter(&pebble.IterOptions{
		LowerBound: append(l.keys.row(number, after), 0), UpperBound: l.keys.child('r', number+1),
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := it.Close(); err == nil {
			err = closing
		}
	}()
	for it.First(); it.Valid() && len(out) < limit; it.Next() {
		r, err := parseRow(it.Value())
		if err != nil {
			return nil, err
		}
		if s, _, _ := r.stands(); s == Gone || state != Gone && s != state {
			continue
		}
		item, err := l.item(db, number, chaining.ID(it.Key()[header:]), r, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}
