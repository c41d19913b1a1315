package kafka

import (
	"github.com/headwater/headwater/internal/kafka/tail"
	"github.com/headwater/headwater/internal/record"
)

// Table is a compacted topic held in memory.
type Table = tail.Table

// Reader tails single partitions of a topic.
type Reader = tail.Reader

// Entry is a record as a Reader hands it over.
type Entry = tail.Entry

// OpenTable starts to tail topic. apply, when not nil, is called for every record in order, tombstones too, by the
// tailing goroutine. Close the table.
func (c *Cluster) OpenTable(topic string, apply func(offset int64, m record.Message)) (*Table, error) {
	return tail.OpenTable(tail.Door{Connect: c.client, Classify: classify}, topic, apply)
}

// OpenReader opens a reader of a topic that reads nothing until a partition is added; it connects when first used. Close
// it.
func (c *Cluster) OpenReader(topic string) (*Reader, error) {
	return tail.OpenReader(tail.Door{Connect: c.client, Classify: classify}, topic)
}
