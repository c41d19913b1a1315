package bare

import (
	"context"
	"fmt"
	"net/http"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// ItemsConfig says whose children to copy where.
type ItemsConfig struct {
	Parents  string // URL of the list, to which &start=N is added
	Children string // URL of one parent's children, with %s for the parent's id
	InFlight int    // requests for children at once
	// Wait has each of them wait until its records are acknowledged before it takes the next item, as a loop does that
	// knows of an item that it is done. Else records are acknowledged whenever that may be.
	Wait bool

	Bootstrap   string
	ParentTopic string
	ChildTopic  string
}

// items is one run of Items.
type items struct {
	ItemsConfig
	whole  context.Context // of the run: what was produced outlives the requests
	client *kgo.Client
	http   *http.Client
	ids    chan string
	failed chan error // the first promise that was broken
}

// Items is the yardstick of API chaining: it lists the parents, page after page, asks for the children of InFlight of them
// at a time, and produces parents and children as they came, idempotent and with acknowledgements of all replicas. No
// transaction, no progress, no queue: killed, it starts over. It returns when a list that had parents has no more and all
// is acknowledged.
func Items(ctx context.Context, cfg ItemsConfig) error {
	opts := []kgo.Opt{kgo.SeedBrokers(cfg.Bootstrap), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(kgo.NoCompression())}
	if cfg.Wait {
		opts = append(opts, kgo.ProducerLinger(0))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, _, err := client.ProducerID(ctx); err != nil { // the worker, too, has its ids before it begins
		return err
	}
	m := &items{
		ItemsConfig: cfg, whole: ctx, client: client, ids: make(chan string, 10_000), failed: make(chan error, 1),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: cfg.InFlight + 1}},
	}
	if err := m.run(); err != nil {
		return err
	}
	if err := client.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-m.failed:
		return fmt.Errorf("produce: %w", err)
	default:
		return nil
	}
}

func (m *items) run() error {
	g, ctx := errgroup.WithContext(m.whole)
	g.Go(func() error { return m.list(ctx) })
	for range m.InFlight {
		g.Go(func() error { return m.children(ctx) })
	}
	return g.Wait()
}

func (m *items) list(ctx context.Context) error {
	defer close(m.ids)
	for start := 0; ; {
		body, err := get(ctx, m.http, fmt.Sprintf("%s&start=%d", m.Parents, start))
		if err != nil {
			return err
		}
		before := start
		err = split(body, func(record []byte) {
			m.produce(m.ParentTopic, record)
			start++
			select {
			case m.ids <- string(idOf(record)):
			case <-ctx.Done():
			}
		})
		if err != nil || start == before && start > 0 {
			return err
		}
	}
}

// idOf is where the server has a parent's id.
func idOf(record []byte) []byte { return record[len(`{"id":`):len(`{"id":123456789`)] }

func (m *items) children(ctx context.Context) error {
	for id := range m.ids {
		body, err := get(ctx, m.http, fmt.Sprintf(m.Children, id))
		if err != nil {
			return err
		}
		var records []*kgo.Record
		err = split(body, func(record []byte) {
			if m.Wait {
				records = append(records, &kgo.Record{Topic: m.ChildTopic, Value: record})
			} else {
				m.produce(m.ChildTopic, record)
			}
		})
		if err == nil && m.Wait {
			err = m.client.ProduceSync(ctx, records...).FirstErr()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *items) produce(topic string, value []byte) {
	m.client.Produce(m.whole, &kgo.Record{Topic: topic, Value: value}, func(_ *kgo.Record, err error) {
		if err == nil {
			return
		}
		select {
		case m.failed <- err:
		default:
		}
	})
}
