// Package simapi is a REST API that exists only to be read exactly once: deterministic from a seed, growing while it is
// read, honest in every offset mode of the connector, and able to say afterwards what each stored offset covers.
//
// Every API of a Server is a stream of records with an id (API id, sequence number); apart from the id and, where its
// mode needs them, key and time, many records have identical bodies on purpose. A Server is an http.Handler, so it works
// on any listener, a virtual network's too, and takes its time from Config.Now. It is safe for concurrent use.
package simapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config describes a Server. The zero value serves one API of every mode with the default growth.
type Config struct {
	Seed  uint64
	Modes []string // one API each, in this order; default Modes()
	Growth
	// Limit is the greatest number of records of an answer, SNAPSHOT apart. Defaults to 7.
	Limit int
	// Now is the clock. Defaults to time.Now, which is virtual inside a synctest bubble.
	Now func() time.Time
	// Script lists faults by request; Rate adds random ones drawn from the seed, a share of all requests.
	Script []Fault
	Rate   float64
	// OnRequest, when set, is called before request n (from 1) of an API is answered.
	OnRequest func(api, n int)
	// Large maps a sequence number to the least size in bytes of that record, in every API.
	Large map[int]int
}

// Growth says how every stream comes into being.
type Growth struct {
	Backlog    int     // records there from the start; SNAPSHOT has and gets a tenth. Defaults to 20
	PerRequest int     // at most so many more records come before each answer, drawn from the seed
	PerSecond  float64 // and so many by the clock
	Total      int     // ceiling; SNAPSHOT's is a quarter, 1,500 at the most. Defaults to 200
}

// Server serves the APIs /api1/..., /api2/... and keeps their ledger.
type Server struct {
	cfg     Config
	start   time.Time
	mu      sync.Mutex
	streams []*stream
	ledger  ledger
}

// New makes a Server; its streams begin now. An unknown mode is an error.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Modes == nil {
		cfg.Modes = Modes()
	}
	if cfg.Limit == 0 {
		cfg.Limit = 7
	}
	if cfg.Total == 0 {
		cfg.Total = 200
	}
	if cfg.Backlog == 0 {
		cfg.Backlog = min(20, cfg.Total)
	}
	s := &Server{cfg: cfg, start: cfg.Now()}
	for i, name := range cfg.Modes {
		m, ok := modes[name]
		if !ok {
			return nil, fmt.Errorf("simapi: unknown mode %q: there are %s", name, strings.Join(Modes(), ", "))
		}
		s.streams = append(s.streams, newStream(i+1, name, m, cfg, s.start))
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st := s.stream(r.URL.Path)
	if st == nil {
		http.NotFound(w, r)
		return
	}
	n := s.count(st)
	if s.cfg.OnRequest != nil {
		s.cfg.OnRequest(st.api, n)
	}
	a, fault := s.answer(st, n, r)
	send(w, r, a, fault)
}

// count numbers a request.
func (s *Server) count(st *stream) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.requests++
	return st.requests
}

// answer works the reply out under the lock and enters it into the ledger. A faulted request serves nothing.
func (s *Server) answer(st *stream, n int, r *http.Request) (answer, Fault) {
	now := s.cfg.Now()
	q, err := readQuery(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.fault(st.api, n)
	st.grow(now, n)
	a := badRequest(err)
	if err == nil {
		a = st.mode.serve(st, q)
	}
	entry := Entry{At: now.Sub(s.start), API: st.api, N: n, Request: r.URL.RequestURI(), Status: a.status, Fault: fault.Kind}
	if code, err := strconv.Atoi(fault.Kind); err == nil {
		entry.Status = code
	}
	if fault.Kind == "" || fault.Kind == Slow {
		entry.First, entry.Records = a.first(), len(a.seqs)
		st.serve(a.seqs)
	}
	s.ledger.add(entry)
	return a, fault
}

// stream finds the API of a path such as /api3/items.
func (s *Server) stream(path string) *stream {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	n, err := strconv.Atoi(strings.TrimPrefix(first, "api"))
	if err != nil || !strings.HasPrefix(first, "api") || n < 1 || n > len(s.streams) {
		return nil
	}
	return s.streams[n-1]
}

// Finish stops the growth of every stream: what there is now is all there will be.
func (s *Server) Finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		if !st.ended {
			st.grow(s.cfg.Now(), 0)
			st.ended = true
		}
	}
}

// Ended reports whether no stream will grow any more.
func (s *Server) Ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		if !st.ended && len(st.rows) < st.total {
			return false
		}
	}
	return true
}

// APIs describes every API for a checker, in order.
func (s *Server) APIs() []API {
	out := make([]API, len(s.streams))
	for i, st := range s.streams {
		out[i] = API{ID: st.api, Mode: st.name, server: s, stream: st}
	}
	return out
}

// API is what can be asked about one stream.
type API struct {
	ID     int
	Mode   string
	server *Server
	stream *stream
}

// Total is the number of records that there are by now: sequence numbers 0 to Total-1.
func (a API) Total() int {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return len(a.stream.rows)
}

// Served is the number of records answered at least once.
func (a API) Served() int {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.stream.servedCount
}

// Payload is the record as it is served, byte for byte; nil when it was never served.
func (a API) Payload(seq int) []byte {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if seq < 0 || seq >= len(a.stream.rows) || !a.stream.rows[seq].served {
		return nil
	}
	return a.stream.record(seq)
}

// Standing says what a stored source offset, given by the fields of its value, covers.
func (a API) Standing(fields map[string]string) (Standing, error) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	st, err := a.stream.mode.standing(a.stream, fields)
	if err != nil {
		return st, fmt.Errorf("offset %v of api%d (%s): %w", fields, a.ID, a.Mode, err)
	}
	return st, nil
}

// Standing is a place in a stream. Position orders places, lexicographically; with the offset stored, at least Least and
// at most Most records from the start of the stream have been emitted.
type Standing struct {
	Position    []int64
	Least, Most int
}
