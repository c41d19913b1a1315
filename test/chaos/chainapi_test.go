package chaos

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// garden is the API of a chained connector, of three levels: users (api1), each user's places (api2), each place's notes
// (api3). Users come by the clock; who came before comes again, changed, and has more places then. Every list is paged by
// the number of its record, from 0. A record is named by its API, the list it is in, and its number there.
type garden struct {
	seed     uint64
	rate     float64 // users that come in a second
	backlog  int     // users at the start
	distinct int     // how many different users there are
	faults   float64 // share of the answers that fail

	mu    sync.Mutex
	start time.Time
	final int // users when it was ended; 0: it goes on
	rng   *rand.Rand
}

// pages is how many records an answer of each API has at most.
var pages = [...]int{0, 10, 3, 2}

// users is how many records the list of users has by now.
func (g *garden) users() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count()
}

func (g *garden) count() int {
	if g.final > 0 {
		return g.final
	}
	return g.backlog + int(g.rate*time.Since(g.start).Seconds())
}

// end stops the growth.
func (g *garden) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.final = g.count()
}

// total is how many records a list has by now.
func (g *garden) total(api int, list string) int {
	switch users := g.users(); api {
	case 1:
		return users
	case 2:
		id, err := strconv.Atoi(strings.TrimPrefix(list, "u"))
		if err != nil || id < 0 || id >= g.distinct {
			return 0
		}
		return (2 + int(g.draw(list)%4)) * ((users-id-1)/g.distinct + min(1, max(users-id, 0)))
	case 3:
		user, n, _ := strings.Cut(list, "-")
		if place, err := strconv.Atoi(n); err == nil && place < g.total(2, user) {
			return int(g.draw(list) % 3)
		}
	}
	return 0
}

func (g *garden) draw(text string) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, g.seed, text)
	return h.Sum64() >> 8
}

// names is what the list of a record's children is called.
func (g *garden) names(api int, list string, n int) string {
	if api == 1 {
		return fmt.Sprintf("u%d", n%g.distinct)
	}
	return fmt.Sprintf("%s-%d", list, n)
}

// payload is a record byte for byte; nil: there is none.
func (g *garden) payload(api int, list string, n int) []byte {
	if n < 0 || n >= g.total(api, list) {
		return nil
	}
	return fmt.Appendf(nil, `{"api":%d,"list":"%s","n":%d,"id":"%s"}`, api, list, n, g.names(api, list, n))
}

// lists are all lists that there are by now, by their API.
func (g *garden) lists() map[int][]string {
	out := map[int][]string{1: {""}}
	for u := range min(g.users(), g.distinct) {
		user := g.names(1, "", u)
		out[2] = append(out[2], user)
		for place := range g.total(2, user) {
			out[3] = append(out[3], g.names(2, user, place))
		}
	}
	return out
}

// ServeHTTP implements http.Handler: /users, /users/u5/places, /places/u5-3/notes.
func (g *garden) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	api, list := map[string]int{"users": 1, "places": 2, "notes": 3}[parts[len(parts)-1]], ""
	if len(parts) == 3 {
		list = parts[1]
	}
	start, err := strconv.Atoi(r.URL.Query().Get("start"))
	if api == 0 || (api == 1) != (list == "") || err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	fails := g.rng.Float64() < g.faults
	g.mu.Unlock()
	if fails {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	var records []string
	for n := start; n < start+pages[api]; n++ {
		if record := g.payload(api, list, n); record != nil {
			records = append(records, string(record))
		}
	}
	_, _ = fmt.Fprintf(w, `{"items":[%s]}`, strings.Join(records, ","))
}

// properties are the connector's.
func (g *garden) properties(interval time.Duration) map[string]string {
	p := map[string]string{
		"name": name, "connector.class": "HttpSourceV2", "output.data.format": "JSON", "apis.num": "3", "tasks.max": "3",
		"http.api.base.url": fmt.Sprintf("http://localhost:%d", apiPort), "behavior.on.error": "IGNORE", "auth.type": "NONE",
		"api.chaining.parent.child.relationship": "api1::api2,api2::api3",
	}
	for i, path := range []string{"/users", "/users/${id}/places", "/places/${id}/notes"} {
		api := fmt.Sprintf("api%d.", i+1)
		p[api+"http.api.path"], p[api+"topics"] = path, chainTopic(i+1)
		p[api+"http.offset.mode"], p[api+"http.initial.offset"] = "SIMPLE_INCREMENTING", "0"
		p[api+"http.request.parameters"], p[api+"http.response.data.json.pointer"] = "start=${offset}", "/items"
		p[api+"request.interval.ms"] = fmt.Sprint(interval.Milliseconds())
		p[api+"max.retries"], p[api+"retry.backoff.policy"], p[api+"retry.backoff.ms"] = "5", "CONSTANT_VALUE", "50"
	}
	p["api1.request.interval.ms"] = fmt.Sprint(interval.Milliseconds() / 2) // the lanes are to be busy
	return p
}

// chainPrefix begins the names of the APIs' topics, and of no other.
const chainPrefix = "chain-api"

// chainTopic is the topic of an API.
func chainTopic(api int) string { return chainPrefix + strconv.Itoa(api) }
