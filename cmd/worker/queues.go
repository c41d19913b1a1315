package main

import (
	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/cmd/worker/view/queue"
	"github.com/headwater/headwater/worker/lane"
)

// lanesOf are the lanes of a connector's work queue that run here.
func (m *member) lanesOf(connector string) []queue.Lane {
	crew := m.queues.Of(connector)
	if crew == nil {
		return nil
	}
	var out []queue.Lane
	crew.Each(func(n int32, l *lane.Lane, store *items.Lane) {
		one := queue.Lane{N: n, Crawl: l, Items: store}
		for _, c := range l.Children {
			one.APIs = append(one.APIs, c.API.N)
		}
		out = append(out, one)
	})
	return out
}

// allLanes are those of all connectors.
func (m *member) allLanes() map[string][]queue.Lane {
	out := map[string][]queue.Lane{}
	for _, name := range m.queues.Names() {
		out[name] = m.lanesOf(name)
	}
	return out
}

// queueDoor is what the REST API needs of work queues.
func (m *member) queueDoor() queue.Door {
	return queue.Door{
		Lanes: m.lanesOf, Ensure: m.build.EnsureQueue, Altering: make(chan struct{}, 1),
		Topic: func(connector string) queue.Topic {
			return queue.Topic{Name: chaining.Topic(connector), Exists: m.admin.Exists, Open: m.openQueue}
		},
	}
}

func (m *member) openQueue(topic string) (queue.Reader, error) { return m.cluster.OpenReader(topic) }
