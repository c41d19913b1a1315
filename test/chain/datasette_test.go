package chain

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/test/chain/datasette"
	"github.com/headwater/headwater/test/chain/tree"
	"github.com/headwater/headwater/test/kafka"
)

// TestDatasette strikes three workers while they crawl a service that no one here wrote. It serves the records of a tree in
// its own way: lists that go on by a token and by whole addresses, and bytes of its own.
func TestDatasette(t *testing.T) {
	plan := strikes()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute+time.Duration(len(plan))*20*time.Second+time.Duration(*items)*40*time.Millisecond)
	defer cancel()
	all, err := datasette.Of(tree.New(tree.Config{Seed: *seed, Items: *items}))
	if err != nil {
		t.Fatal(err)
	}
	s := newCluster(t, all)
	service := datasette.Start(t, s.fleet.Dir)
	s.base, s.apis = service.URL, datasetteAPIs()
	s.up(ctx, "w1", "w2", "w3")
	s.create(ctx, "w1", nil)
	began := time.Now()
	if err := s.storm(ctx, plan, &feed{service, all, 0}); err != nil {
		t.Errorf("%v%s", err, s.complaints())
	}
	r := s.judge(ctx)
	fmt.Printf("datasette: seed %d, Datasette %s, Kafka %s, transaction.version %d, 3 workers, %s in %s, %s; again: go test ./test/chain -run '^TestDatasette$' -items %d -kills %d -rebalances %d -seed %d -tv %d\n",
		*seed, service.Version, kafka.Version, *version, s.struck, time.Since(began).Round(time.Second), r.Line(), *items, *kills, *rebalances, *seed, *version)
	if !r.OK() {
		t.Errorf("%s\nfiles of the workers: %s%s", strings.Join(r.Findings, "\n"), s.fleet.Dir, s.complaints())
	}
}

// datasetteAPIs are three lists of one service: by the last change, by a token, and by whole addresses.
func datasetteAPIs() map[string]string {
	const plain = "_shape=objects&_nofacet=1&_nocount=1"
	return map[string]string{
		"api1.http.api.path": "/tree/root.json", "api1.http.response.data.json.pointer": "/rows",
		"api1.http.offset.mode": "CHAINING", "api1.http.offset.json.pointer": "/changed", "api1.http.initial.offset": "0",
		"api1.http.request.parameters": "changed__gt=${offset}&_sort=changed&_size=20&" + plain, "api1.request.interval.ms": "100",

		"api2.http.api.path": "/tree/branch.json", "api2.http.response.data.json.pointer": "/rows",
		"api2.http.offset.mode": "CURSOR_PAGINATION", "api2.http.next.page.json.pointer": "/next",
		"api2.is.next.page.token.absolute.url": "false", "api2.request.interval.ms": "0",
		"api2.http.request.parameters": "root__exact=${id}&_next=${offset}&_size=4&" + plain,

		"api3.http.api.path": "/tree/leaf.json", "api3.http.response.data.json.pointer": "/rows",
		"api3.http.offset.mode": "CURSOR_PAGINATION", "api3.http.next.page.json.pointer": "/next_url",
		"api3.is.next.page.token.absolute.url": "true", "api3.request.interval.ms": "0",
		"api3.http.request.parameters": "branch__exact=${id}&_nocol=branch&_size=2&" + plain,
	}
}

// feed puts a tree into Datasette, roots first to last.
type feed struct {
	service *datasette.Service
	all     *datasette.Contents
	put     int // roots that are there
}

// upTo puts roots in until there are n.
func (f *feed) upTo(ctx context.Context, n int) error {
	from := f.put
	f.put = max(f.put, n)
	return f.service.Put(ctx, f.all.Rows(from, f.put))
}

// storm strikes as the crawl goes on: the tree comes in as many parts as there are strikes and one more, one part ahead of
// the crawl, and each strike is somewhere in its part, so that it meets work however fast that is done. A crawl that stands
// still is struck no more; in the end all of the tree is there.
func (s *scene) storm(ctx context.Context, plan []func(*scene, context.Context), f *feed) (err error) {
	s.t.Helper()
	part := func(i int) int { return min(i, len(plan)+1) * f.all.Roots() / (len(plan) + 1) }
	for i := 0; i < len(plan) && err == nil; i++ {
		s.fail(f.upTo(ctx, part(i+2)))
		first, next := f.all.Below(part(i)), f.all.Below(part(i+1))
		if err = s.come(ctx, first+s.rng.IntN(1+next-first)); err != nil {
			break
		}
		if s.moved >= f.all.Below(f.put) {
			err = fmt.Errorf("strike %d met no work: all %d records had come", i+1, s.moved)
		}
		plan[i](s, ctx)
	}
	s.fail(f.upTo(ctx, f.all.Roots()))
	return err
}

// come waits until there are n records.
func (s *scene) come(ctx context.Context, n int) error {
	return s.while(ctx, "records to come", func(context.Context) error {
		if s.moved = s.watch.Visible(); s.moved < n {
			return fmt.Errorf("there are %d of %d", s.moved, n)
		}
		return nil
	})
}
