package poll

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/offsets"
)

// row is a record of the model API.
type row struct {
	ID   int    `json:"id"`
	At   int64  `json:"at"`
	Body string `json:"body"` // the same in all
}

// world is an API whose list grows, and the one who polls it.
type world struct {
	t       *rapid.T
	list    []row
	now     time.Time
	size    int // of a page
	machine *Machine
	state   State
	stored  *offsets.Offset
	emitted []int
	serve   func(w *world, q url.Values) (rows []row, next string)
	maxTies int // how many rows may share a time
}

// modelled is a mode with an API that suits it.
type modelled struct {
	name  string
	api   connector.API
	serve func(w *world, q url.Values) ([]row, string)
	ties  func(size int) int
	// shuffled says that the API's order is not that of time.
	shuffled bool
}

const epoch0 = 1_700_000_000

func TestEachRecordOnce(t *testing.T) {
	for _, m := range models() {
		t.Run(m.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { m.check(t) })
		})
	}
}

func (m modelled) check(t *rapid.T) {
	w := &world{t: t, now: time.Unix(epoch0, 0).UTC(), serve: m.serve, size: rapid.IntRange(2, 5).Draw(t, "page size")}
	w.maxTies = m.ties(w.size)
	var err error
	if w.machine, err = New("https://api.example.com", m.api); err != nil {
		t.Fatal(err)
	}
	w.restart()
	t.Repeat(map[string]func(*rapid.T){
		"grow": func(t *rapid.T) { w.grow(rapid.IntRange(1, 4).Draw(t, "rows")) },
		"tick": func(t *rapid.T) {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
		},
		"poll":    func(*rapid.T) { w.poll(true) },
		"crash":   func(*rapid.T) { w.poll(false) },
		"restart": func(*rapid.T) { w.restart() },
	})
	for range 4*len(w.list) + 20 {
		w.now = w.now.Add(5 * time.Second)
		w.poll(true)
	}
	var want []int
	for _, r := range w.list {
		want = append(want, r.ID)
	}
	if m.shuffled {
		slices.Sort(w.emitted)
	}
	if !slices.Equal(w.emitted, want) {
		t.Fatalf("emitted %v\nof      %v", w.emitted, w.list)
	}
}

// grow adds rows of the present second, but not more of one time than the API can page through.
func (w *world) grow(n int) {
	for range n {
		at := w.now.Unix()
		if len(w.list) > 0 {
			at = max(at, w.list[len(w.list)-1].At)
		}
		if same := len(w.list) - w.from(at); same >= w.maxTies {
			w.now = w.now.Add(time.Second)
			at = max(at+1, w.now.Unix())
			w.now = time.Unix(at, int64(w.now.Nanosecond())).UTC()
		}
		w.list = append(w.list, row{ID: len(w.list) + 1, At: at, Body: "same"})
	}
}

// from is the index of the first row that is not before at.
func (w *world) from(at int64) int {
	i, _ := slices.BinarySearchFunc(w.list, at, func(r row, at int64) int { return int(r.At - at) })
	return i
}

func (w *world) restart() {
	s, err := w.machine.Start(w.stored)
	if err != nil {
		w.t.Fatal(err)
	}
	w.state = s
}

// poll asks once. Without a commit the page is lost, and a restart follows.
func (w *world) poll(commit bool) {
	turn, err := w.machine.Next(w.state, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	if turn.Wait > 0 {
		return
	}
	resp := answer(w.t, turn.Request, w.reply(turn.Request.URL))
	step, err := w.machine.Advance(turn.State, resp, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	if !commit {
		w.restart()
		return
	}
	w.state = step.Next
	got := emitted(w.t, step, resp)
	if step.Moved || len(got) > 0 {
		w.stored = wire(w.t, step.Next.Offset())
	}
	for _, id := range got {
		n, err := strconv.Atoi(id)
		if err != nil {
			w.t.Fatal(err)
		}
		w.emitted = append(w.emitted, n)
	}
}

func (w *world) reply(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		w.t.Fatal(err)
	}
	rows, next := w.serve(w, u.Query())
	if rows == nil {
		rows = []row{}
	}
	body, err := json.Marshal(map[string]any{"rows": rows, "next": next})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

// page is size rows from an index on.
func (w *world) page(from int) []row {
	return w.list[min(from, len(w.list)):min(from+w.size, len(w.list))]
}

func models() []modelled {
	all := append(listModels(), cursorModels()...)
	all = append(all, windowModels()...)
	for i := range all {
		all[i].api.Path = "/rows"
		all[i].api.Data = *pointer("/rows")
	}
	return all
}

func anyTies(int) int { return 1 << 20 }

func oneOfATime(int) int { return 1 }

func fewTies(size int) int { return size - 1 }

// listModels are the modes that start from a value.
func listModels() []modelled {
	since := func(inclusive bool) func(*world, url.Values) ([]row, string) {
		return func(w *world, q url.Values) ([]row, string) {
			at, _ := strconv.ParseInt(q.Get("since"), 10, 64)
			if !inclusive {
				at++
			}
			return w.page(w.from(at)), ""
		}
	}
	keyset := func(w *world, q url.Values) ([]row, string) {
		at, _ := strconv.ParseInt(q.Get("since"), 10, 64)
		key, _ := strconv.Atoi(q.Get("key"))
		from := w.from(at)
		for from < len(w.list) && w.list[from].At == at && w.list[from].ID <= key {
			from++
		}
		return w.page(from), ""
	}
	whole := func(w *world, q url.Values) ([]row, string) {
		at, _ := strconv.ParseInt(q.Get("since"), 10, 64)
		return w.list[w.from(at):], ""
	}
	newestFirst := func(w *world, q url.Values) ([]row, string) {
		rows, _ := whole(w, q)
		rows = slices.Clone(rows)
		slices.Reverse(rows)
		return rows, ""
	}
	chaining := connector.API{
		Mode: connector.Chaining, InitialOffset: "0", Parameters: params("since=${offset}"), Offset: pointer("/at"),
	}
	relative := chaining
	relative.Ordering, relative.PrimaryKey, relative.ChainParameter = connector.OrderingRelative, pointer("/id"), "key"
	snapshot := connector.API{Mode: connector.SnapshotPagination, Offset: pointer("/id")}
	return []modelled{
		{name: "SIMPLE", ties: anyTies, api: connector.API{InitialOffset: "0", Parameters: params("start=${offset}")}, serve: func(w *world, q url.Values) ([]row, string) {
			from, _ := strconv.Atoi(q.Get("start"))
			return w.page(from), ""
		}},
		{name: "CHAINING exclusive", ties: oneOfATime, api: chaining, serve: since(false)},
		{name: "CHAINING inclusive", ties: fewTies, api: chaining, serve: since(true)},
		{name: "CHAINING inclusive, all at once", ties: anyTies, api: chaining, serve: whole},
		{name: "CHAINING newest first", ties: anyTies, api: chaining, serve: newestFirst, shuffled: true},
		{name: "RELATIVE keyset", ties: anyTies, api: relative, serve: keyset},
		{name: "RELATIVE inclusive", ties: fewTies, api: relative, serve: since(true)},
		{name: "SNAPSHOT", ties: anyTies, api: snapshot, serve: func(w *world, _ url.Values) ([]row, string) { return w.list, "" }},
		{name: "SNAPSHOT descending", ties: anyTies, api: snapshot, serve: func(w *world, _ url.Values) ([]row, string) {
			rows := slices.Clone(w.list)
			slices.Reverse(rows)
			return rows, ""
		}},
	}
}

// cursorModels are APIs that name the next page early, late, always, and as a link.
func cursorModels() []modelled {
	serve := func(next func(w *world, from, end int) string) func(*world, url.Values) ([]row, string) {
		return func(w *world, q url.Values) ([]row, string) {
			from, _ := strconv.Atoi(q.Get("cursor"))
			rows := w.page(from)
			return rows, next(w, from, from+len(rows))
		}
	}
	token := connector.API{Mode: connector.CursorPagination, NextPage: pointer("/next"), CursorParameter: "cursor", NextIsURL: true}
	link := token
	link.CursorParameter = ""
	return []modelled{
		{name: "CURSOR next when there is more", ties: anyTies, api: token, serve: serve(func(w *world, from, end int) string {
			if len(w.list) > end {
				return strconv.Itoa(end)
			}
			return ""
		})},
		{name: "CURSOR next when full", ties: anyTies, api: token, serve: serve(func(w *world, from, end int) string {
			if end-from == w.size {
				return strconv.Itoa(end)
			}
			return ""
		})},
		{name: "CURSOR next always", ties: anyTies, api: token, serve: serve(func(_ *world, _, end int) string {
			return strconv.Itoa(end)
		})},
		{name: "CURSOR absolute URL", ties: anyTies, api: link, serve: serve(func(w *world, from, end int) string {
			if len(w.list) > end {
				return fmt.Sprintf("https://api.example.com/rows?cursor=%d", end)
			}
			return ""
		})},
		{name: "CURSOR fragment", ties: anyTies, api: link, serve: serve(func(w *world, from, end int) string {
			if end-from == w.size {
				return fmt.Sprintf("?cursor=%d", end)
			}
			return ""
		})},
	}
}

// windowModels are the modes with time windows, over APIs that include the window's end and over such that do not.
func windowModels() []modelled {
	window := func(w *world, q url.Values, inclusive bool) []row {
		start, _ := strconv.ParseInt(q.Get("start"), 10, 64)
		end, _ := strconv.ParseInt(q.Get("end"), 10, 64)
		if inclusive {
			end++
		}
		return w.list[w.from(start):w.from(end)]
	}
	byToken := func(inclusive bool) func(*world, url.Values) ([]row, string) {
		return func(w *world, q url.Values) ([]row, string) {
			rows := window(w, q, inclusive)
			from, _ := strconv.Atoi(q.Get("cursor"))
			rows = rows[min(from, len(rows)):]
			if len(rows) > w.size {
				return rows[:w.size], strconv.Itoa(from + w.size)
			}
			return rows, ""
		}
	}
	byKey := func(inclusive bool) func(*world, url.Values) ([]row, string) {
		return func(w *world, q url.Values) ([]row, string) {
			key, _ := strconv.Atoi(q.Get("after"))
			rows := slices.DeleteFunc(slices.Clone(window(w, q, inclusive)), func(r row) bool { return r.ID <= key })
			return rows[:min(w.size, len(rows))], ""
		}
	}
	cursor := connector.API{
		Mode: connector.CursorPagination, NextPage: pointer("/next"), CursorParameter: "cursor",
		Parameters: params("start=${start_time}&end=${end_time}"),
		Window:     &connector.Window{Start: strconv.Itoa(epoch0 - 5), Format: connector.UnixSeconds, Interval: 7},
	}
	global := cursor
	global.Mode, global.Ordering, global.NextPage, global.CursorParameter = connector.Chaining, connector.OrderingGlobal, nil, ""
	global.PrimaryKey, global.ChainParameter = pointer("/id"), "after"
	reaching := cursor
	reaching.Timestamp = pointer("/at")
	return []modelled{
		{name: "CURSOR with windows [start, end)", ties: anyTies, api: cursor, serve: byToken(false)},
		{name: "CURSOR with windows [start, end]", ties: anyTies, api: cursor, serve: byToken(true)},
		{name: "CURSOR with windows from the last record", ties: anyTies, api: reaching, serve: byToken(true)},
		{name: "GLOBAL [start, end)", ties: anyTies, api: global, serve: byKey(false)},
		{name: "GLOBAL [start, end]", ties: anyTies, api: global, serve: byKey(true)},
	}
}
