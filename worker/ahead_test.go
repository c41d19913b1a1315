package worker

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/worker/pipeline"
)

func pageOf(bytes int64) pipeline.Page { return pipeline.Page{Batch: record.Batch{Bytes: bytes}} }

func TestWhatIsFetchedAheadIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		bytes int64
		want  int
	}{
		"pages of 1 MB stop at eight":              {1 << 20, 8},
		"small pages fill four MiB":                {100 << 10, 40},
		"empty pages are bounded too":              {0, smallBytes / pageCost},
		"large pages stop at sixteen MiB":          {5 << 20, 3},
		"a page above every bound is taken, alone": {1 << 30, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a, n := newAhead(), 0
			for a.tryPut(pageOf(c.bytes)) {
				n++
			}
			// How many small ones fit follows from smallBytes; one more or less is no matter.
			if n < c.want-1 || n > c.want {
				t.Errorf("%d pages were taken, want %d", n, c.want)
			}
		})
	}
}

func TestTakeReturnsAllThatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, ctx := newAhead(), t.Context()
		got := make(chan int)
		go func() {
			pages, _ := a.take(ctx)
			got <- len(pages)
		}()
		synctest.Wait() // it waits for the first page
		if err := a.put(ctx, pageOf(1)); err != nil {
			t.Fatal(err)
		}
		if n := <-got; n != 1 {
			t.Errorf("%d pages, want 1", n)
		}
		for range 5 {
			if err := a.put(ctx, pageOf(1)); err != nil {
				t.Fatal(err)
			}
		}
		if pages, _ := a.take(ctx); len(pages) != 5 {
			t.Errorf("%d pages, want all 5", len(pages))
		}
	})
}

func TestPutWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAhead()
		_ = a.put(t.Context(), pageOf(1<<30))
		ctx, cancel := context.WithCancel(t.Context())
		put := make(chan error)
		go func() { put <- a.put(ctx, pageOf(1)) }()
		synctest.Wait()
		select {
		case <-put:
			t.Fatal("put did not wait for room")
		default:
		}
		_, _ = a.take(t.Context())
		if err := <-put; err != nil {
			t.Error(err)
		}
		_ = a.put(t.Context(), pageOf(aheadBytes-4*pageCost))
		go func() { put <- a.put(ctx, pageOf(1<<20)) }()
		synctest.Wait()
		cancel()
		if err := <-put; err == nil {
			t.Error("put went on after the end of its context")
		}
	})
}
