package lanes

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Commit commits offsets of lanes for eyes, as a member of the group: the next record to be read, as consumers do. Lanes
// that are not assigned now are left out. It waits while the group spreads its lanes, for the session timeout at most. An
// error is no harm: commit again later.
func (l *Lanes) Commit(ctx context.Context, offsets map[int32]int64) error {
	op := "commit offsets of group " + l.config.Group
	ctx, cancel := context.WithTimeout(ctx, l.config.SessionTimeout)
	defer cancel()
	mine := l.mine(offsets)
	if len(mine) == 0 {
		return nil
	}
	var failed error
	all := map[string]map[int32]kgo.EpochOffset{l.config.Topic: mine}
	l.client.CommitOffsetsSync(ctx, all, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
		if failed = err; err == nil {
			failed = refusal(answer)
		}
	})
	return l.door.Classify(op, failed)
}

func (l *Lanes) mine(offsets map[int32]int64) map[int32]kgo.EpochOffset {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := map[int32]kgo.EpochOffset{}
	for p, at := range offsets {
		if l.assigned[p] {
			// With an epoch, the next member would look for truncated logs before it gets its lanes.
			mine[p] = kgo.EpochOffset{Epoch: -1, Offset: at}
		}
	}
	return mine
}

// refusal is the first error of an answer.
func refusal(answer *kmsg.OffsetCommitResponse) error {
	for _, t := range answer.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	// leaveTimeout bounds LeaveGroup: after it, the session timeout does the same.
	leaveTimeout = 3 * time.Second
	// introduced bounds the wait for the member id that a first JoinGroup is about to be answered with. The broker would
	// wait a session timeout for a member whose id nobody has heard of.
	introduced = time.Second
)

// Close leaves the group at once, so that others get the lanes, and lets go of the connections. It waits at most a few
// seconds, for nobody else: franz-go itself would not leave before a rebalance that goes on has ended.
func (l *Lanes) Close() {
	l.leave.Do(func() {
		id := l.memberID()
		l.cut()
		l.client.Close()
		l.owned.Wait()
		if id == "" {
			return
		}
		if err := l.left(id); err != nil {
			l.config.Log.Warn("could not leave the group; the session timeout will do it", "group", l.config.Group, "error", err)
		}
	})
}

func (l *Lanes) memberID() string {
	for until := time.Now().Add(introduced); ; time.Sleep(10 * time.Millisecond) {
		if id, _ := l.client.GroupMetadata(); id != "" || time.Now().After(until) {
			return id
		}
	}
}

func (l *Lanes) left(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	cl, err := l.door.Connect(kgo.ClientID(l.config.ClientID))
	if err != nil {
		return err
	}
	defer cl.Close()
	return remove(ctx, cl, l.config.Group, id)
}

// remove takes a member out of the group, as if it had left. That it is not there is no error.
func remove(ctx context.Context, cl *kgo.Client, group, id string) error {
	r := kmsg.NewPtrLeaveGroupRequest()
	r.Group, r.MemberID = group, id
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID = id
	r.Members = append(r.Members, m)
	answer, err := r.RequestWith(ctx, cl)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
		for _, m := range answer.Members {
			err = errors.Join(err, kerr.ErrorForCode(m.ErrorCode))
		}
	}
	if errors.Is(err, kerr.UnknownMemberID) {
		return nil
	}
	return err
}
