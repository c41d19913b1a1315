package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// screen writes lines and, below them, a table. On a terminal the table is drawn over and over in its place; elsewhere it
// is written from time to time.
type screen struct {
	out    io.Writer
	colour bool
	live   bool          // a terminal that can go back up
	every  time.Duration // pause between two tables
	drawn  int           // lines of the table that stand on the terminal
	last   time.Time     // of the last table
}

// newScreen looks at what out is: colours and a live table are for terminals, and NO_COLOR is honoured.
func newScreen(out *os.File) *screen {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	s := &screen{out: out, live: terminal, colour: terminal && os.Getenv("NO_COLOR") == "", every: 5 * time.Second}
	if terminal {
		s.every = 250 * time.Millisecond
	}
	return s
}

// The looks of a text, as ANSI codes.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
	cyan  = "36"
)

func (s *screen) paint(look, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + look + "m" + text + "\x1b[0m"
}

// say writes lines above the table.
func (s *screen) say(lines ...string) {
	s.wipe()
	for _, line := range lines {
		_, _ = fmt.Fprintln(s.out, line)
	}
}

func (s *screen) head(title string) { s.say("", s.paint(bold, title)) }

// wipe takes the table off the terminal.
func (s *screen) wipe() {
	if s.live && s.drawn > 0 {
		_, _ = fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", s.drawn)
	}
	s.drawn = 0
}

// keep leaves the table where it is: what is written next comes below it.
func (s *screen) keep() { s.drawn = 0 }

// due reports whether it is time for the next table.
func (s *screen) due(now time.Time) bool { return now.Sub(s.last) >= s.every }

// table draws lines, cut at the terminal's edge so that each stays one line.
func (s *screen) table(now time.Time, lines []string) {
	s.wipe()
	s.last = now
	text := strings.Join(lines, "\n") + "\n"
	if s.live {
		text = "\x1b[?7l" + text + "\x1b[?7h"
		s.drawn = len(lines)
	}
	_, _ = io.WriteString(s.out, text)
}

// row is what the table says of a topic.
type row struct {
	topic string
	standing
	held   int
	rate   float64 // records a second
	stands string  // source offset, or work items
}

const barWidth = 12

// rows makes the table's lines under one that says how each connector stands.
func (s *screen) rows(passed time.Duration, status []string, all []row) []string {
	titles := fmt.Sprintf("  %-22s %15s %-*s %8s  %s", "topic", "records of held", barWidth, "", "per s", "source offset or work items")
	lines := []string{"", s.paint(bold, clock(passed)) + "  " + strings.Join(status, "; "), s.paint(dim, titles)}
	for _, r := range all {
		count := fmt.Sprintf("%s of %s", thousands(r.records), thousands(r.held))
		text := fmt.Sprintf("  %-22s %15s %s %8s  ", r.topic, count, s.bar(r.records, r.held), thousands(int(r.rate+0.5)))
		lines = append(lines, text+s.paint(cyan, r.stands))
	}
	return lines
}

func (s *screen) bar(part, whole int) string {
	full := 0
	if whole > 0 {
		full = min(barWidth, part*barWidth/whole)
	}
	return s.paint(green, strings.Repeat("█", full)) + s.paint(dim, strings.Repeat("░", barWidth-full))
}

// clock writes d as minutes and seconds.
func clock(d time.Duration) string {
	seconds := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// thousands writes n as 12,345.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// short cuts text to width characters.
func short(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
