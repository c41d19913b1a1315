package ahead

import (
	"context"
	"testing"
	"testing/synctest"
)

// page is as large as it says.
type page int64

func (p page) Size() int64 { return int64(p) }
func (page) Close()        {}

func pageOf(bytes int64) page { return page(bytes) }

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
			a, n := New[page](), 0
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
		a, ctx := New[page](), t.Context()
		got := make(chan int)
		go func() {
			pages, _ := a.Take(ctx)
			got <- len(pages)
		}()
		synctest.Wait() // it waits for the first page
		if err := a.Put(ctx, pageOf(1)); err != nil {
			t.Fatal(err)
		}
		if n := <-got; n != 1 {
			t.Errorf("%d pages, want 1", n)
		}
		for range 5 {
			if err := a.Put(ctx, pageOf(1)); err != nil {
				t.Fatal(err)
			}
		}
		if pages, _ := a.Take(ctx); len(pages) != 5 {
			t.Errorf("%d pages, want all 5", len(pages))
		}
	})
}

func TestPutWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New[page]()
		_ = a.Put(t.Context(), pageOf(1<<30))
		ctx, cancel := context.WithCancel(t.Context())
		put := make(chan error)
		go func() { put <- a.Put(ctx, pageOf(1)) }()
		synctest.Wait()
		select {
		case <-put:
			t.Fatal("put did not wait for room")
		default:
		}
		_, _ = a.Take(t.Context())
		if err := <-put; err != nil {
			t.Error(err)
		}
		_ = a.Put(t.Context(), pageOf(aheadBytes-4*pageCost))
		go func() { put <- a.Put(ctx, pageOf(1<<20)) }()
		synctest.Wait()
		cancel()
		if err := <-put; err == nil {
			t.Error("put went on after the end of its context")
		}
	})
}

func TestGather(t *testing.T) {
	for name, c := range map[string]struct {
		put  []int64 // pages that come one after the other
		ends bool    // ctx does then
		want int     // pages that are returned; -1: it goes on waiting
	}{
		"enough":            {[]int64{400, 600}, false, 2},
		"less":              {[]int64{400}, false, -1},
		"less, and the end": {[]int64{400}, true, 1},
		"nothing":           {nil, true, 0},
		"one has no room":   {[]int64{1, aheadBytes}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := New[page]()
				ctx, cancel := context.WithCancel(t.Context())
				got := make(chan int, 1)
				go func() { got <- len(a.Gather(ctx, 2*pageCost+1000)) }()
				synctest.Wait()
				for _, bytes := range c.put {
					a.tryPut(pageOf(bytes))
					synctest.Wait()
				}
				if c.ends {
					cancel()
					synctest.Wait()
				}
				n := -1
				select {
				case n = <-got:
				default:
				}
				if n != c.want {
					t.Errorf("%d pages, want %d", n, c.want)
				}
				cancel()
			})
		})
	}
}

// TestRoomIsForAllWhoWait: what is taken at once may have kept several from putting their pages.
func TestRoomIsForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New[page]()
		_ = a.Put(t.Context(), pageOf(1<<30))
		done := make(chan error, 3)
		for range cap(done) {
			go func() { done <- a.Put(t.Context(), pageOf(1)) }()
		}
		synctest.Wait()
		_, _ = a.Take(t.Context())
		synctest.Wait()
		if len(done) != cap(done) {
			t.Errorf("%d of %d pages were put", len(done), cap(done))
		}
		_, _ = a.Take(t.Context())
	})
}
