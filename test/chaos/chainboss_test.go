package chaos

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/configs"
	"github.com/headwater/headwater/coordinator/rows"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// boss leads: it changes the connector and writes the rows, with the product's own Leader and Herder, and no strike
// reaches it. Who gets what is the test's word; what a leader does with that is TestCluster's matter.
type boss struct {
	w             *chainWorld
	cluster       *kafka.Cluster
	admin         *kafka.Admin
	list, configs *kafka.Table
	leader        *coordinator.Leader
	herder        *coordinator.Herder
	writer        *kafka.Transactor
}

// newBoss creates the connector and lets its lanes run.
func newBoss(w *chainWorld) *boss {
	b, log := &boss{w: w}, w.log("boss")
	var err error
	b.cluster, err = kafka.NewCluster(kafka.Config{
		Seeds: w.cluster.ListenAddrs(), ClientID: "boss", TransactionTimeout: txnTimeout, Dial: w.net.DialContext,
	})
	w.must(err)
	b.admin, err = b.cluster.Admin()
	w.must(err)
	self := &headwaterv1.Member{Name: "boss", Instance: "boss"}
	board := coordinator.NewBoard(self, func(ctx context.Context) error { return b.list.Sync(ctx) }, log)
	b.list, err = b.cluster.OpenTable(rowTopic, board.Read)
	w.must(err)
	b.writer = b.cluster.Transactor(writerID, nil)
	b.leader = coordinator.NewLeader(self, rowTopic, board, b.writer, func() bool { return true })
	b.herder = coordinator.NewHerder(coordinator.HerderConfig{
		GroupID: group, Topic: configs.Topic(configTopic), Leader: b.leader, Log: log, Fence: b.cluster.Fence,
		Parse: func(p map[string]string) (connector.Config, error) {
			c, _, err := connector.Parse(p)
			return c, err
		},
		Synced: func(ctx context.Context) error { return b.configs.Sync(ctx) },
	})
	b.configs, err = b.cluster.OpenTable(configTopic, b.herder.Read)
	w.must(err)
	w.must(b.herder.Put(w.t.Context(), name, w.garden.properties(w.cfg.interval)))
	w.must(b.open())
	return b
}

func (b *boss) close() {
	b.writer.Close()
	b.list.Close()
	b.configs.Close()
	b.admin.Close()
}

// write writes rows.
func (b *boss) write(messages func() []record.Message) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return b.leader.Do(ctx, func(ctx context.Context) error { return b.leader.Write(ctx, messages()) })
}

// open lets the lanes run under the configuration that there is.
func (b *boss) open() error {
	return b.write(func() []record.Message {
		c, _ := b.herder.Connector(name)
		return []record.Message{b.leader.Topic.Lanes(name, &headwaterv1.Assignment{Epoch: b.leader.Next(), Config: c.Version})}
	})
}

// assign gives the parent API's task to a member.
func (b *boss) assign(m *hand) error {
	return b.write(func() []record.Message {
		return []record.Message{b.leader.Topic.Task(parentTask, &headwaterv1.Assignment{
			Worker: m.name, Instance: m.name, Epoch: b.leader.Next(),
		})}
	})
}

// parentTask is the task of the parent API.
var parentTask = rows.Task{Connector: name, N: 0}

// bury takes a member out of the work queue's group, as a leader does that believes it dead; a sure one fences its lanes
// before.
func (b *boss) bury(m *hand, sure bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if sure {
		if err := b.cluster.Fence(ctx, connector.LaneIDs(group, name)); err != nil {
			return err
		}
	}
	return b.admin.EvictLanes(ctx, chaining.Group(name), m.name)
}

// log is a member's log.
func (w *chainWorld) log(who string) *slog.Logger {
	if !verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level()})).With("worker", fmt.Sprint(who))
}
