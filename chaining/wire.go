package chaining

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Kind says which of an item's two records a key is of.
type Kind byte

// The kinds.
const (
	Announced  Kind = 'a'
	Progressed Kind = 'p'
)

// Key is the key of a record of the work queue: a/<child>/<item> or p/<child>/<item>.
type Key struct {
	Kind  Kind
	Child int
	ID    ID
}

// Bytes is the key as it stands in the topic.
func (k Key) Bytes() []byte {
	b := strconv.AppendInt(append(make([]byte, 0, 48), byte(k.Kind), '/'), int64(k.Child), 10)
	return hex.AppendEncode(append(b, '/'), k.ID[:])
}

// ParseKey reads what Bytes writes.
func ParseKey(b []byte) (Key, error) {
	kind, rest, _ := bytes.Cut(b, []byte("/"))
	number, name, found := bytes.Cut(rest, []byte("/"))
	if !found || string(kind) != "a" && string(kind) != "p" {
		return Key{}, fmt.Errorf("%q is no key of a work queue", b)
	}
	child, err := strconv.Atoi(string(number))
	if err != nil || child < 1 || strconv.Itoa(child) != string(number) {
		return Key{}, fmt.Errorf("%q is no key of a work queue: %q is no API's number", b, number)
	}
	id, ok := parseID(name)
	if !ok {
		return Key{}, fmt.Errorf("%q is no key of a work queue: %w", b, noID(string(name)))
	}
	return Key{Kind: Kind(kind[0]), Child: child, ID: id}, nil
}

// AnnouncementMessage is the record that announces an item.
func AnnouncementMessage(topic string, a *headwaterv1.Announcement) record.Message {
	item := ItemOf(a)
	return message(topic, Key{Announced, item.Child, item.ID()}, a)
}

// ProgressMessage is the record that says how far an item is; a nil p forgets it.
func ProgressMessage(topic string, child int, id ID, p *headwaterv1.Progress) record.Message {
	if p == nil {
		return record.Message{Topic: topic, Key: Key{Progressed, child, id}.Bytes(), Partition: id.Lane() + 1}
	}
	return message(topic, Key{Progressed, child, id}, p)
}

func message(topic string, k Key, m proto.Message) record.Message {
	// Only text that is not UTF-8 is refused, and what goes in was checked to be text.
	value, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend([]byte{}, headwaterv1.Stamped(m))
	if err != nil {
		panic("chaining: " + err.Error())
	}
	return record.Message{Topic: topic, Key: k.Bytes(), Value: value, Partition: k.ID.Lane() + 1}
}
