package loggers

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/body"
)

func TestLevels(t *testing.T) {
	var level slog.LevelVar
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: &level}))
	var l *Levels
	l = New(&level, func(_ context.Context, logger, level string) error { _, err := l.SetLevel(logger, level); return err })
	if root := l.Loggers()[Root]; root.Level != "INFO" || root.LastModified != nil {
		t.Errorf("%+v", root)
	}
	for name, lines := range map[string]int{"OFF": 0, "FATAL": 0, "ERROR": 1, "WARN": 2, "INFO": 3, "DEBUG": 4, "TRACE": 4, "ALL": 4} {
		changed, err := l.SetLevel(Root, name)
		if root := l.Loggers()[Root]; err != nil || len(changed) != 1 || root.Level != name || root.LastModified == nil {
			t.Errorf("%s: %v, %v, %+v", name, changed, err, root)
		}
		out.Reset()
		log.Debug("a")
		log.Info("a")
		log.Warn("a")
		log.Error("a")
		if n := bytes.Count(out.Bytes(), []byte("\n")); n != lines {
			t.Errorf("%s: %d lines, want %d", name, n, lines)
		}
	}
	if err := l.SetClusterLevel(t.Context(), Root, "WARN"); err != nil || level.Level() != slog.LevelWarn {
		t.Errorf("%v, %s", err, level.Level())
	}
}

func TestWhatIsNotThere(t *testing.T) {
	l := New(new(slog.LevelVar), nil)
	for what, c := range map[string]struct {
		err  error
		code int
	}{
		"another logger": {second(l.SetLevel("a", "INFO")), 404},
		"another level":  {second(l.SetLevel(Root, "LOUD")), 404},
		"no cluster":     {l.SetClusterLevel(t.Context(), Root, "INFO"), 501},
	} {
		if e, ok := errors.AsType[*api.Error](c.err); !ok || e.Status != c.code {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	for _, name := range body.Levels {
		if _, ok := levels[name]; !ok {
			t.Errorf("the API takes %s", name)
		}
	}
}

func second(_ []string, err error) error { return err }
