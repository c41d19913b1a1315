package curl

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/test/kafka/program"
)

// TestAnyWorkerKnowsAllLanes asks either of two workers about a work queue whose lanes they share, and has each change an item
// of the other's.
func TestAnyWorkerKnowsAllLanes(t *testing.T) {
	onWorker(t, func(t *testing.T, p place) {
		var broken atomic.Bool
		broken.Store(true)
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken.Load() && strings.HasSuffix(r.URL.Path, "/orders") {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			users(w, r)
		}))
		t.Cleanup(api.Close)
		second, kill := another(t, p)
		config := chained(p, api.URL)
		config["behavior.on.error"], config["api2.max.retries"] = "IGNORE", "0"
		create(t, p, "chain", config, "RUNNING")
		const queue = "/headwater/v1/connectors/chain/queue"
		workers := map[string]int{}
		await(t, func() error { // the lanes are spread, and all items have failed
			q := wire.Queue{}
			p.read(t, queue, &q)
			clear(workers)
			for _, l := range q.Lanes {
				workers[l.Worker]++
			}
			if q.APIs[0].Failed != 3 || len(workers) != 2 || workers[""] > 0 || len(q.Missing) > 0 {
				return fmt.Errorf("%+v on %v", q, workers)
			}
			return nil
		})
		list := wire.QueueItems{}
		second.read(t, queue+"/items?state=failed", &list)
		if len(list.Items) != 3 || list.Unread != 0 || len(list.Missing) != 0 {
			t.Fatalf("%+v", list)
		}
		second.expect(t, "GET", queue, "", 200, `"failed":3`)
		broken.Store(false)
		for _, it := range list.Items { // whoever is asked, one of them has the lane
			for _, asked := range []place{p, second} {
				asked.expect(t, "GET", queue+"/items/"+it.ID, "", 200, it.ID)
				asked.expect(t, "POST", queue+"/items/"+it.ID+"/retry", "", 200, it.ID)
			}
		}
		orders := consume(t, p.broker, "chain-orders")
		orders.until(t, "1-1 1-2 1-3 1-4 1-5 2-1 2-2 2-3 2-4 2-5 3-1 3-2 3-3 3-4 3-5")
		second.expect(t, "GET", "/connectors/chain/offsets", "", 200, `{"partition":{"id":"3","url":"`+api.URL+`/users/${id}/orders"},"offset":{"offset":"4"}}`)
		kill()
		q := wire.Queue{}
		p.read(t, queue, &q)
		if len(q.Missing) > 0 && q.Missing[0] != second.worker {
			t.Errorf("%+v", q.Missing)
		}
		await(t, func() error { // the other takes all lanes
			p.read(t, queue, &q)
			if len(q.Missing) > 0 || q.APIs[0].Idle != 3 {
				return fmt.Errorf("%+v", q)
			}
			return nil
		})
	})
}

// another is a second worker of the cluster; kill ends it without a word.
func another(t *testing.T, p place) (_ place, kill func()) {
	t.Helper()
	dir := t.TempDir()
	binary, err := program.Build(t.Context(), dir, "cmd/worker")
	if err != nil {
		t.Fatal(err)
	}
	address, err := program.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	properties := filepath.Join(dir, "worker.properties")
	text := "bootstrap.servers=" + p.broker + "\ngroup.id=curl\nlisteners=http://" + address + "\n"
	for _, name := range []string{"config", "offset", "status"} {
		text += name + ".storage.replication.factor=1\n"
	}
	if err := os.WriteFile(properties, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "worker.log")
	w, err := program.Start(exec.Command(binary, "--config", properties), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.Kill()
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("the second worker's log:\n%s", text)
		}
	})
	second := place{"http://" + address, address, p.api, p.broker}
	await(t, func() error { return contains(t, second.line("GET", "/health", ""), 200, "healthy") })
	return second, func() { _ = w.Kill() }
}
