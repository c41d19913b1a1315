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

// field is one of our names in an offset record's value.
type field struct {
	name  string
	value *string
}

// fields lists them with their places in o. The first is the product's and always written.
func (o *Offset) fields() []field {
	return []field{
		{"offset", &o.Offset},
		{"start_time", &o.StartTime},
		{"end_time", &o.EndTime},
		{"primary_key", &o.PrimaryKey},
		{"next", &o.Next},
		{"seen", &o.Seen},
	}
}
