package bare

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// QueueConfig is what Queue needs beside what Items does.
type QueueConfig struct {
	ItemsConfig
	Queue string // topic of work items
	Lanes int    // its partitions
}

// together is how long a lane waits for more pages before it commits, as the worker does.
const together = 100 * time.Millisecond

// queue is one run of Queue.
type queue struct {
	QueueConfig
	http  *http.Client
	lanes []*lane
}

// lane is one partition of the queue. Its index is in memory and has nothing in it but whether an item is done.
type lane struct {
	*queue
	n       int32
	client  *kgo.Client
	waiting chan string
	pages   chan page

	mu   sync.Mutex
	done map[string]bool
}

type page struct{ id, body []byte }

// Queue is the least program that does what API chaining is to do: parents and their announcements in one transaction, the
// announcements read from the work queue, the children of each item and its progress in one transaction under the lane's own
// transactional id, progress read back from the queue. It has no configuration, templates, offsets, retries, metrics, claims
// or index on disk, and its records are as short as can be: what is beyond it is what a worker is for. It runs until the end
// of ctx.
func Queue(ctx context.Context, cfg QueueConfig) error {
	q := &queue{QueueConfig: cfg, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: cfg.InFlight + 1}}}
	g, ctx := errgroup.WithContext(ctx)
	parents, err := q.producer(ctx, "parents")
	if err != nil {
		return err
	}
	defer parents.Close()
	for n := range cfg.Lanes {
		l := &lane{queue: q, n: int32(n), waiting: make(chan string, 100_000), pages: make(chan page, 64), done: map[string]bool{}}
		if l.client, err = q.producer(ctx, fmt.Sprint(n)); err != nil {
			return err
		}
		defer l.client.Close()
		q.lanes = append(q.lanes, l)
	}
	g.Go(func() error { return q.list(ctx, parents) })
	g.Go(func() error { return q.tail(ctx) })
	for _, l := range q.lanes {
		for range cfg.InFlight / cfg.Lanes {
			g.Go(func() error { return l.crawl(ctx) })
		}
		g.Go(func() error { return l.commitAll(ctx) })
	}
	return g.Wait()
}

func (q *queue) producer(ctx context.Context, name string) (*kgo.Client, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(q.Bootstrap), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.TransactionalID(q.Queue+name),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err == nil {
		_, _, err = c.ProducerID(ctx)
	}
	return c, err
}

// commit writes records in one transaction.
func commit(ctx context.Context, c *kgo.Client, records []*kgo.Record) error {
	if err := c.BeginTransaction(); err != nil {
		return err
	}
	if err := c.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	return c.EndTransaction(ctx, kgo.TryCommit)
}

// list announces the parents of one page after the other.
func (q *queue) list(ctx context.Context, c *kgo.Client) error {
	for start := 0; ; {
		body, err := get(ctx, q.http, fmt.Sprintf("%s&start=%d", q.Parents, start))
		if err != nil {
			return err
		}
		var records []*kgo.Record
		err = split(body, func(record []byte) {
			id := idOf(record)
			h := fnv.New32a()
			_, _ = h.Write(id) // never fails
			lane := int32(h.Sum32() % uint32(q.Lanes))
			records = append(records, &kgo.Record{Topic: q.ParentTopic, Value: record},
				&kgo.Record{Topic: q.Queue, Partition: lane, Key: append([]byte("a"), id...), Value: id})
		})
		if err == nil && len(records) > 0 {
			err = commit(ctx, c, records)
		}
		if err != nil || len(records) == 0 && start > 0 {
			return err
		}
		start += len(records) / 2
	}
}

// tail reads the queue.
func (q *queue) tail(ctx context.Context) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(q.Bootstrap), kgo.ConsumeTopics(q.Queue), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer c.Close()
	for ctx.Err() == nil {
		f := c.PollFetches(ctx)
		f.EachRecord(func(r *kgo.Record) { q.lanes[r.Partition].take(r) })
	}
	return nil
}

func (l *lane) take(r *kgo.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch id := string(r.Key[1:]); r.Key[0] {
	case 'a':
		l.done[id] = false
		l.waiting <- id
	default:
		l.done[id] = true
	}
}

func (l *lane) crawl(ctx context.Context) error {
	for {
		select {
		case id := <-l.waiting:
			body, err := get(ctx, l.http, fmt.Sprintf(l.Children, id))
			if err != nil {
				return err
			}
			l.pages <- page{[]byte(id), body}
		case <-ctx.Done():
			return nil
		}
	}
}

// commitAll commits the pages of up to a tenth of a second together, or fewer when no item waits.
func (l *lane) commitAll(ctx context.Context) error {
	for {
		var group []*kgo.Record
		var end <-chan time.Time
		for open := true; open; {
			select {
			case p := <-l.pages:
				if end == nil {
					end = time.After(together)
				}
				err := split(p.body, func(record []byte) {
					group = append(group, &kgo.Record{Topic: l.ChildTopic, Value: record})
				})
				if err != nil {
					return err
				}
				group = append(group, &kgo.Record{Topic: l.Queue, Partition: l.n, Key: append([]byte("p"), p.id...), Value: []byte{1}})
			case <-end:
				open = false
			case <-ctx.Done():
				return nil
			}
		}
		if err := commit(ctx, l.client, group); err != nil {
			return err
		}
	}
}
