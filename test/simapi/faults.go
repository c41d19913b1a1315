package simapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Kinds of faults.
const (
	Error     = "500"
	Throttled = "429"
	Truncated = "truncated" // the connection closes after half of a body whose length was announced
	Slow      = "slow"      // a good answer, Delay later
)

// Fault spoils one answer.
type Fault struct {
	API  int // 0: every API
	N    int // which request of the API, from 1
	Kind string
	// Delay is how long a Slow answer takes. Defaults to 300 ms.
	Delay time.Duration
}

// fault says what befalls request n of api.
func (s *Server) fault(api, n int) Fault {
	for _, f := range s.cfg.Script {
		if (f.API == 0 || f.API == api) && f.N == n {
			return f
		}
	}
	st := s.streams[api-1]
	if s.cfg.Rate > 0 && float64(st.draw("fault", n)%10000) < s.cfg.Rate*10000 {
		kinds := []string{Error, Throttled, Truncated, Slow}
		return Fault{Kind: kinds[st.draw("kind", n)%4]}
	}
	return Fault{}
}

// answer is a reply before it is written.
type answer struct {
	status int
	body   []byte
	seqs   []int // records in it
}

func (a answer) first() int {
	if len(a.seqs) == 0 {
		return -1
	}
	return a.seqs[0]
}

func badRequest(err error) answer {
	if err == nil {
		return answer{status: http.StatusOK}
	}
	body, _ := json.Marshal(map[string]string{"error": err.Error()})
	return answer{status: http.StatusBadRequest, body: body}
}

// page is an answer whose records are between before and after, such as `{"items":[` and `]}`.
func (s *stream) page(before string, seqs []int, after string) answer {
	var b bytes.Buffer
	b.WriteString(before)
	for i, q := range seqs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(s.record(q))
	}
	b.WriteString(after)
	return answer{status: http.StatusOK, body: b.Bytes(), seqs: seqs}
}

// send writes the reply, or what the fault makes of it.
func send(w http.ResponseWriter, r *http.Request, a answer, f Fault) {
	w.Header().Set("Content-Type", "application/json")
	switch f.Kind {
	case Error:
		http.Error(w, `{"error":"planted"}`, http.StatusInternalServerError)
		return
	case Throttled:
		w.Header().Set("Retry-After", "0")
		http.Error(w, `{"error":"slow down"}`, http.StatusTooManyRequests)
		return
	case Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Slow:
		delay := f.Delay
		if delay == 0 {
			delay = 300 * time.Millisecond
		}
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
