package rows_test

import (
	"testing"

	"github.com/headwater/headwater/coordinator/rows"
)

func TestParseTask(t *testing.T) {
	for text, want := range map[string]rows.Task{
		"orders/0":               {Connector: "orders"},
		"a/b/12":                 {Connector: "a/b", N: 12},
		"a//0":                   {Connector: "a/"},
		"//0":                    {Connector: "/"},
		" with space /3":         {Connector: " with space ", N: 3},
		"orders-1/2":             {Connector: "orders-1", N: 2},
		"Bestellungen-ß-注文/7":    {Connector: "Bestellungen-ß-注文", N: 7},
		"task/pin/leader/1":      {Connector: "task/pin/leader", N: 1},
		"orders/2147483647":      {Connector: "orders", N: 1<<31 - 1},
		"not \xff valid UTF-8/1": {Connector: "not \xff valid UTF-8", N: 1},
	} {
		got, err := rows.ParseTask(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("ParseTask(%q) = %#v (%s), %v; want %#v", text, got, got, err, want)
		}
	}
}

func TestParseTaskSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                  `task "" has no number: write <connector>/<number>, as in orders/0`,
		"orders":            `task "orders" has no number: write <connector>/<number>, as in orders/0`,
		"/0":                `task "/0" names no connector: write <connector>/<number>, as in orders/0`,
		"orders/":           `task "orders/": "" is not the number of a task: write <connector>/<number>, as in orders/0`,
		"orders/api1":       `task "orders/api1": "api1" is not the number of a task: write <connector>/<number>, as in orders/0`,
		"orders/-1":         `task "orders/-1": "-1" is not the number of a task: write <connector>/<number>, as in orders/0`,
		"orders/+1":         `task "orders/+1": "+1" is not the number of a task: write <connector>/<number>, as in orders/0`,
		"orders/01":         `task "orders/01": "01" is not the number of a task: write <connector>/<number>, as in orders/0`,
		"orders/1_0":        `task "orders/1_0": "1_0" is not the number of a task: write <connector>/<number>, as in orders/0`,
		"orders/2147483648": `task "orders/2147483648": the number 2147483648 is out of range: write <connector>/<number>, as in orders/0`,
	} {
		if _, err := rows.ParseTask(text); err == nil || err.Error() != want {
			t.Errorf("ParseTask(%q):\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestTasksAreOrderedByConnectorThenNumber(t *testing.T) {
	order := []rows.Task{{"a", 2}, {"a", 10}, {"a/0", 0}, {"b", 1}}
	for i, a := range order {
		for j, b := range order {
			if got := a.Compare(b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%s.Compare(%s) = %d", a, b, got)
			}
		}
	}
}

// FuzzParseTask holds that a task has one way to be written: whatever is accepted is written back as it was.
func FuzzParseTask(f *testing.F) {
	for _, seed := range []string{"orders/0", "a/b/12", "/", "", "x/00", "x/-0", "x/9999999999999999999", "\xff/1", "leader"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		task, err := rows.ParseTask(text)
		if err == nil && (task.String() != text || task.N < 0 || task.Connector == "") {
			t.Fatalf("%q became %#v", text, task)
		}
	})
}
