package plan_test

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/headwater/headwater/coordinator/plan"
	"github.com/headwater/headwater/coordinator/rows"
)

// tasks names n tasks of a connector.
func tasks(connector string, n int) []rows.Task {
	list := make([]rows.Task, n)
	for i := range list {
		list[i] = rows.Task{Connector: connector, N: i}
	}
	return list
}

func workers(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("w%02d", i+1)
	}
	return list
}

// holders reads "a/0=w1 a/1=w2 b/0=" as a map by task.
func holders(text string) map[rows.Task]string {
	m := map[rows.Task]string{}
	for _, field := range strings.Fields(text) {
		name, worker, _ := strings.Cut(field, "=")
		task, err := rows.ParseTask(name)
		if err != nil {
			panic(err)
		}
		m[task] = worker
	}
	return m
}

// after returns who has what when the moves are made.
func after(in plan.Input, moves []plan.Move) map[rows.Task]string {
	m := map[rows.Task]string{}
	for _, task := range in.Tasks {
		m[task] = in.Previous[task]
	}
	for _, move := range moves {
		m[move.Task] = move.To
	}
	return m
}

func counts(m map[rows.Task]string) map[string]int {
	n := map[string]int{}
	for _, worker := range m {
		n[worker]++
	}
	return n
}

func TestReasons(t *testing.T) {
	for _, c := range []struct {
		name, previous, pins, wishes string
		workers, leaving             string
		want                         string // moves as "task from>to reason"
	}{
		{name: "nothing to do", previous: "a/0=w1 a/1=w2", workers: "w1 w2"},
		{name: "nothing at all", workers: "w1"},
		{name: "new tasks", previous: "a/0= b/0= b/1=", workers: "w1 w2", want: "a/0 >w1 new task, b/0 >w2 new task, b/1 >w1 new task"},
		{name: "lost", previous: "a/0=w1 a/1=w2", workers: "w2", want: "a/0 w1>w2 worker w1 lost"},
		{name: "lost, another is free", previous: "a/0=w1 a/1=w2", workers: "w2 w3", want: "a/0 w1>w3 worker w1 lost"},
		{name: "drained", previous: "a/0=w1 a/1=w2 a/2=w3", workers: "w2 w3", leaving: "w1", want: "a/0 w1>w2 drain of w1"},
		{name: "drained though listed as willing", previous: "a/0=w1", workers: "w1 w2", leaving: "w1", want: "a/0 w1>w2 drain of w1"},
		{name: "joined", previous: "a/0=w1 a/1=w1", workers: "w1 w2", want: "a/1 w1>w2 balance"},
		{name: "one more is no cause", previous: "a/0=w1 a/1=w1 a/2=w2", workers: "w2 w1"},
		{name: "pinned", previous: "a/0=w1 a/1=w2", pins: "a/0=w2", workers: "w1 w2", want: "a/0 w1>w2 pinned, a/1 w2>w1 balance"},
		{name: "pinned where it is", previous: "a/0=w1 a/1=w2", pins: "a/0=w1", workers: "w1 w2"},
		{name: "pinned and new", previous: "a/0=", pins: "a/0=w2", workers: "w1 w2", want: "a/0 >w2 pinned"},
		{name: "pinned to a lost worker", previous: "a/0=w1", pins: "a/0=w1", workers: "w2", want: "a/0 w1>w2 worker w1 lost"},
		{name: "pinned to a drained worker", previous: "a/0=w1", pins: "a/0=w1", workers: "w2", leaving: "w1", want: "a/0 w1>w2 drain of w1"},
		{name: "back to its pin", previous: "a/0=w2", pins: "a/0=w1", workers: "w1 w2", want: "a/0 w2>w1 pinned"},
		{name: "by hand, in exchange", previous: "a/0=w1 a/1=w2", wishes: "a/0=w2", workers: "w1 w2", want: "a/0 w1>w2 moved by hand, a/1 w2>w1 balance"},
		{name: "by hand, even without", previous: "a/0=w1 a/1=w1 b/0=w2", wishes: "a/0=w2", workers: "w1 w2", want: "a/0 w1>w2 moved by hand"},
		{name: "by hand to nobody known", previous: "a/0=w1", wishes: "a/0=w9", workers: "w1 w2"},
		{name: "by hand to a drained worker", previous: "a/0=w1", wishes: "a/0=w2", workers: "w1", leaving: "w2"},
		{name: "by hand against a pin", previous: "a/0=w1", wishes: "a/0=w2", pins: "a/0=w1", workers: "w1 w2"},
		{name: "by hand against a pin that does not hold", previous: "a/0=w1", wishes: "a/0=w2", pins: "a/0=w3", workers: "w1 w2", want: "a/0 w1>w2 moved by hand"},
		{name: "pins count", previous: "a/0=w1 a/1=w1 b/0= b/1= b/2=", pins: "a/0=w1 a/1=w1", workers: "w1 w2", want: "b/0 >w2 new task, b/1 >w1 new task, b/2 >w2 new task"},
		{name: "pins push others away", previous: "a/0=w1 a/1=w1 a/2=w1 b/0=w1", pins: "a/0=w1 a/1=w1 a/2=w1", workers: "w1 w2", want: "b/0 w1>w2 balance"},
		{name: "nobody is left", previous: "a/0=w1 a/1= b/0=w2", want: "a/0 w1> worker w1 lost, b/0 w2> worker w2 lost"},
		{name: "only the leaving are left", previous: "a/0=w1 a/1= b/0=w2", leaving: "w2", pins: "a/1=w2", want: "a/0 w1> worker w1 lost"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := plan.Input{
				Previous: holders(c.previous), Pins: holders(c.pins), Wishes: holders(c.wishes),
				Workers: strings.Fields(c.workers), Leaving: strings.Fields(c.leaving),
			}
			in.Tasks = slices.Collect(maps.Keys(in.Previous))
			var got []string
			for _, m := range plan.Assign(in) {
				got = append(got, fmt.Sprintf("%s %s>%s %s", m.Task, m.From, m.To, m.Reason))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("\n got %s\nwant %s", text, c.want)
			}
		})
	}
}

func TestNoNameIsNoWorker(t *testing.T) {
	in := plan.Input{Workers: []string{"", "w1"}, Tasks: tasks("a", 1), Pins: holders("a/0=")}
	if moves := plan.Assign(in); len(moves) != 1 || moves[0].To != "w1" || moves[0].Reason != "new task" {
		t.Errorf("moves %+v", moves)
	}
}

// TestAWorkerJoins: exactly as many tasks move as the new worker's share is, to it and nowhere else.
func TestAWorkerJoins(t *testing.T) {
	for _, c := range []struct{ connectors, each, workers int }{{12, 1, 3}, {20, 3, 5}, {100, 15, 3}, {100, 15, 49}, {7, 11, 4}, {1, 3, 5}} {
		in := plan.Input{Workers: workers(c.workers)}
		for i := range c.connectors {
			in.Tasks = append(in.Tasks, tasks(fmt.Sprintf("c%03d", i), c.each)...)
		}
		in.Previous = after(in, plan.Assign(in))
		in.Workers = append(in.Workers, "new")
		moves := plan.Assign(in)
		if want := len(in.Tasks) / len(in.Workers); len(moves) != want {
			t.Errorf("%+v: %d moves, want %d", c, len(moves), want)
		}
		for _, m := range moves {
			if m.To != "new" || m.Reason != "balance" {
				t.Errorf("%+v: %+v", c, m)
			}
		}
	}
}

// TestConnectorsAreSpread: from nothing, no worker has two more tasks of a connector than another.
func TestConnectorsAreSpread(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5, 7, 50} {
		in := plan.Input{Workers: workers(size)}
		for i := range 40 {
			in.Tasks = append(in.Tasks, tasks(fmt.Sprintf("c%02d", i), i)...)
		}
		n := map[string]map[string]int{}
		for task, worker := range after(in, plan.Assign(in)) {
			if n[task.Connector] == nil {
				n[task.Connector] = map[string]int{}
			}
			n[task.Connector][worker]++
		}
		for connector, by := range n {
			least := 0
			if len(by) == size {
				least = slices.Min(slices.Collect(maps.Values(by)))
			}
			if most := slices.Max(slices.Collect(maps.Values(by))); most > least+1 {
				t.Errorf("%d workers, connector %s: %v", size, connector, by)
			}
		}
	}
}

// TestAJoinSpreadsConnectors: which tasks a worker gives up is chosen so that the connectors end up spread.
func TestAJoinSpreadsConnectors(t *testing.T) {
	in := plan.Input{
		Workers:  []string{"w1", "w2"},
		Previous: holders("a/0=w1 a/1=w1 a/2=w1 b/0=w1 b/1=w1 b/2=w1"),
	}
	in.Tasks = slices.Collect(maps.Keys(in.Previous))
	moves := plan.Assign(in)
	if len(moves) != 3 || moves[0].Task.Connector == moves[2].Task.Connector {
		t.Errorf("moves %+v", moves)
	}
}

func TestWeights(t *testing.T) {
	heavy := rows.Task{Connector: "heavy"}
	in := plan.Input{
		Workers: []string{"w1", "w2"}, Tasks: append(tasks("light", 5), heavy),
		Previous: holders("heavy/0=w1 light/0=w1 light/1=w1 light/2=w2 light/3=w2 light/4=w2"),
		Weights:  map[rows.Task]float64{heavy: 5},
	}
	for _, task := range tasks("light", 5) {
		in.Weights[task] = 1
	}
	moves := plan.Assign(in)
	want := []plan.Move{
		{rows.Task{Connector: "light", N: 0}, "w1", "w2", "balance"},
		{rows.Task{Connector: "light", N: 1}, "w1", "w2", "balance"},
	}
	if !reflect.DeepEqual(moves, want) {
		t.Errorf("moves %+v, want %+v", moves, want)
	}
	for name, weight := range map[string]float64{
		"none": math.NaN(), "negative": -1, "infinite": math.Inf(1), "zero": 0, "tiny": 5e-324, "huge": 1e308,
	} {
		for task := range in.Weights {
			in.Weights[task] = weight
		}
		if moves := plan.Assign(in); len(moves) != 0 {
			t.Errorf("weights that are %s: moves %+v", name, moves)
		}
	}
	in.Weights = map[rows.Task]float64{{Connector: "gone"}: 3}
	if moves := plan.Assign(in); len(moves) != 0 {
		t.Errorf("weights of other tasks: moves %+v", moves)
	}
}

func TestWeighedMoves(t *testing.T) {
	for _, c := range []struct {
		name, previous, pins string
		weights              []float64 // of the tasks in order
		workers              int
		want                 string
	}{
		{
			"the heaviest first, then to the least", "a/0= a/1= a/2= a/3=", "",
			[]float64{1, 2, 3, 6},
			2,
			"a/0 >w02, a/1 >w02, a/2 >w02, a/3 >w01",
		},
		{
			"only those of a lost worker", "a/0=w9 a/1=w9 a/2=w9 a/3=w01 a/4=w02", "",
			[]float64{1, 3, 6, 2, 4},
			2,
			"a/0 w9>w02, a/1 w9>w02, a/2 w9>w01",
		},
		{"the one that closes the gap", "a/0=w01 a/1=w01 a/2=w01 a/3=w01", "", []float64{1, 2, 5, 2}, 2, "a/2 w01>w02"},
		{"within a quarter", "a/0=w01 a/1=w01 a/2=w02", "", []float64{8, 1, 7}, 2, ""},
		{"too heavy for the gap", "a/0=w01 a/1=w01", "a/0=w01", []float64{0, 5}, 2, ""},
		{"too light for the gap", "a/0=w01 a/1=w01", "a/0=w01", []float64{50, 1}, 2, ""},
		{"a pin stays and weighs", "a/0=w01 a/1=w01", "a/0=w01", []float64{8, 4}, 2, "a/1 w01>w02"},
		{
			"the lightest of too many", "a/0=w01 a/1=w01 a/2=w01 a/3=w01 a/4=w01 a/5=w01 a/6=w02 a/7=w02", "",
			[]float64{3, 1, 2, 2, 2, 2, 12, 0},
			4, "a/0 w01>w04, a/1 w01>w04, a/2 w01>w03, a/3 w01>w03",
		},
		{
			"a full worker gets no more", "a/0=w01 a/1=w01 a/2=w01 b/0=w03 b/1=w03 b/2=w03 b/3=w03 b/4=w03 b/5=w03", "",
			[]float64{2, 2, 2, 0, 0, 0, 0, 0, 0},
			3, "a/0 w01>w02",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := plan.Input{Previous: holders(c.previous), Pins: holders(c.pins), Workers: workers(c.workers), Weights: map[rows.Task]float64{}}
			in.Tasks = slices.SortedFunc(maps.Keys(in.Previous), rows.Task.Compare)
			for i, task := range in.Tasks {
				in.Weights[task] = c.weights[i]
			}
			var got []string
			for _, m := range plan.Assign(in) {
				got = append(got, fmt.Sprintf("%s %s>%s", m.Task, m.From, m.To))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("\n got %s\nwant %s", text, c.want)
			}
		})
	}
}

// crowd is 1,500 tasks on 49 workers with one more that joins, and every tenth task somewhere odd.
func crowd() plan.Input {
	in := plan.Input{Workers: workers(49)}
	for i := range 100 {
		in.Tasks = append(in.Tasks, tasks(fmt.Sprintf("connector-%03d", i), 15)...)
	}
	in.Previous = after(in, plan.Assign(in))
	in.Workers = workers(50)
	return in
}

func BenchmarkAssign(b *testing.B) {
	join := crowd()
	scratch, lost, one, weighed, odd := join, join, join, join, join
	scratch.Previous = nil
	lost.Workers = workers(25)
	one.Previous, odd.Previous = map[rows.Task]string{}, map[rows.Task]string{}
	weighed.Weights = map[rows.Task]float64{}
	for i, task := range join.Tasks {
		one.Previous[task] = "w01"
		odd.Previous[task] = fmt.Sprintf("w%02d", task.N+1) // the nth task of every connector on one worker
		weighed.Weights[task] = float64(i*i%97) * float64(i%7)
	}
	settled := join
	settled.Previous = after(join, plan.Assign(join))
	oneWeighed := one
	oneWeighed.Weights = weighed.Weights
	for _, c := range []struct {
		name string
		in   plan.Input
	}{
		{"scratch", scratch},
		{"join", join},
		{"half lost", lost},
		{"all on one", one},
		{"odd", odd},
		{"settled", settled},
		{"weights", weighed},
		{"weights, all on one", oneWeighed},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				plan.Assign(c.in)
			}
		})
	}
}
