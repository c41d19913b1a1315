package tree

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is one request as the API saw it.
type Request struct {
	At time.Duration // since the Server was made
	// Level is that of the records asked for, ID the list's owner (none for roots), From the place in the list.
	Level, ID string
	From      int
	Path      string // as it came, encoded
	Worker    string // the header X-Worker
	Times     int    // how often this address was asked for before
	Status    int    // of the answer; 0: the connection was cut
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ask, err := parse(r)
	ask.Times = s.count(r.URL.RequestURI())
	fault := s.fault(ask)
	if s.config.On != nil && fault == (Fault{}) {
		fault = s.config.On(ask)
	}
	status, body := s.answer(ask, err)
	if fault.Status != 0 {
		status, body = fault.Status, []byte(`{"error":"planted"}`)
	}
	ask.At, ask.Status = time.Since(s.began), status
	if fault.Cut {
		ask.Status = 0
	}
	s.mu.Lock()
	s.log = append(s.log, ask)
	s.mu.Unlock()
	send(w, status, body, fault)
}

func send(w http.ResponseWriter, status int, body []byte, fault Fault) {
	w.Header().Set("Content-Type", "application/json")
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
	if fault.Cut {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// parse reads an address strictly: whatever is not one of the three, or carries another list's cursor, is an error.
func parse(r *http.Request) (ask Request, err error) {
	ask = Request{Path: r.URL.EscapedPath(), Worker: r.Header.Get("X-Worker")}
	parts, q := strings.Split(strings.TrimPrefix(ask.Path, "/"), "/"), r.URL.Query()
	from := ""
	switch {
	case len(parts) == 1 && parts[0] == "roots":
		ask.Level, from = Root, q.Get("after")
	case len(parts) == 3 && parts[0] == "roots" && parts[2] == "branches":
		ask.Level, ask.ID = Branch, parts[1]
		owner, place, _ := strings.Cut(q.Get("cursor"), ":")
		if from = place; q.Get("cursor") == "" {
			from = "0"
		} else if owner != ask.ID {
			return ask, fmt.Errorf("the cursor %q is not one of %s", q.Get("cursor"), ask.ID)
		}
	case len(parts) == 3 && parts[0] == "branches" && parts[2] == "leaves":
		ask.Level, ask.ID, from = Leaf, parts[1], q.Get("start")
	default:
		return ask, fmt.Errorf("nothing is at %s", ask.Path)
	}
	ask.From, err = strconv.Atoi(from)
	return ask, err
}

func (s *Server) count(uri string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[uri]++
	return s.asked[uri] - 1
}

// fault draws what befalls a request.
func (s *Server) fault(ask Request) Fault {
	if ask.Level == Root || ask.Times > 1 || s.config.Rate == 0 {
		return Fault{}
	}
	x := s.draw("fault", ask.Level, ask.ID, ask.From, ask.Times)
	if float64(x%1e6) >= s.config.Rate*1e6 {
		return Fault{}
	}
	switch s.draw("kind", x) % 3 {
	case 0:
		return Fault{Status: http.StatusInternalServerError}
	case 1:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.limited++; s.limited <= s.config.Limits {
			return Fault{Status: http.StatusTooManyRequests, RetryAfter: "1"}
		}
	}
	return Fault{Cut: true}
}

func (s *Server) answer(ask Request, err error) (status int, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var records [][]byte
	next, page := "null", s.config.Pages[ask.Level]
	var n, b int
	switch {
	case err != nil:
	case ask.Level == Root:
		records = s.changed(int64(ask.From), page)
	case ask.Level == Branch:
		if n, err = s.root(ask.ID, "r%d"); err == nil {
			for b := ask.From; b < min(ask.From+page, len(s.roots[n].leaves)); b++ {
				records = append(records, s.branchRecord(n, b))
			}
			if ask.From+page < len(s.roots[n].leaves) {
				next = fmt.Sprintf(`"%s:%d"`, ask.ID, ask.From+page)
			}
		}
	default:
		if n, err = s.root(ask.ID, "b%d.%d", &b); err == nil {
			if b < 0 || b >= len(s.roots[n].leaves) {
				return http.StatusNotFound, fmt.Appendf(nil, `{"error":"there is no %s"}`, ask.ID)
			}
			for leaf := ask.From; leaf < min(ask.From+page, s.roots[n].leaves[b]); leaf++ {
				records = append(records, s.leafRecord(n, b, leaf))
			}
		}
	}
	if err != nil {
		return http.StatusNotFound, fmt.Appendf(nil, `{"error":%q}`, err)
	}
	return http.StatusOK, fmt.Appendf(nil, `{"items":[%s],"next":%s}`, bytes.Join(records, []byte(",")), next)
}

// root finds the root that an id begins with.
func (s *Server) root(id, form string, rest ...any) (n int, err error) {
	if _, err = fmt.Sscanf(id, form, append([]any{&n}, rest...)...); err == nil && (n < 0 || n >= len(s.roots) || s.roots[n].changed == 0) {
		err = fmt.Errorf("there is no %s", id)
	}
	return n, err
}

// changed lists the roots changed after a change.
func (s *Server) changed(after int64, page int) (records [][]byte) {
	first, _ := slices.BinarySearchFunc(s.order, after+1, func(n int, change int64) int { return int(s.roots[n].changed - change) })
	for _, n := range s.order[first:min(first+page, len(s.order))] {
		records = append(records, s.rootRecord(n))
	}
	return records
}

// Log is every request so far, as it was answered.
func (s *Server) Log() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Since is the log from the n-th request on.
func (s *Server) Since(n int) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log[min(n, len(s.log)):])
}

// Asked is how many requests there were.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.log)
}

// Elapsed is the time since the Server was made: the clock of Request.At.
func (s *Server) Elapsed() time.Duration { return time.Since(s.began) }
