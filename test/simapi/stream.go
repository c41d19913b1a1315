package simapi

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"sort"
	"strings"
	"time"
)

// row is one record's place: its key never falls, nor does its time.
type row struct {
	key    int64
	time   time.Time
	served bool
}

// stream is the records of one API. The Server's lock guards it.
type stream struct {
	api         int
	name        string
	mode        mode
	seed        uint64
	limit       int
	growth      Growth
	total       int
	start       time.Time
	large       map[int]int
	backlog     int
	rows        []row
	requests    int
	servedCount int
	ended       bool
}

// wholeTotal bounds a list that travels whole.
const wholeTotal = 1500

func newStream(api int, name string, m mode, cfg Config, start time.Time) *stream {
	s := &stream{
		api: api, name: name, mode: m, seed: cfg.Seed, limit: cfg.Limit, growth: cfg.Growth, total: cfg.Total,
		start: start, large: cfg.Large,
	}
	backlog := cfg.Backlog
	if m.whole { // the whole list travels with every answer
		backlog = (backlog + 9) / 10
		s.total = max(min(cfg.Total/4, wholeTotal), backlog)
		s.growth.PerSecond /= 10
	}
	s.backlog = backlog
	for i := range backlog {
		s.add(backlogTime(start, i, backlog))
	}
	return s
}

// history is how far the backlog reaches back. Its second quarter is empty, so that whole time windows are.
const history = time.Hour

// windowSeconds is the time window that the connector is told: a quarter of an hour has several, and the gap too.
const windowSeconds = 240

func backlogTime(start time.Time, i, n int) time.Time {
	at := time.Duration(i) * history / time.Duration(n)
	if at >= history/4 {
		at = history/2 + (at-history/4)*2/3
	}
	return start.Add(at - history)
}

// grow adds what has come by now, before request n is answered.
func (s *stream) grow(now time.Time, n int) {
	if s.ended {
		return
	}
	if s.growth.PerSecond > 0 {
		due := int(now.Sub(s.start).Seconds() * s.growth.PerSecond)
		for i := len(s.rows) - s.backlog; i < due && len(s.rows) < s.total; i++ {
			s.add(s.start.Add(time.Duration(float64(i+1) / s.growth.PerSecond * float64(time.Second))))
		}
		return
	}
	if s.growth.PerRequest > 0 && n > 0 {
		for range s.draw("grow", n) % uint64(s.growth.PerRequest+1) {
			if len(s.rows) < s.total {
				s.add(now)
			}
		}
	}
}

// add appends one record. Times are cut to milliseconds and never fall; keys rise, or repeat in the modes with equal keys.
func (s *stream) add(at time.Time) {
	seq := len(s.rows)
	r := row{key: 1000 + int64(seq)*10 + int64(s.draw("key", seq)%10), time: at.Truncate(time.Millisecond)}
	if seq > 0 {
		last := s.rows[seq-1]
		if last.time.After(r.time) {
			r.time = last.time
		}
		if s.mode.equal && s.draw("equal", seq)%2 == 0 && s.run(last.key) < s.limit/2 {
			r.key = last.key
		}
	}
	s.rows = append(s.rows, r)
}

// run is how many of the last records share key.
func (s *stream) run(key int64) int {
	n := 0
	for i := len(s.rows) - 1; i >= 0 && s.rows[i].key == key; i-- {
		n++
	}
	return n
}

// serve notes that records were answered.
func (s *stream) serve(seqs []int) {
	for _, q := range seqs {
		if !s.rows[q].served {
			s.rows[q].served = true
			s.servedCount++
		}
	}
}

// draw is a number from seed, API, purpose and n.
func (s *stream) draw(purpose string, n int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%d/%s/%d", s.seed, s.api, purpose, n)
	x := h.Sum64()
	x ^= x >> 33 // fnv's low bits follow the last byte; the finaliser of murmur3 spreads them
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

// byKey is the first record whose key is at least key.
func (s *stream) byKey(key int64) int {
	return sort.Search(len(s.rows), func(i int) bool { return s.rows[i].key >= key })
}

// byTime is the first record whose time in the mode's unit is at least t.
func (s *stream) byTime(t int64) int {
	return sort.Search(len(s.rows), func(i int) bool { return s.mode.clock(s.rows[i].time) >= t })
}

// record is the record as served.
func (s *stream) record(seq int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"api":%d,"seq":%d,`, s.api, seq)
	if s.mode.fields != nil {
		b.WriteString(s.mode.fields(s, seq))
	}
	b.WriteString(bodies[s.draw("body", seq)%uint64(len(bodies))])
	if pad := s.large[seq] - b.Len(); pad > 0 {
		fmt.Fprintf(&b, `,"pad":"%s"`, strings.Repeat("p", pad))
	}
	b.WriteByte('}')
	return b.Bytes()
}

// bodies are few, so that many records are alike, and hard on a splitter: brackets in strings, escapes, exact numbers.
var bodies = [...]string{
	`"body":{"text":"` + strings.Repeat("plain ", 25) + `","n":12345678901234567890.000000000000000001}`,
	`"body":{"text":"brackets ]}{[ and \"quotes\" \\ ` + strings.Repeat("]},", 60) + `","list":[[],{},[{"a":null}]]}`,
	`"body":{"text":"Grüße, κόσμε, 世界 😀 \u00e9\ud83d\ude00 ` + strings.Repeat("ß", 180) + `","e":-1.50E+07,"t":true}`,
	`"body" : { "text" : "` + strings.Repeat("spaced ", 100) + `" , "n" : 0.10 , "f":false, "x":[1, 2 ,3] }`,
}
