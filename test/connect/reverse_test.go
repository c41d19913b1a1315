package connect

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestWeTakeOver: our worker starts on topics that Connect made: with a foreign connector, and connectors of our class in
// each state, one of them with more tasks than it has here. Then Connect starts on what we left.
func TestWeTakeOver(t *testing.T) {
	both(t, func(t *testing.T, mode map[string]string) {
		h := newHouse(t)
		h.items.Store(10)
		file := filepath.Join(t.TempDir(), "lines")
		appendLines(t, file, 0, 3)
		h.connectWrites(file, mode)
		foreign := h.recordsOf("file")

		ours := h.start()
		s := ours.becomes("file", "FAILED", anyTasks)
		for _, part := range []string{"connector.class", "FileStreamSource", "HttpSourceV2"} {
			if !strings.Contains(s.Connector.Trace, part) {
				t.Errorf("the trace of the foreign connector does not name %s: %s", part, s.Connector.Trace)
			}
		}
		ours.becomes("orders", "STOPPED", 0)
		ours.becomes("idle", "PAUSED", 0)
		ours.becomes("many", "RUNNING", 1)
		h.arrives(h.group+"-many", 0, 10)
		for _, name := range []string{"orders", "idle"} {
			ours.call(http.MethodPut, "/connectors/"+name+"/resume", nil, http.StatusAccepted, nil)
			ours.becomes(name, "RUNNING", 1)
		}
		h.arrives(h.group+"-orders", 5, 10) // from the offset that was set through Connect
		h.arrives(h.group+"-idle", 0, 10)
		h.stop()
		if now := h.recordsOf("file"); !maps.EqualFunc(now, foreign, sameRecord) {
			t.Errorf("the foreign connector's records were touched:\n%s\nbefore\n%s", show(now), show(foreign))
		}

		back := startConnect(t, h.bootstrap, h.group, true, mode)
		back.becomes("file", "RUNNING", 1)
		back.becomes("orders", "RUNNING", 1)
		appendLines(t, file, 3, 6)
		h.lines(h.group+"-file", 6)
		back.stop()
		back.quiet()
	})
}

// connectWrites has Connect make the topics.
func (h *house) connectWrites(file string, mode map[string]string) {
	h.t.Helper()
	f := startConnect(h.t, h.bootstrap, h.group, true, mode)
	for _, name := range []string{"orders", "idle", "many"} {
		h.topics(h.group+"-"+name, h.group+"-"+name+"-stub")
	}
	h.topics(h.group + "-file")
	f.create("file", map[string]string{
		"connector.class": "FileStreamSource", "file": file, "topic": h.group + "-file", "tasks.max": "1",
	}, "")
	f.create("orders", h.config(h.group+"-orders"), "STOPPED")
	f.create("idle", h.config(h.group+"-idle"), "PAUSED")
	many := h.config(h.group + "-many")
	many["tasks.max"] = "3"
	f.create("many", many, "")
	f.becomes("file", "RUNNING", 1)
	f.becomes("idle", "PAUSED", 0) // it gets tasks when it is first started
	f.becomes("many", "RUNNING", 3)
	f.becomes("orders", "STOPPED", 0)
	from5 := offset{map[string]any{"url": h.api.URL + "/items"}, map[string]any{"offset": "4", "next": "5"}}
	f.call(http.MethodPatch, "/connectors/orders/offsets", offsets{[]offset{from5}}, http.StatusOK, nil)
	h.lines(h.group+"-file", 3)
	f.lives(h)
	f.stop()
	f.quiet()
	h.codecsAgree()
	h.stateAgrees(mode["exactly.once.source.support"] == "enabled")
}

// lives takes a connector through everything that leaves a status.
func (f *foreign) lives(h *house) {
	f.t.Helper()
	h.topics(h.group+"-short", h.group+"-short-stub")
	f.create("short", h.config(h.group+"-short"), "")
	f.becomes("short", "RUNNING", 1)
	for _, step := range []struct {
		method, path string
		answer       int
		state        string
		tasks        int
	}{
		{http.MethodPut, "/pause", http.StatusAccepted, "PAUSED", 1},
		{http.MethodPut, "/resume", http.StatusAccepted, "RUNNING", 1},
		{http.MethodPost, "/restart?includeTasks=true&onlyFailed=false", http.StatusAccepted, "RUNNING", 1},
		{http.MethodPut, "/stop", http.StatusNoContent, "STOPPED", 0},
	} {
		before := h.statusOf("status-task-short-0")
		f.call(step.method, "/connectors/short"+step.path, nil, step.answer, nil)
		f.becomes("short", step.state, step.tasks)
		if step.tasks > 0 {
			f.settles(h, "status-task-short-0", before, step.state)
		}
	}
	f.showsOurRows(h)
	f.call(http.MethodDelete, "/connectors/short", nil, http.StatusNoContent, nil)
	f.until("short to be gone", deadline, func() bool {
		status, _ := f.try(http.MethodGet, "/connectors/short/status", nil)
		return status == http.StatusNotFound
	})
}

// settles waits until the status after the one at offset before says state: a connector that is restarted is RUNNING
// before and after, and Connect answers RUNNING in between. Told to stop in the middle of it, Connect may write RUNNING
// last, and show a task of a stopped connector for ever.
func (f *foreign) settles(h *house, key string, before int64, state string) {
	f.t.Helper()
	f.until(key+" to settle as "+state, deadline, func() bool {
		last, found := h.last(h.group + "-status")[key]
		return found && last.Offset > before && strings.Contains(string(last.Value), `"state":"`+state+`"`)
	}, func() string { return show(h.last(h.group + "-status")) })
}

// statusOf returns the offset of the newest record of a key in the status topic.
func (h *house) statusOf(key string) int64 {
	h.t.Helper()
	last, found := h.last(h.group + "-status")[key]
	if !found {
		h.t.Fatalf("nothing of %s in the status topic", key)
	}
	return last.Offset
}

// recordsOf returns the newest records of a connector in the topics that decide.
func (h *house) recordsOf(connector string) map[string]*kgo.Record {
	h.t.Helper()
	out := map[string]*kgo.Record{}
	for _, topic := range []string{h.group + "-configs", h.group + "-offsets"} {
		for key, r := range h.last(topic) {
			if strings.HasPrefix(key, `["`+connector+`",`) || strings.Contains(key+"-", "-"+connector+"-") {
				out[topic+" "+key] = r
			}
		}
	}
	if len(out) < 4 {
		h.t.Fatalf("connector %s has few records: %s", connector, show(out))
	}
	return out
}

func sameRecord(a, b *kgo.Record) bool { return a.Offset == b.Offset && a.Partition == b.Partition }

func show(records map[string]*kgo.Record) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(records)) {
		fmt.Fprintf(&b, "%d %s = %s\n", records[key].Offset, key, records[key].Value)
	}
	return b.String()
}

func appendLines(t *testing.T, path string, from, before int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < before; i++ {
		_, werr := fmt.Fprintf(f, "line %d\n", i)
		err = errors.Join(err, werr)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// lines waits until the first n lines of the file are in the topic, each once.
func (h *house) lines(topic string, n int) {
	h.t.Helper()
	var got []string
	rest{t: h.t}.until(fmt.Sprintf("%d lines", n), deadline, func() bool {
		got = got[:0]
		for _, r := range h.records(topic) {
			got = append(got, string(r.Value))
		}
		return len(got) >= n
	}, func() string { return fmt.Sprint(got) })
	for i, line := range got {
		if line != fmt.Sprintf("line %d", i) || len(got) != n {
			h.t.Fatalf("%s has %q, want the lines 0 to %d", topic, got, n-1)
		}
	}
}
