// Package pages is the API that the measurement polls: pages that lie ready in memory, so that serving them costs next to
// nothing.
package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Pages serves GET /items?start=N&limit=L as {"data":[...]}: records N to N+L-1 of a fixed number, 20 fields and 958 bytes
// each. Behind the last one a page is empty and comes after a short wait, as a patient client would pace itself.
type Pages struct {
	records []byte // all of them, size bytes each, a comma behind each
	total   int
}

// size of one record with the comma behind it.
const size = 958 + 1

// pause before an empty page.
const pause = 100 * time.Millisecond

// New renders total records.
func New(total int) *Pages {
	p := &Pages{records: make([]byte, 0, total*size), total: total}
	for i := range total {
		p.records = append(render(p.records, i), ',')
	}
	return p
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	start, err1 := strconv.Atoi(q.Get("start"))
	limit, err2 := strconv.Atoi(q.Get("limit"))
	if err1 != nil || err2 != nil || start < 0 || limit < 1 {
		http.Error(w, "want start=N&limit=L", http.StatusBadRequest)
		return
	}
	body := p.page(start, limit)
	if len(body) == 0 {
		time.Sleep(pause)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(prefix)+len(body)+len(suffix)))
	for _, part := range [][]byte{[]byte(prefix), body, []byte(suffix)} {
		if _, err := w.Write(part); err != nil {
			return // the client is gone
		}
	}
}

const (
	prefix = `{"data":[`
	suffix = `]}`
)

// page returns the records between the brackets, without the last comma.
func (p *Pages) page(start, limit int) []byte {
	from, to := min(start, p.total)*size, min(start+limit, p.total)*size
	if from == to {
		return nil
	}
	return p.records[from : to-1]
}

// Record renders record i alone: 958 bytes that begin with {"id": and nine digits.
func Record(i int) []byte { return render(nil, i) }

// render appends record i: identifiers, numbers, times, texts, a nested object and an array, as an API of an issue
// tracker answers.
func render(to []byte, i int) []byte {
	begin := len(to)
	to = fmt.Appendf(to, `{"id":%d,"node_id":"I_kwDOAAAA%08d","number":%d,"state":"open","locked":false,`, 100000000+i, i, 1+i%99991)
	to = fmt.Appendf(to, `"title":"Consumer stalls when partition %05d is reassigned","user":{"login":"user%05d","id":%d,"type":"User","site_admin":false},`, i%99991, i%7919, 1000+i%7919)
	to = fmt.Appendf(to, `"labels":["bug","priority/%d","area/consumer"],"assignee":null,"milestone":null,"comments":%d,"score":%d.%04d,`, i%5, i%37, i%1000, i%10000)
	to = fmt.Appendf(to, `"created_at":"2026-03-%02dT%02d:%02d:%02dZ","updated_at":"2026-04-%02dT%02d:%02d:%02dZ","closed_at":null,`, 1+i%28, i%24, i%60, (i/60)%60, 1+i%28, i%24, i%60, (i/60)%60)
	to = fmt.Appendf(to, `"author_association":"CONTRIBUTOR","active_lock_reason":null,"ratio":0.%06d,"url":"https://api.example.com/repos/acme/stream/issues/%d",`, i%1000000, i)
	to = append(to, `"body":"`...)
	for len(to)-begin < size-1-2 {
		to = append(to, "Steps to reproduce the stall and what was expected to happen instead. "[(len(to)-begin)%70])
	}
	return append(to, `"}`...)
}
