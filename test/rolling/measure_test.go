package rolling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headwater/headwater/test/kafka/program"
	"github.com/headwater/headwater/test/rolling/feed"
	"github.com/headwater/headwater/test/rolling/stall"
)

// measure begins the measurement of stalls, beside an idle control.
func (s *scene) measure(ctx context.Context, ask string, interval time.Duration) {
	s.t.Helper()
	s.startControl(interval)
	s.began, s.before, s.windows = time.Now(), s.owners(ctx, ask), nil
}

// startControl runs the idle control beside, which ticks like the APIs are asked.
func (s *scene) startControl(interval time.Duration) {
	s.t.Helper()
	self, err := os.Executable()
	s.fail(err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", ticksVariable, min(60, len(s.apis())), interval))
	s.control, err = program.Start(cmd, s.ticksFile())
	s.fail(err)
	s.t.Cleanup(func() { _ = s.control.Kill() })
	s.ticks = interval
}

func (s *scene) ticksFile() string { return filepath.Join(s.fleet.Dir, "control.txt") }

// mark ends the present window and begins the next: what has moved meanwhile is known from the assignments.
func (s *scene) mark(ctx context.Context, ask, label string) {
	s.t.Helper()
	now, after := time.Since(s.began), s.owners(ctx, ask)
	s.close(now, after)
	s.windows = append(s.windows, stall.Window{From: now, Label: label})
	s.before = after
}

func (s *scene) close(now time.Duration, after map[feed.API]owner) {
	if len(s.windows) == 0 {
		return
	}
	w := &s.windows[len(s.windows)-1]
	w.To, w.Moved = now, map[int]bool{}
	for i, a := range s.apis() {
		if s.before[a] != after[a] {
			w.Moved[i] = true
		}
	}
}

// stalls is what was measured.
type stalls struct {
	gaps, ticks             []stall.Gap
	moved, unmoved, control stall.Figures
	length                  time.Duration
}

func (f stalls) String() string {
	return fmt.Sprintf("stalls: moved %s, unmoved %s, idle control %s", f.moved, f.unmoved, f.control)
}

// measured ends the measurement.
func (s *scene) measured(ctx context.Context, ask string) stalls {
	s.t.Helper()
	out := stalls{length: time.Since(s.began)}
	s.close(out.length, s.owners(ctx, ask))
	i := 0
	for n, f := range s.feeds {
		for _, a := range f.APIs() {
			var asked []time.Duration
			for _, r := range f.Asked(a) {
				asked = append(asked, r.At.Sub(s.began))
			}
			gaps := stall.Gaps(i, asked, f.Interval(), out.length)
			if s.late > 0 && n >= s.late {
				gaps = gaps[1:] // before its first request it was not there
			}
			out.gaps = append(out.gaps, gaps...)
			i++
		}
	}
	stall.Mark(out.gaps, s.windows)
	out.ticks = s.endControl(out.length)
	out.moved, out.unmoved = stall.Measure(out.gaps, stall.Moved), stall.Measure(out.gaps, stall.Unmoved)
	out.control = stall.Measure(out.ticks, nil)
	return out
}

// endControl ends the idle control and lists how late it was.
func (s *scene) endControl(length time.Duration) []stall.Gap {
	s.t.Helper()
	s.fail(s.control.Terminate(10 * time.Second))
	file, err := os.Open(s.ticksFile())
	s.fail(err)
	defer file.Close()
	ticks, err := stall.Ticks(file, s.began, length, s.ticks)
	s.fail(err)
	return ticks
}

// draw writes the picture into a file.
func (s *scene) draw(f stalls, title, path string) {
	s.t.Helper()
	p := stall.Picture{Title: title, Length: f.length, Gaps: f.gaps, Control: f.ticks, Windows: s.windows}
	for _, a := range s.apis() {
		p.Names = append(p.Names, strings.TrimPrefix(a.String(), s.name+"-"))
	}
	file, err := os.Create(path)
	s.fail(err)
	s.fail(errors.Join(stall.Draw(file, p), file.Close()))
}

// worst lists the longest stalls with the windows that they fell into, for who looks for the cause.
func (s *scene) worst(m stalls, keep func(stall.Gap) bool) string {
	all := slices.DeleteFunc(slices.Clone(m.gaps), func(g stall.Gap) bool { return keep != nil && !keep(g) })
	slices.SortStableFunc(all, func(a, b stall.Gap) int { return cmp.Compare(b.Stall, a.Stall) })
	var out strings.Builder
	for _, g := range all[:min(12, len(all))] {
		fmt.Fprintf(&out, "\n  %s was asked at %s and then not for %s, moved: %t, windows:", s.apis()[g.API],
			s.began.Add(g.From).UTC().Format("15:04:05.000"), (g.To - g.From).Round(time.Millisecond), g.Moved)
		for _, w := range s.windows {
			if g.From < w.To && g.To > w.From {
				fmt.Fprintf(&out, " %s (%s)", w.Label, s.began.Add(w.From).UTC().Format("15:04:05.000"))
			}
		}
	}
	return out.String()
}
