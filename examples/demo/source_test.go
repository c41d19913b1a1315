package main

import "testing"

func TestChildrenAreToldFromParents(t *testing.T) {
	p := placed(t)
	chained := p.sources[1]
	if p.sources[0].chained() || !chained.chained() || len(p.topics()) != 6 {
		t.Errorf("topics %q", p.topics())
	}
	for i, want := range []struct {
		child bool
		whole string
	}{{false, "/v1/regions"}, {true, "/v1/zones"}, {true, "/v1/transitions"}} {
		if a := chained.apis[i]; a.child != want.child || a.whole() != want.whole || a.n != i+1 {
			t.Errorf("api%d: child %v, whole %s", a.n, a.child, a.whole())
		}
	}
	if got, want := (work{Waiting: 1, Active: 2, Idle: 3, Ended: 4, Failed: 5}).String(), "3 waiting, 7 done of 15 items, 5 FAILED"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
