package feed_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/headwater/headwater/test/rolling/feed"
)

// TestFeed: each API answers under the path that its connector is told, and its requests are noted under its own name.
func TestFeed(t *testing.T) {
	f, err := feed.Start(feed.Config{Name: "x", Connectors: 2, APIs: 3, Interval: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before := time.Now()
	config := f.Properties("x-c02")
	resp, err := http.Get(config["http.api.base.url"] + config["api2.http.api.path"] + "?after=0")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	for _, a := range f.APIs() {
		got, ok := f.Since(a, before)
		if want := a == (feed.API{Connector: "x-c02", N: 2}); ok != want || want && got.From != "127.0.0.1" {
			t.Errorf("%s asked: %t %v", a, ok, got)
		}
		if _, ok := f.Since(a, time.Now()); ok {
			t.Errorf("%s was asked in the future", a)
		}
	}
	if n := len(f.APIs()); n != 6 {
		t.Errorf("%d APIs", n)
	}
}
