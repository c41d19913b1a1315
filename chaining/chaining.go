// Package chaining says what FOLLOWS from a record: the work items that a parent record means for the child APIs, their
// names, and their two records in the work queue.
//
// The queue is a compacted table, not a log of chores. An item is a child API and the values of its placeholders; the same
// parent seen twice is one item. It has two keys, each with one kind of writer (R13): parents write its announcement in
// the transaction of their page (R6), its lane writes its progress in the transaction of the item's page (R5).
//
//	announced ──> waiting ──page──> OPEN ──last page──> DONE ──announced anew──> waiting
//	                 │                │                  └──repoll interval (CONTINUOUS)──> OPEN
//	                 └────failed──────┴──> SET_ASIDE ──not before──> OPEN;   404, 410 when configured ──> ENDED
//
// The package is pure: no clock, no network, no goroutine.
package chaining

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// Lanes is the number of partitions of a work queue.
const Lanes = connector.Lanes

// The names of a connector's work queue and of the group that spreads it, as the product names them. ACLs are given on
// these prefixes.
const (
	TopicPrefix = "HTTPv2-work-queue-"
	GroupPrefix = "HTTPv2-work-queue-consumers-"
)

// Topic is the name of a connector's work queue.
func Topic(connectorName string) string { return TopicPrefix + legal(connectorName) }

// Group is the name of the consumer group that spreads a connector's lanes over the workers.
func Group(connectorName string) string { return GroupPrefix + legal(connectorName) }

// legal replaces what a topic's name must not hold.
func legal(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
}

// Item is one child API with values for its placeholders.
type Item struct {
	Child  int              // the child API's number
	Values []connector.Pair // by name, in order
}

// ID names an item.
type ID [16]byte

// ID is the same for the same child and values, whoever announces them and whenever.
func (i Item) ID() ID {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 128), uint64(i.Child))
	for _, v := range sorted(i.Values) {
		b = appendText(appendText(b, v.Name), v.Value)
	}
	sum := sha256.Sum256(b)
	return ID(sum[:16])
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
}

func sorted(values []connector.Pair) []connector.Pair {
	byName := func(a, b connector.Pair) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(values, byName) {
		values = slices.Clone(values)
		slices.SortFunc(values, byName)
	}
	return values
}

// Lane is the partition of the work queue that holds both records of the item.
func (id ID) Lane() int32 { return int32(binary.BigEndian.Uint64(id[:8]) % Lanes) }

// String is 32 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String writes.
func ParseID(s string) (ID, error) {
	id, ok := parseID([]byte(s))
	if !ok {
		return ID{}, noID(s)
	}
	return id, nil
}

// parseID takes lower case alone, so that an item has one name.
func parseID(s []byte) (id ID, ok bool) {
	if len(s) != hex.EncodedLen(len(id)) || bytes.ContainsAny(s, "ABCDEF") {
		return id, false
	}
	_, err := hex.Decode(id[:], s)
	return id, err == nil
}

func noID(s string) error {
	return fmt.Errorf("%q is no item: an item has 32 digits of 0-9 and a-f", s)
}

// ItemOf is the item that an announcement is for.
func ItemOf(a *headwaterv1.Announcement) Item {
	return Item{Child: int(a.GetChild()), Values: pairs(a.GetValues())}
}

func pairs(values []*headwaterv1.Value) []connector.Pair {
	out := make([]connector.Pair, 0, len(values))
	for _, v := range values {
		out = append(out, connector.Pair{Name: v.GetName(), Value: v.GetValue()})
	}
	return out
}
