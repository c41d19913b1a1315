package audit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/encoding/protowire"
)

// The states of an item, as proto/headwater/v1/queue.proto numbers them.
const (
	Open     = 1
	Done     = 2
	SetAside = 3
	Ended    = 4
)

// Item is what the work queue says of one item.
type Item struct {
	Child  string            // number of the child API
	Values map[string]string // of its placeholders
	Lane   int32
	// Emission is that of the latest announcement, Announced how many were read.
	Emission  int64
	Announced int
	// Serves, State and Revision are those of the latest progress; State 0: it has none.
	Serves, Revision int64
	State            int
	Trace            string
}

// Finished reports whether the latest announcement was crawled to its end.
func (i Item) Finished() bool { return i.State == Done && i.Serves == i.Emission && i.Announced > 0 }

// queue is the work queue as it was read, by the items' keys without their kind.
type queue struct {
	items map[string]*Item
	back  []string // progress that went back
}

func newQueue() queue { return queue{items: map[string]*Item{}} }

func (q *queue) take(r *kgo.Record) error {
	kind, name, ok := strings.Cut(string(r.Key), "/")
	if !ok || kind != "a" && kind != "p" {
		return fmt.Errorf("a key %q", r.Key)
	}
	if r.Value == nil {
		return fmt.Errorf("a tombstone for %q, and nothing was forgotten", r.Key)
	}
	item := q.items[name]
	if item == nil {
		item = &Item{Lane: r.Partition}
		item.Child, _, _ = strings.Cut(name, "/")
		q.items[name] = item
	}
	if item.Lane != r.Partition {
		return fmt.Errorf("%s is in lane %d too", name, item.Lane)
	}
	m, err := fields(r.Value)
	if err != nil {
		return err
	}
	if kind == "a" {
		return item.announced(m)
	}
	if revision := m.number(6); revision <= item.Revision {
		q.back = append(q.back, fmt.Sprintf("item %s %v: revision %d came after %d", name, item.Values, revision, item.Revision))
	}
	item.Serves, item.State, item.Revision, item.Trace = m.number(1), int(m.number(2)), m.number(6), string(m.last(7))
	return nil
}

func (i *Item) announced(m message) error {
	i.Emission = m.number(3)
	i.Announced++
	i.Values = map[string]string{}
	for _, raw := range m[2] {
		v, err := fields(raw.bytes)
		if err != nil {
			return err
		}
		i.Values[string(v.last(1))] = string(v.last(2))
	}
	return nil
}

// message is a protobuf message: the values of each field.
type message map[protowire.Number][]value

type value struct {
	number uint64
	bytes  []byte
}

func fields(raw []byte) (message, error) {
	m := message{}
	for len(raw) > 0 {
		n, kind, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		raw = raw[size:]
		var v value
		switch kind {
		case protowire.VarintType:
			v.number, size = protowire.ConsumeVarint(raw)
		case protowire.BytesType:
			v.bytes, size = protowire.ConsumeBytes(raw)
		default:
			return nil, errors.New("a field that is neither a number nor bytes")
		}
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		raw = raw[size:]
		m[n] = append(m[n], v)
	}
	return m, nil
}

func (m message) number(n protowire.Number) int64 {
	if len(m[n]) == 0 {
		return 0
	}
	return int64(m[n][len(m[n])-1].number)
}

func (m message) last(n protowire.Number) []byte {
	if len(m[n]) == 0 {
		return nil
	}
	return m[n][len(m[n])-1].bytes
}
