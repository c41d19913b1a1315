package access

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/headwater/headwater/internal/connector"
)

const (
	recheck = time.Second
	maxFile = 1 << 20
)

// origin says where entries come from.
type origin struct {
	property, fileProperty string
	file                   string
	text                   connector.Secret
	parse                  func(string) (hash, error)
}

// ledger holds entries, and reads their file again when it changes. A file that has become unreadable leaves the entries
// as they were, with a warning.
type ledger struct {
	origin
	log *slog.Logger

	mu      sync.Mutex
	checked time.Time
	seen    stamp
	held    *entries
}

// entries are one reading. Its address tells it from others.
type entries struct{ list []entry }

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// newLedger returns nil when neither entries nor a file are named.
func newLedger(o origin, log *slog.Logger) (*ledger, error) {
	if o.file == "" && o.text.IsZero() {
		return nil, nil
	}
	l := &ledger{origin: o, log: log, checked: time.Now()}
	l.seen = l.stamp()
	var err error
	l.held, err = l.read()
	return l, err
}

// current returns what counts now. The file is looked at once a second at most.
func (l *ledger) current() *entries {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == "" || time.Since(l.checked) < recheck {
		return l.held
	}
	l.checked = time.Now()
	seen := l.stamp()
	if seen == l.seen {
		return l.held
	}
	l.seen = seen
	fresh, err := l.read()
	if err != nil {
		l.log.Warn("who may call the REST API stays as it was", "error", err)
		return l.held
	}
	l.log.Info("read who may call the REST API anew", "property", l.fileProperty, "entries", len(fresh.list))
	l.held = fresh
	return l.held
}

func (l *ledger) stamp() stamp {
	info, err := os.Stat(l.file)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

func (l *ledger) read() (*entries, error) {
	own, err := parseEntries(l.text.Reveal(), l.parse)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.property, err)
	}
	if l.file == "" {
		return &entries{own}, nil
	}
	text, err := readFile(l.file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.fileProperty, err)
	}
	// Both together: a name must not stand in both.
	filed, err := parseEntries(text, l.parse)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.fileProperty, err)
	}
	names := map[string]bool{}
	for _, e := range append(own, filed...) {
		if names[e.name] {
			return nil, fmt.Errorf("%s: a name stands in %s too", l.fileProperty, l.property)
		}
		names[e.name] = true
	}
	return &entries{append(own, filed...)}, nil
}

func readFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errors.New("the file is larger than 1 MiB")
	}
	return string(data), err
}
