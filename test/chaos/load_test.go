package chaos

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/test/checker"
	"github.com/headwater/headwater/test/simapi"
)

// load is a connector, and the API and the checker that belong to it.
type load struct {
	name   string
	sim    *simapi.Server
	http   *http.Server
	watch  *checker.Watch
	parsed connector.Config

	properties map[string]string // as asked for last
	numbers    []int             // numbers[i] is apiN of stream i+1 by now
	had        map[[2]int]bool   // stream and number: a stream that came back to a number would look like a zombie
}

// serve starts a connector's API.
func (f *fleet) serve(i int, modes []string) *load {
	sim, err := simapi.New(simapi.Config{Seed: f.shape.seed + uint64(i), Modes: modes, Growth: f.shape.growth, Rate: f.shape.faults})
	if err != nil {
		f.t.Fatal(err)
	}
	at := fmt.Sprintf("localhost:%d", apiPort+i)
	l, err := f.net.Listen("tcp", at)
	if err != nil {
		f.t.Fatal(err)
	}
	out := &load{name: fmt.Sprintf("sim%c", 'a'+i), sim: sim, http: &http.Server{Handler: sim}, had: map[[2]int]bool{}}
	go func() { _ = out.http.Serve(l) }()
	c := simapi.Connector{Name: out.name, BaseURL: "http://" + at, Interval: int(f.shape.interval.Milliseconds())}
	if n := f.shape.tasksMax[i]; n > 0 {
		c.Extra = map[string]string{"tasks.max": fmt.Sprint(n)}
	}
	out.properties = sim.Config(c)
	if out.parsed, _, err = connector.Parse(out.properties); err != nil {
		f.t.Fatal(err)
	}
	for n := range modes {
		out.numbers = append(out.numbers, n+1)
		out.had[[2]int{n, n + 1}] = true
	}
	return out
}

// swap exchanges the numbers of two streams that neither had before, and reports whether there are such.
func (l *load) swap() bool {
	for a := range l.numbers {
		for b := range a {
			x, y := l.numbers[a], l.numbers[b]
			if l.had[[2]int{a, y}] || l.had[[2]int{b, x}] {
				continue
			}
			l.exchange(a, b)
			return true
		}
	}
	return false
}

// exchange gives stream a the number of stream b and the reverse; both count from 0.
func (l *load) exchange(a, b int) {
	x, y := fmt.Sprintf("api%d.", l.numbers[a]), fmt.Sprintf("api%d.", l.numbers[b])
	next := map[string]string{}
	for k, v := range l.properties {
		if rest, ok := strings.CutPrefix(k, x); ok {
			k = y + rest
		} else if rest, ok := strings.CutPrefix(k, y); ok {
			k = x + rest
		}
		next[k] = v
	}
	l.properties = next
	l.numbers[a], l.numbers[b] = l.numbers[b], l.numbers[a]
	l.had[[2]int{a, l.numbers[a]}], l.had[[2]int{b, l.numbers[b]}] = true, true
}

// hurry changes every interval.
func (l *load) hurry(ms int) {
	next := maps.Clone(l.properties)
	for k := range next {
		if strings.HasSuffix(k, ".request.interval.ms") {
			next[k] = fmt.Sprint(ms)
		}
	}
	l.properties = next
}
