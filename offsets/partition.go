package offsets

import (
	"fmt"
	"slices"
)

// Partitions are the source partitions of a connector whose APIs have these URLs, in order. APIs must not share one, so
// a URL that was there before gets #apiN behind it, N counting from 1.
func Partitions(connector string, urls []string) []Partition {
	out := make([]Partition, 0, len(urls))
	for i, url := range urls {
		p := Partition{Connector: connector, URL: url}
		for slices.Contains(out, p) {
			p.URL += fmt.Sprintf("#api%d", i+1)
		}
		out = append(out, p)
	}
	return out
}

// names are our fields in an offset record's value. The first is the product's and always written.
var names = [...]string{"offset", "start_time", "end_time", "primary_key", "next", "seen"}

// field is the place in o of names[i].
func (o *Offset) field(i int) *string {
	return [...]*string{&o.Offset, &o.StartTime, &o.EndTime, &o.PrimaryKey, &o.Next, &o.Seen}[i]
}
