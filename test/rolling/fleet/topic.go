package fleet

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"

	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// board is a stand-in for GET /headwater/v1/assignments and /cluster on workers that answer 404 there: the assignments
// topic and the group, read by a client of its own. It goes, with its two callers, when every worker answers.
type board struct {
	mu     sync.Mutex
	client *kgo.Client
	group  string
	tasks  map[string]*headwaterv1.Assignment
	leader *headwaterv1.Leader
}

var boards sync.Map

func boardOf(bootstrap, group string) *board {
	b := &board{group: group, tasks: map[string]*headwaterv1.Assignment{}}
	if old, ok := boards.LoadOrStore(group, b); ok {
		return old.(*board)
	}
	b.client, _ = kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(group+"-assignments"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	go func() {
		for {
			f := b.client.PollFetches(context.Background())
			b.mu.Lock()
			f.EachRecord(func(r *kgo.Record) {
				k := string(r.Key)
				switch {
				case k == "leader":
					l := &headwaterv1.Leader{}
					if proto.Unmarshal(r.Value, l) == nil {
						b.leader = l
					}
				case strings.HasPrefix(k, "task/"):
					a := &headwaterv1.Assignment{}
					if r.Value == nil {
						delete(b.tasks, k[5:])
					} else if proto.Unmarshal(r.Value, a) == nil {
						b.tasks[k[5:]] = a
					}
				}
			})
			b.mu.Unlock()
		}
	}()
	time.Sleep(time.Second)
	return b
}

func (b *board) assignments() (out []Task) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, a := range b.tasks {
		t := Task{Task: k, Worker: a.GetWorker(), Epoch: a.GetEpoch(), Reason: a.GetReason(), Crashes: int(a.GetCrashCount())}
		i := strings.LastIndexByte(k, '/')
		t.Connector = k[:i]
		fmt.Sscan(k[i+1:], &t.ID)
		t.APIs = []string{fmt.Sprintf("api%d", t.ID+1)}
		out = append(out, t)
	}
	return out
}

func (b *board) cluster(ctx context.Context) (Cluster, error) {
	b.mu.Lock()
	c := Cluster{Leader: b.leader.GetWorker(), Epoch: b.leader.GetEpoch()}
	b.mu.Unlock()
	gs, err := kadm.NewClient(b.client).DescribeGroups(ctx, b.group)
	if err != nil {
		return c, err
	}
	for _, m := range gs[b.group].Members {
		if j, ok := m.Join.AsConsumer(); ok {
			said := &headwaterv1.Member{}
			if proto.Unmarshal(j.UserData, said) == nil && said.GetName() != "" {
				c.Workers = append(c.Workers, Member{Name: said.GetName(), Instance: said.GetInstance(), Version: said.GetVersion(), URL: said.GetUrl(), State: "unknown"})
			}
		}
	}
	return c, nil
}
