package gossip

import (
	"bytes"
	"log/slog"
	"strings"
)

// What is said once.
const (
	hintKey = iota
	hintLabel
	hintGarbage
	hints
)

// hearing reads memberlist's log: there is no other way to learn that keys differ, or whom it suspects. Everything in it goes
// to the debug level. Tests hold the words that are looked for.
type hearing struct {
	*table
	log *slog.Logger
}

// Write implements io.Writer for log.Logger, a line at a time.
func (h *hearing) Write(p []byte) (int, error) {
	line := string(bytes.TrimSpace(p))
	if _, rest, ok := strings.Cut(line, "memberlist: "); ok {
		line = rest
	}
	if rest, ok := strings.CutPrefix(line, "Suspect "); ok {
		if node, ok := strings.CutSuffix(rest, " has failed, no acks received"); ok {
			h.suspect(node)
		}
	}
	h.differs(line)
	h.log.Debug("memberlist: " + line)
	return len(p), nil
}

// differs says once that someone with another key or another label is there.
func (h *hearing) differs(line string) {
	switch {
	case strings.Contains(line, "no installed keys could decrypt"), strings.Contains(line, "encryption is configured"),
		strings.Contains(line, "encryption is not configured"), strings.Contains(line, "Decrypt packet failed"):
		h.once[hintKey].Do(func() {
			h.log.Warn("gossip hears someone with another gossip.key and does not talk to it",
				"detail", line, "hint", "gossip.key must be the same on every worker of the group; this is logged once")
		})
	case strings.Contains(line, "with unacceptable label"):
		h.once[hintLabel].Do(func() {
			h.log.Warn("gossip hears another cluster and does not talk to it",
				"detail", line, "hint", "group.id must be the same on every worker of the group; this is logged once")
		})
	}
}

// note counts what could not be understood and logs the first.
func (t *table) note(what, from string) {
	t.garbage.Add(1)
	t.once[hintGarbage].Do(func() {
		t.log.Warn("gossip does not understand "+what, "from", from, "hint", "is a worker of a newer version or another program on this network? this is logged once")
	})
}
