package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJudge(t *testing.T) {
	held := []string{"1", "2", "3"}
	tests := []struct {
		name    string
		seen    map[string]int
		trouble string
	}{
		{"each once", map[string]int{"1": 1, "2": 1, "3": 1}, ""},
		{"lost", map[string]int{"1": 1, "3": 1}, "t: 1 missing"},
		{"doubled", map[string]int{"1": 1, "2": 2, "3": 1}, "t: 1 seen more than once"},
		{"one lost and another doubled", map[string]int{"1": 2, "2": 1}, "t: 1 missing, 1 seen more than once"},
		{"foreign in the place of one", map[string]int{"1": 1, "2": 1, "9": 1}, "t: 1 missing, 1 not the API's"},
		{"nothing", nil, "t: 3 missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := judge("t", test.seen, held)
			if v.trouble() != test.trouble || v.good() != (test.trouble == "") {
				t.Errorf("got %q, good %v; want %q", v.trouble(), v.good(), test.trouble)
			}
		})
	}
	if v := judge("t", nil, nil); v.good() || v.trouble() != "t: no records at all" {
		t.Errorf("an idle run passes: %+v", v)
	}
}

// placed opens places for the connector file of the examples.
func placed(t *testing.T) *places {
	t.Helper()
	p, err := place(t.Context(), options{connectors: []string{"../timezones.json", "../timezones-chained.json"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func TestTakenPortsAreGoneRound(t *testing.T) {
	for _, address := range []string{defaultSample, defaultKafka, defaultREST} {
		if l, err := net.Listen("tcp", address); err == nil {
			defer func() { _ = l.Close() }()
		} // else somebody else has it, which is as good
	}
	p := placed(t)
	if len(p.notes) != 3 {
		t.Errorf("notes: %q", p.notes)
	}
	text, err := os.ReadFile(p.sources[1].file)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := parseSource(text)
	if err != nil || changed.base != "http://"+p.sample.Addr().String() || p.sources[0].base != changed.base || p.apis()[5].base != changed.base {
		t.Errorf("base is %q and %q, %v; want %s", changed.base, p.sources[0].base, err, p.sample.Addr())
	}
	list, err := p.arguments()
	if err != nil || !slices.Contains(list, "--dev-listen") || !slices.Contains(list, "--config") {
		t.Errorf("arguments %q, %v", list, err)
	}
	listeners, err := os.ReadFile(filepath.Join(p.dir, "worker.properties"))
	if err != nil || string(listeners) != "listeners=http://"+p.rest+"\n" {
		t.Errorf("worker.properties: %q, %v", listeners, err)
	}
}

func TestTemporaryDataGoesAway(t *testing.T) {
	p := placed(t)
	p.close()
	if _, err := os.Stat(p.dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", p.dir, err)
	}
}

func TestWorkerThatEndsIsReported(t *testing.T) {
	w, err := startWorker("/bin/sh", t.TempDir(), []string{"-c", "echo no broker; exit 3"})
	if err != nil {
		t.Skip(err)
	}
	<-w.gone
	if err := w.failure(); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no broker") {
		t.Errorf("failure: %v", err)
	}
	if err := w.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestWorkerStopsAndDies(t *testing.T) {
	for name, end := range map[string]func(*worker) error{"stop": (*worker).stop, "kill": (*worker).kill} {
		w, err := startWorker("/bin/sleep", t.TempDir(), []string{"60"})
		if err != nil {
			t.Skip(err)
		}
		if err := w.failure(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := end(w); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if w.failure() == nil {
			t.Errorf("%s: still running", name)
		}
	}
}

func TestMissingWorkerNamesTheCure(t *testing.T) {
	_, err := startWorker(filepath.Join(t.TempDir(), "worker"), t.TempDir(), nil)
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v", err)
	}
}

func TestTallyCountsWhatIsCommitted(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "zones"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	produce(t, cluster, kgo.TryAbort, `{"id":"a"}`, `{"id":"b"}`)
	produce(t, cluster, kgo.TryCommit, `{"id":"a"}`, `{"id":"b"}`, `{"id":"b"}`)
	tally, err := newTally(cluster.ListenAddrs()[0], []string{"zones"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		tally.run(ctx)
	}()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for tally.standings()["zones"].records < 3 && ctx.Err() == nil {
		<-ticker.C
	}
	cancel()
	<-done
	if got := tally.standings()["zones"]; got != (standing{records: 3, distinct: 2}) {
		t.Errorf("got %+v", got)
	}
	if first, last := tally.ends("zones"); string(first.Value) != `{"id":"a"}` || string(last.Value) != `{"id":"b"}` {
		t.Errorf("from %s to %s", first.Value, last.Value)
	}
	if ids := tally.ids("zones"); ids[`"b"`] != 2 {
		t.Errorf("ids %v", ids)
	}
}

func produce(t *testing.T, cluster *kfake.Cluster, end kgo.TransactionEndTry, values ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.TransactionalID("demo-test"), kgo.DefaultProduceTopic("zones"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := client.ProduceSync(t.Context(), kgo.StringRecord(v)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.EndTransaction(t.Context(), end); err != nil {
		t.Fatal(err)
	}
}

func TestWatchSettles(t *testing.T) {
	now := time.Unix(0, 0)
	w := watch{rows: []row{{standing: standing{records: 4, distinct: 3}, held: 3}}, since: now}
	if !w.complete() || w.settled(now.Add(3*time.Second)) || !w.settled(now.Add(4*time.Second)) {
		t.Error("all there is must have been there for four seconds")
	}
	w.rows[0].distinct = 2 // records enough, but one of them twice
	if w.complete() {
		t.Error("a record that came twice stands for one that is missing")
	}
}

func TestScreenWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out}
	s.head("title")
	s.table(time.Unix(1, 0), s.rows(65*time.Second, []string{"a RUNNING", "b RUNNING"}, []row{
		{topic: "zones", standing: standing{records: 1234}, held: 2468, rate: 99.6, stands: "1233"},
	}))
	const want = `
title

1:05  a RUNNING; b RUNNING
  topic                  records of held                 per s  source offset or work items
  zones                   1,234 of 2,468 ██████░░░░░░      100  1233
`
	if out.String() != want {
		t.Errorf("got %s\nwant %s", out.String(), want)
	}
}

func TestScreenOnTerminalDrawsInPlace(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, live: true, colour: true}
	s.table(time.Unix(1, 0), []string{"a", "b"})
	s.say(s.paint(red, "x"))
	if got, want := out.String(), "\x1b[?7la\nb\n\x1b[?7h\x1b[2A\x1b[J\x1b[31mx\x1b[0m\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if got := short("Zürich", 3); got != "Zü…" {
		t.Errorf("short: %s", got)
	}
}
