// Package parents is the API whose children the measurement polls: a list of parents, and a page of records under each of
// them. What is served lies ready in memory.
package parents

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Parents serves, for any number of runs,
//
//	GET /open?run=R                             from now on run R's parents are there
//	GET /seen?run=R                             204 once R's parents were asked for, else 404
//	GET /parents?run=R&total=T&start=N&limit=L  {"data":[{"id":100000000,...},...]}: parents N to N+L-1 of T
//	GET /parents/{id}/items?limit=L             {"data":[...]}: L records of one parent, 958 bytes each
//
// A list without parents, because the run is not open or because it is behind the last one, comes after a short wait.
type Parents struct {
	mux    *http.ServeMux
	record []byte
	open   sync.Map // runs
	seen   sync.Map // runs
}

// FirstID is the id of the first parent; the others follow it. Every id has nine digits.
const FirstID = 100_000_000

// pause before an empty list.
const pause = 50 * time.Millisecond

// New serves copies of record, whose nine digits behind {"id": tell it from all others.
func New(record []byte) *Parents {
	p := &Parents{mux: http.NewServeMux(), record: record}
	p.mux.HandleFunc("GET /open", func(_ http.ResponseWriter, r *http.Request) { p.open.Store(r.URL.Query().Get("run"), true) })
	p.mux.HandleFunc("GET /seen", p.wasSeen)
	p.mux.HandleFunc("GET /parents", p.list)
	p.mux.HandleFunc("GET /parents/{id}/items", p.items)
	return p
}

// ServeHTTP implements http.Handler.
func (p *Parents) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

func (p *Parents) wasSeen(w http.ResponseWriter, r *http.Request) {
	status := http.StatusNotFound
	if _, ok := p.seen.Load(r.URL.Query().Get("run")); ok {
		status = http.StatusNoContent
	}
	w.WriteHeader(status)
}

func (p *Parents) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	total, err1 := strconv.Atoi(q.Get("total"))
	start, err2 := strconv.Atoi(q.Get("start"))
	limit, err3 := strconv.Atoi(q.Get("limit"))
	if err1 != nil || err2 != nil || err3 != nil || start < 0 || limit < 1 {
		http.Error(w, "want total=T&start=N&limit=L", http.StatusBadRequest)
		return
	}
	p.seen.Store(q.Get("run"), true)
	body := []byte(`{"data":[`)
	if _, open := p.open.Load(q.Get("run")); !open || start >= total {
		time.Sleep(pause)
		total = 0
	}
	for n := start; n < min(start+limit, total); n++ {
		if n > start {
			body = append(body, ',')
		}
		body = strconv.AppendInt(append(body, `{"id":`...), int64(FirstID+n), 10)
		body = append(body, `,"name":"a parent","kind":"customer","active":true}`...)
	}
	answer(w, append(body, "]}"...))
}

func (p *Parents) items(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	limit, err2 := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || err2 != nil || id < FirstID || limit < 1 {
		http.Error(w, "no such parent, or no limit=L", http.StatusNotFound)
		return
	}
	body := make([]byte, 0, limit*(len(p.record)+1)+16)
	body = append(body, `{"data":[`...)
	for n := range limit {
		if n > 0 {
			body = append(body, ',')
		}
		at := len(body) + len(`{"id":`)
		body = append(body, p.record...)
		copy(body[at:], strconv.Itoa(number(id, n, limit)))
	}
	answer(w, append(body, "]}"...))
}

// number is the id of record n of a parent that has as many as limit.
func number(id, n, limit int) int { return FirstID + (id-FirstID)*limit + n }

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // an error: the client is gone
}
