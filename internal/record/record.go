// Package record is the traveller of the house: what an API answered, on its way to a topic.
//
// A Record is still a value that can be looked into; a Message is only bytes. The package imports nothing of ours,
// does no I/O and keeps no state. Values are not copied: a Record or Message shares the memory of the page it came
// from and must not be changed.
package record

import "iter"

// Header is a Kafka record header. A nil Value is a null value.
type Header struct {
	Key   string
	Value []byte
}

// Schema describes a Record's value. JSON without a registry needs none.
type Schema struct {
	Name    string
	Version int32
}

// Record is one element of an API's answer.
type Record struct {
	Key     []byte // nil: null key
	Headers []Header
	Value   Value
	Schema  *Schema // nil: schemaless
}

// Value is a JSON value kept as the bytes that came. It is decoded only by those who ask for its parts, so that a
// record that merely passes through costs no decoding and keeps its numbers to the last digit.
type Value []byte

// Message is a record as Kafka takes it.
type Message struct {
	Topic   string
	Key     []byte // nil: null key
	Value   []byte // nil: null value, a tombstone in a compacted topic
	Headers []Header
	// Partition is where it goes, counting from 1; 0: where its key says.
	Partition int32
}

// frame is what a batch of one record costs beside its bytes: 61 bytes of batch header and at most 40 of varints.
const frame = 101

// Size is the greatest number of bytes that m takes as a Kafka batch of its own, uncompressed. It is what
// max.message.bytes is held against before a transaction begins.
func (m Message) Size() int {
	n := frame + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += 10 + len(h.Key) + len(h.Value)
	}
	return n
}

// Each yields messages that are in memory, as Batch.Messages.
func Each(messages ...Message) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// Batch is what one page comes to. All of it is to be seen together or not at all.
type Batch struct {
	// Messages yields records and error records in their order. It can be walked again; an error, of a spool file that
	// cannot be read, ends it.
	Messages iter.Seq2[Message, error]
	// Offset is the source offset that goes with them; nil when it did not move.
	Offset *Message
	// Bytes is about how much Messages yields.
	Bytes int64
}
