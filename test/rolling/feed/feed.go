// Package feed is the REST APIs that a cluster polls while it is struck: some connectors of test/simapi, each with a few
// APIs, behind one address. An API always has a next small page, because it grows by the clock. The feed notes when each
// API was asked and from where, and says how test/checker is to judge what came of it.
package feed

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

// Config says what to serve.
type Config struct {
	Seed uint64
	// Name is the first part of the connectors' names: a topic is named like its connector, so it must be unique in the
	// Kafka cluster.
	Name             string
	Connectors, APIs int           // connectors, and APIs of each
	Interval         time.Duration // request.interval.ms of every API
	Listen           string        // defaults to a free port of 127.0.0.1
}

// API is one API of a connector; N counts from 1.
type API struct {
	Connector string
	N         int
}

// String is the API as it stands in a picture.
func (a API) String() string { return fmt.Sprintf("%s/api%d", a.Connector, a.N) }

// Request is one request that an API got.
type Request struct {
	At   time.Time
	From string // the asker's address without its port
}

// Feed serves the APIs until Close.
type Feed struct {
	cfg   Config
	base  string
	names []string
	sims  map[string]*simapi.Server
	srv   *http.Server
	done  sync.WaitGroup

	mu    sync.Mutex
	asked map[API][]Request
	limit map[API]time.Duration
}

// modes are the ways of paging that are used in turn: by number, and by the last record's key.
var modes = []string{"incrementing", "chaining"}

// Start begins to serve.
func Start(c Config) (*Feed, error) {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	f := &Feed{cfg: c, sims: map[string]*simapi.Server{}, asked: map[API][]Request{}}
	perSecond := 1.5 / c.Interval.Seconds() // so that hardly a page is empty
	for i := range c.Connectors {
		name := fmt.Sprintf("%s-c%02d", c.Name, i+1)
		cfg := simapi.Config{Seed: c.Seed + uint64(i), Growth: simapi.Growth{PerSecond: perSecond, Total: 1 << 20}}
		for n := range c.APIs {
			cfg.Modes = append(cfg.Modes, modes[n%len(modes)])
		}
		sim, err := simapi.New(cfg)
		if err != nil {
			return nil, err
		}
		f.names, f.sims[name] = append(f.names, name), sim
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	f.base = "http://" + l.Addr().String()
	f.srv = &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
	f.done.Go(func() { _ = f.srv.Serve(l) })
	return f, nil
}

// Close stops serving.
func (f *Feed) Close() {
	_ = f.srv.Close()
	f.done.Wait()
}

// Names are the connectors' names, in order.
func (f *Feed) Names() []string { return slices.Clone(f.names) }

// APIs lists all APIs, in order.
func (f *Feed) APIs() []API {
	var out []API
	for _, name := range f.names {
		for n := range f.cfg.APIs {
			out = append(out, API{name, n + 1})
		}
	}
	return out
}

// Properties is a connector's configuration. All APIs of a connector write to one topic.
func (f *Feed) Properties(name string) map[string]string {
	own := map[string]string{}
	for n := range f.cfg.APIs {
		own[fmt.Sprintf("api%d.topics", n+1)] = name
	}
	return f.sims[name].Config(simapi.Connector{
		Name: name, BaseURL: f.base + "/" + name, Interval: int(f.cfg.Interval.Milliseconds()), Extra: own,
	})
}

// ServeHTTP implements http.Handler: /<connector>/api<n>/...
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	sim := f.sims[name]
	if sim == nil {
		http.NotFound(w, r)
		return
	}
	first, _, _ := strings.Cut(rest, "/")
	n, _ := strconv.Atoi(strings.TrimPrefix(first, "api"))
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	f.mu.Lock()
	f.asked[API{name, n}] = append(f.asked[API{name, n}], Request{at, from})
	limit := f.limit[API{name, n}]
	delete(f.limit, API{name, n})
	f.mu.Unlock()
	if limit > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(limit.Seconds())))
		http.Error(w, "asked too often", http.StatusTooManyRequests)
		return
	}
	http.StripPrefix("/"+name, sim).ServeHTTP(w, r)
}

// Limit lets an API answer its next request with 429 and a Retry-After of whole seconds.
func (f *Feed) Limit(a API, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit = map[API]time.Duration{a: wait}
}

// Asked returns an API's requests so far, in order.
func (f *Feed) Asked(a API) []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked[a])
}

// Since returns the first request of an API after a time, and whether there was one.
func (f *Feed) Since(a API, t time.Time) (Request, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.asked[a]
	for i := len(all) - 1; i >= -1; i-- {
		if i < 0 || !all[i].At.After(t) {
			if i+1 == len(all) {
				return Request{}, false
			}
			return all[i+1], true
		}
	}
	return Request{}, false
}

// Finish ends the growth of every API: what there is now is all there will be.
func (f *Feed) Finish() {
	for _, s := range f.sims {
		s.Finish()
	}
}

// Plan says how to judge one connector whose offsets are in the topic named.
func (f *Feed) Plan(name, bootstrap, offsets string) checker.Plan {
	p := checker.Plan{Connector: name, Offsets: offsets, Client: []kgo.Opt{kgo.SeedBrokers(bootstrap)}}
	for _, a := range f.sims[name].APIs() {
		p.APIs = append(p.APIs, checker.API{
			ID: a.ID, Topic: name, URL: a.PartitionURL(f.base + "/" + name), Total: a.Total, Payload: a.Payload,
			Stand: func(fields map[string]string) (checker.Place, error) {
				s, err := a.Standing(fields)
				return checker.Place(s), err
			},
		})
	}
	return p
}

// Interval is the time between two requests of an API.
func (f *Feed) Interval() time.Duration { return f.cfg.Interval }
