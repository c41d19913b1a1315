package crash

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Ends of a worker.
const (
	random = "random" // kill -9 at a random instant
	point  = "point"  // kill -9 at a named point
	term   = "term"   // SIGTERM
	zombie = "zombie" // SIGSTOP, and SIGCONT once its successor works
)

// points are the places of internal/proof, with how often a busy worker passes them within a second or so: the passage
// to die at is drawn from that.
var points = []struct {
	name   string
	passes int
}{
	{"claimed", 8},
	{"loaded", 8},
	{"request-sent", 60},
	{"page", 60},
	{"begun", 30},
	{"produced", 30},
	{"flushed", 30},
	{"ending", 30},
	{"committed", 30},
	{"waiting", 60},
}

// fate is how one worker ends.
type fate struct {
	how   string
	point string        // point:n
	after time.Duration // from its first commit to a random end
}

func (f fate) String() string {
	if f.how == point {
		return f.point
	}
	return fmt.Sprintf("%s after %s", f.how, f.after)
}

// plan draws n ends: every named point in turn, so that a run of 20 meets most of them, and the others between them.
func plan(rng *rand.Rand, n int) []fate {
	order := rng.Perm(len(points))
	var out []fate
	for i, next := 0, 0; i < n; i++ {
		f := fate{how: []string{point, random, point, zombie, point, random, term, point, random, zombie}[i%10]}
		f.after = time.Duration(rng.IntN(600)) * time.Millisecond
		at := order[next%len(order)]
		switch *only {
		case "":
		case random, point, term, zombie:
			f.how = *only
		default:
			f.how = point
			for k, p := range points {
				if p.name == *only {
					at = k
				}
			}
		}
		if f.how == point {
			next++
			f.point = fmt.Sprintf("%s:%d", points[at].name, 1+rng.IntN(points[at].passes))
		}
		out = append(out, f)
	}
	return out
}
