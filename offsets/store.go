package offsets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
)

// Table is the offsets topic as this worker reads it.
type Table interface {
	// SyncKey returns when everything written to key's partition before the call has been read.
	SyncKey(ctx context.Context, key []byte) error
	Sync(context.Context) error
	Get(key []byte) ([]byte, bool)
	Rows() []record.Message
}

// Store reads stored source offsets. It is safe for concurrent use.
type Store struct{ Table Table }

// loadTimeout bounds the wait for the topic's end: another API's open transaction ends at the latest after its
// transaction.timeout.ms, and the broker's scan for such may take as long again.
const loadTimeout = time.Minute

// Load returns the offset of p as of everything committed before the call; nil when none is stored. It is right only
// after the claim (R3). A stored offset that cannot be read is a fatal error, never the beginning.
func (s Store) Load(ctx context.Context, p Partition) (*Offset, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	key := Key(p)
	if err := s.Table.SyncKey(ctx, key); err != nil {
		return nil, err
	}
	value, ok := s.Table.Get(key)
	if !ok {
		return nil, nil
	}
	o, err := Decode(value)
	if errors.Is(err, ErrForgotten) {
		return nil, nil
	}
	if err != nil {
		return nil, &fault.Error{
			Op: fmt.Sprintf("read the stored offset %s", key), Err: err,
			Hint: "alter or reset the connector's offsets: the record in the offsets topic is not one of ours or Connect's",
		}
	}
	return &o, nil
}

// Stored is a source partition and its offset.
type Stored struct {
	Partition Partition
	Offset    Offset
}

// List returns the stored offsets of a connector in the order of their keys. Records that cannot be read are passed over.
func (s Store) List(ctx context.Context, connector string) ([]Stored, error) {
	if err := s.Table.Sync(ctx); err != nil {
		return nil, err
	}
	var out []Stored
	for _, row := range s.Table.Rows() {
		p, ours, err := DecodeKey(row.Key)
		if err != nil || !ours || p.Connector != connector {
			continue
		}
		if o, err := Decode(row.Value); err == nil {
			out = append(out, Stored{p, o})
		}
	}
	return out, nil
}
