package gossip

import (
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/memberlist"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// self is what this worker says about itself.
type self struct {
	node string

	mu   sync.Mutex
	said *headwaterv1.Member
	meta []byte // said, encoded
}

func newSelf(m *headwaterv1.Member) (*self, error) {
	if m.GetName() == "" || m.GetInstance() == "" || strings.Contains(m.GetInstance(), "/") {
		return nil, wrong("a worker needs a name, and an instance without a slash", "set worker.name", nil)
	}
	s := &self{node: m.GetName() + "/" + m.GetInstance(), said: clone(m)}
	return s, s.change(func(*headwaterv1.Member) {})
}

// change takes a change when what comes out can be told.
func (s *self) change(change func(*headwaterv1.Member)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := clone(s.said)
	change(next)
	next.Name, next.Instance = s.said.GetName(), s.said.GetInstance()
	meta, err := proto.Marshal(next)
	if err != nil {
		return wrong("what the worker says about itself cannot be encoded", "worker.name and the URL must be UTF-8", err)
	}
	if len(meta) > memberlist.MetaMaxSize {
		return tooLong(next, len(meta))
	}
	s.said, s.meta = next, meta
	return nil
}

func (s *self) member() *headwaterv1.Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clone(s.said)
}

// bytes returns what is told; nobody writes into it.
func (s *self) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta
}

// tooLong names the longest field, which is the one to shorten.
func tooLong(m *headwaterv1.Member, size int) error {
	field, value := "worker.name", m.GetName()
	for _, f := range [][2]string{
		{"rest.advertised.host.name", m.GetUrl()},
		{"gossip.listener", m.GetGossip()},
		{"the program's version", m.GetVersion()},
		{"the instance", m.GetInstance()},
	} {
		if len(f[1]) > len(value) {
			field, value = f[0], f[1]
		}
	}
	return wrong(fmt.Sprintf("what the worker says about itself has %d bytes, at most %d can be told", size, memberlist.MetaMaxSize),
		fmt.Sprintf("shorten %s, it has %d bytes", field, len(value)), nil)
}

// wrong is an error that a person has to put right.
func wrong(what, hint string, cause error) error {
	if cause == nil {
		return &fault.Error{Kind: fault.Fatal, Op: "start gossip", Hint: hint, Err: fmt.Errorf("%s", what)}
	}
	return &fault.Error{Kind: fault.Fatal, Op: "start gossip", Hint: hint, Err: fmt.Errorf("%s: %w", what, cause)}
}
