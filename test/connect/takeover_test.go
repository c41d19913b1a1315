package connect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/test/kafka"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "headwater-connect-")
	if err != nil {
		panic(err)
	}
	binaries = dir
	code := kafka.Run(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// both are Connect's two modes.
func both(t *testing.T, test func(t *testing.T, mode map[string]string)) {
	for _, mode := range []string{"disabled", "enabled"} {
		t.Run("exactly-once-"+mode, func(t *testing.T) {
			test(t, map[string]string{"exactly.once.source.support": mode})
		})
	}
}

// TestConnectTakesOver: Connect starts on topics that our worker wrote, shows its connectors and offsets as they are, goes
// on from them and writes them back to the byte; our worker starts on what Connect left, and no record is lost or double.
func TestConnectTakesOver(t *testing.T) {
	both(t, func(t *testing.T, mode map[string]string) {
		h := newHouse(t)
		h.topics(h.group, h.group+"-stub")
		h.items.Store(10)
		orders := h.config(h.group)
		ours := h.start()
		ours.create("orders", orders, "")
		ours.create("idle", h.config(h.group+"-idle"), "PAUSED")
		h.arrives(h.group, 0, 10)
		h.stop()
		stored := h.offsetRecord("orders")

		f := startConnect(t, h.bootstrap, h.group, true, mode)
		f.shows("orders", orders)
		f.shows("idle", h.config(h.group+"-idle"))
		f.becomes("orders", "RUNNING", 1)
		f.becomes("idle", "PAUSED", 0) // it gets tasks when it is first started
		h.found(h.group+"-stub", stored)
		f.takesOffsets("orders", stored)
		f.call(http.MethodPut, "/connectors/orders/resume", nil, http.StatusAccepted, nil)
		f.becomes("orders", "RUNNING", 1)
		f.stop()
		f.quiet()
		h.sameRecords(stored, 2)

		h.items.Store(20)
		ours = h.start()
		ours.becomes("orders", "RUNNING", 1)
		h.arrives(h.group, 0, 20)
		h.stop()
	})
}

// TestConnectWithoutOurClass: a Connect worker that does not know our class says so and harms nothing.
func TestConnectWithoutOurClass(t *testing.T) {
	h := newHouse(t)
	h.topics(h.group)
	h.items.Store(10)
	ours := h.start()
	ours.create("orders", h.config(h.group), "")
	h.arrives(h.group, 0, 10)
	h.stop()
	configs, offsets := h.last(h.group+"-configs"), h.last(h.group+"-offsets")

	f := startConnect(t, h.bootstrap, h.group, false, nil)
	f.shows("orders", h.config(h.group))
	// Its task may go on to show what our worker said last: Connect does not put FAILED in the place of what another worker
	// has said under a higher generation.
	s := f.becomes("orders", "FAILED", anyTasks)
	if !strings.Contains(s.Connector.Trace, "Failed to find any class that implements Connector and which name matches HttpSourceV2") {
		t.Errorf("Connect says of the class: %s", s.Connector.Trace)
	}
	f.call(http.MethodGet, "/connectors/orders/offsets", nil, http.StatusInternalServerError, nil) // it needs the class
	f.stop()
	f.quiet()
	h.untouched(h.group+"-configs", configs)
	h.untouched(h.group+"-offsets", offsets)

	h.items.Store(20)
	ours = h.start()
	ours.becomes("orders", "RUNNING", 1)
	h.arrives(h.group, 0, 20)
}

// topics makes topics of one partition.
func (h *house) topics(names ...string) {
	h.t.Helper()
	for _, name := range names {
		kafka.CreateTopic(h.t, h.bootstrap, name, 1, nil)
	}
}

// create makes a connector; initial may be empty.
func (r rest) create(name string, config map[string]string, initial string) {
	r.t.Helper()
	body := map[string]any{"name": name, "config": config}
	if initial != "" {
		body["initial_state"] = initial
	}
	r.call(http.MethodPost, "/connectors", body, http.StatusCreated, nil)
}

// shows checks the configuration in the list of connectors.
func (r rest) shows(name string, config map[string]string) {
	r.t.Helper()
	var list map[string]struct {
		Info struct {
			Name   string
			Config map[string]string
		}
	}
	r.call(http.MethodGet, "/connectors?expand=info", nil, http.StatusOK, &list)
	want := maps.Clone(config)
	want["name"] = name
	if got := list[name].Info.Config; !maps.Equal(got, want) {
		r.t.Errorf("GET /connectors?expand=info shows %s as\n%v\nwant\n%v", name, got, want)
	}
}

// offsetRecord is the newest offset record of a connector that has one API.
func (h *house) offsetRecord(connector string) *kgo.Record {
	h.t.Helper()
	for key, r := range h.last(h.group + "-offsets") {
		if strings.HasPrefix(key, `["`+connector+`",`) {
			return r
		}
	}
	h.t.Fatalf("connector %s has no offset", connector)
	return nil
}

// of is an offset record as REST shows it.
func of(t *testing.T, r *kgo.Record) offset {
	t.Helper()
	var o offset
	var name string
	if err := json.Unmarshal(r.Key, &[]any{&name, &o.Partition}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(r.Value, &o.Offset); err != nil {
		t.Fatal(err)
	}
	return o
}

// found checks that Connect's task was given the offset that is stored.
func (h *house) found(topic string, stored *kgo.Record) {
	h.t.Helper()
	rest{t: h.t}.until("the stub's record", deadline, func() bool { return len(h.records(topic)) > 0 })
	text := string(h.records(topic)[0].Value)
	for k, v := range of(h.t, stored).Offset {
		if !strings.Contains(text, fmt.Sprintf("%s=%v", k, v)) {
			h.t.Errorf("Connect's task was given the offset %s, want %s", text, stored.Value)
		}
	}
}

// takesOffsets checks that a real Connect worker shows the stored offset, and has it written again through REST.
func (f *foreign) takesOffsets(name string, stored *kgo.Record) {
	f.t.Helper()
	f.call(http.MethodPut, "/connectors/"+name+"/stop", nil, http.StatusNoContent, nil)
	f.becomes(name, "STOPPED", 0)
	var got offsets
	f.call(http.MethodGet, "/connectors/"+name+"/offsets", nil, http.StatusOK, &got)
	if want := (offsets{[]offset{of(f.t, stored)}}); !reflect.DeepEqual(got, want) {
		f.t.Errorf("Connect shows the offsets %v, want %v", got, want)
	}
	f.call(http.MethodPatch, "/connectors/"+name+"/offsets", got, http.StatusOK, nil)
}

// sameRecords checks that whoever wrote a later record of this offset wrote it to the byte, and that there are at least so
// many of those.
func (h *house) sameRecords(stored *kgo.Record, least int) {
	h.t.Helper()
	later := 0
	for _, r := range h.records(h.group + "-offsets") {
		if r.Partition == stored.Partition && r.Offset <= stored.Offset {
			continue
		}
		later++
		if !bytes.Equal(r.Key, stored.Key) || !bytes.Equal(r.Value, stored.Value) || r.Partition != stored.Partition {
			h.t.Errorf("Connect wrote %d: %s = %s\nours is     %d: %s = %s", r.Partition, r.Key, r.Value, stored.Partition, stored.Key, stored.Value)
		}
	}
	if later < least {
		h.t.Errorf("Connect wrote %d offset records, want at least %d", later, least)
	}
}

// untouched checks that no newer record was written to the keys of before.
func (h *house) untouched(topic string, before map[string]*kgo.Record) {
	h.t.Helper()
	now := h.last(topic)
	for key, r := range before {
		if now[key].Offset != r.Offset || !bytes.Equal(now[key].Value, r.Value) {
			h.t.Errorf("%s: %s was written again: %s, before %s", topic, key, now[key].Value, r.Value)
		}
	}
}
