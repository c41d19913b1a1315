package stall_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/test/rolling/stall"
)

func at(ms ...int) (out []time.Duration) {
	for _, n := range ms {
		out = append(out, time.Duration(n)*time.Millisecond)
	}
	return out
}

func TestGaps(t *testing.T) {
	for name, c := range map[string]struct {
		asked []time.Duration
		want  []int // stalls in ms
	}{
		"on time":                    {at(200, 400, 600, 800, 1000), []int{0, 0, 0, 0, 0}},
		"early is no credit":         {at(100, 300, 900), []int{0, 0, 400, 0}},
		"silence to the end counts":  {at(200), []int{0, 600}},
		"never asked":                {nil, []int{800}},
		"before and after are apart": {at(-300, 200, 1200), []int{0, 600}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []int
			for _, g := range stall.Gaps(0, c.asked, 200*time.Millisecond, time.Second) {
				got = append(got, int(g.Stall.Milliseconds()))
			}
			if !equal(got, c.want) {
				t.Errorf("stalls %v, want %v", got, c.want)
			}
		})
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestMarkAndMeasure(t *testing.T) {
	gaps := append(stall.Gaps(0, at(200, 900, 1000), 200*time.Millisecond, time.Second),
		stall.Gaps(1, at(200, 400, 600, 800, 1000), 200*time.Millisecond, time.Second)...)
	stall.Mark(gaps, []stall.Window{{From: 500 * time.Millisecond, To: 700 * time.Millisecond, Moved: map[int]bool{0: true}}})
	moved, unmoved := stall.Measure(gaps, stall.Moved), stall.Measure(gaps, stall.Unmoved)
	if moved.N != 1 || moved.Max != 500*time.Millisecond {
		t.Errorf("moved: %v", moved)
	}
	if unmoved.N != 7 || unmoved.Max != 0 {
		t.Errorf("unmoved: %v", unmoved)
	}
	if got := stall.Measure(nil, nil); got != (stall.Figures{}) {
		t.Errorf("of nothing: %v", got)
	}
}

// TestDraw: the same bytes again, well-formed, with the restart and the long stall in it and without the short one.
func TestDraw(t *testing.T) {
	p := stall.Picture{
		Title: "a < b", Length: 2 * time.Second, Names: []string{"c1/api1", "c1/api2"},
		Gaps: []stall.Gap{
			{API: 0, To: time.Second, Stall: 700 * time.Millisecond, Moved: true},
			{API: 1, To: time.Second, Stall: 7 * time.Millisecond},
		},
		Windows: []stall.Window{{From: time.Second, Label: "w1"}},
	}
	var a, b bytes.Buffer
	if err := errors.Join(stall.Draw(&a, p), stall.Draw(&b, p)); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Fatalf("two pictures of one thing (%v)", err)
	}
	for _, s := range []string{"c1/api2", ">w1<", "700 ms", "a &lt; b"} {
		if !strings.Contains(a.String(), s) {
			t.Errorf("%q is not in the picture", s)
		}
	}
	if strings.Contains(a.String(), ">7 ms") {
		t.Error("a stall of 7 ms is drawn")
	}
	for d := xml.NewDecoder(&a); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
		defer cancel()
		start := time.Now()
		var out bytes.Buffer
		if err := stall.Tick(ctx, &out, 3, 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		gaps, err := stall.Ticks(&out, start, time.Second, 200*time.Millisecond)
		if f := stall.Measure(gaps, nil); err != nil || f.N < 15 || f.Max != 0 {
			t.Errorf("%v, %v", f, err)
		}
		if _, err := stall.Ticks(strings.NewReader(""), start, time.Second, time.Second); err == nil {
			t.Error("no tick is no error")
		}
	})
}
