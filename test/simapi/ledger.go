package simapi

import (
	"fmt"
	"io"
	"time"
)

// Entry is one request in the ledger.
type Entry struct {
	At      time.Duration // since the Server was made
	API, N  int           // the API's N-th request
	Request string        // path and query
	Status  int
	Fault   string // kind of the fault that spoilt the answer, if any
	First   int    // sequence number of the first record served, -1 when none was
	Records int
}

// ledgerCap bounds the memory of a long run; what comes later is counted but not listed.
const ledgerCap = 1 << 20

type ledger struct {
	entries []Entry
	count   int
}

func (l *ledger) add(e Entry) {
	l.count++
	if len(l.entries) < ledgerCap {
		l.entries = append(l.entries, e)
	}
}

// Requests is the number of requests so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ledger.count
}

// Busiest is the greatest number of requests that one API got within one second of the clock.
func (s *Server) Busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most, counts := 0, map[[2]int]int{}
	for _, e := range s.ledger.entries {
		k := [2]int{e.API, int(e.At / time.Second)}
		counts[k]++
		most = max(most, counts[k])
	}
	return most
}

// WriteLedger writes one line for each request listed; api 0 is all.
func (s *Server) WriteLedger(w io.Writer, api int) error {
	s.mu.Lock()
	entries := s.ledger.entries[:len(s.ledger.entries):len(s.ledger.entries)]
	s.mu.Unlock()
	for _, e := range entries {
		if api != 0 && e.API != api {
			continue
		}
		_, err := fmt.Fprintf(w, "%10s api%d #%d %s -> %d %s records %d from %d\n",
			e.At.Round(time.Millisecond), e.API, e.N, e.Request, e.Status, e.Fault, e.Records, e.First)
		if err != nil {
			return err
		}
	}
	return nil
}
