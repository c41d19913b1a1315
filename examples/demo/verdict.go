package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// verdict is the check of one topic against its API.
type verdict struct {
	topic                    string
	records, distinct, held  int
	missing, foreign, double int // ids
}

// judge compares what a client of Kafka saw with what the API holds, id by id.
func judge(topic string, seen map[string]int, held []string) verdict {
	v := verdict{topic: topic, distinct: len(seen), held: len(held)}
	for _, n := range seen {
		v.records += n
		if n > 1 {
			v.double++
		}
	}
	known := make(map[string]bool, len(held))
	for _, id := range held {
		known[id] = true
		if seen[id] == 0 {
			v.missing++
		}
	}
	for id := range seen {
		if !known[id] {
			v.foreign++
		}
	}
	return v
}

func (v verdict) good() bool {
	return v.missing+v.foreign+v.double == 0 && v.records == v.held && v.records > 0
}

// trouble says what is wrong; empty when nothing is.
func (v verdict) trouble() string {
	if v.good() {
		return ""
	}
	var list []string
	for what, n := range map[string]int{"missing": v.missing, "seen more than once": v.double, "not the API's": v.foreign} {
		if n > 0 {
			list = append(list, fmt.Sprintf("%s %s", thousands(n), what))
		}
	}
	if len(list) == 0 {
		list = append(list, "no records at all")
	}
	slices.Sort(list)
	return fmt.Sprintf("%s: %s", v.topic, strings.Join(list, ", "))
}

// check judges every topic.
func check(ctx context.Context, apis []api, q *inquirer, t *tally) ([]verdict, error) {
	var all []verdict
	for _, a := range apis {
		ids, err := q.ids(ctx, a)
		if err != nil {
			return nil, fmt.Errorf("ask the sample API what it holds: %w", err)
		}
		all = append(all, judge(a.topic, t.ids(a.topic), ids))
	}
	return all, t.failure()
}
