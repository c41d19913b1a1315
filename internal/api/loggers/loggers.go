// Package loggers sets what a worker logs while it runs (KIP-495, KIP-976). A worker has one logger, root: its log lines
// carry attributes, not logger names.
package loggers

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/headwater/headwater/internal/api"
)

// Root is the logger of all that a worker logs.
const Root = "root"

// levels are Connect's names. slog has nothing beyond DEBUG and ERROR, so what is beyond them is a step further.
var levels = map[string]slog.Level{
	"OFF": math.MaxInt, "FATAL": slog.LevelError + 4, "ERROR": slog.LevelError, "WARN": slog.LevelWarn, "INFO": slog.LevelInfo,
	"DEBUG": slog.LevelDebug, "TRACE": slog.LevelDebug - 4, "ALL": math.MinInt,
}

// Levels is an api.Loggers above the level that a slog.Handler goes by. It is safe for concurrent use.
type Levels struct {
	level    *slog.LevelVar
	announce func(ctx context.Context, logger, level string) error

	mu    sync.Mutex
	shown api.Logger
}

// New takes level over. announce tells all workers, this one too, which then call SetLevel; nil: SetClusterLevel is
// answered with 501.
func New(level *slog.LevelVar, announce func(ctx context.Context, logger, level string) error) *Levels {
	return &Levels{level: level, announce: announce, shown: api.Logger{Level: level.Level().String()}}
}

// Loggers implements api.Loggers.
func (l *Levels) Loggers() map[string]api.Logger {
	l.mu.Lock()
	defer l.mu.Unlock()
	return map[string]api.Logger{Root: l.shown}
}

// SetLevel implements api.Loggers. Another logger than Root, or a level that Connect does not know, is a 404.
func (l *Levels) SetLevel(logger, level string) ([]string, error) {
	if err := known(logger, level); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.level.Set(levels[level])
	l.shown = api.Logger{Level: level, LastModified: new(time.Now().UnixMilli())}
	return []string{Root}, nil
}

// SetClusterLevel implements api.Loggers.
func (l *Levels) SetClusterLevel(ctx context.Context, logger, level string) error {
	if l.announce == nil {
		return &api.Error{Status: http.StatusNotImplemented, Message: "Setting the level of all workers is not available"}
	}
	if err := known(logger, level); err != nil {
		return err
	}
	return l.announce(ctx, logger, level)
}

func known(logger, level string) error {
	if logger != Root {
		return &api.Error{Status: http.StatusNotFound, Message: "Logger " + logger + " not found."}
	}
	if _, ok := levels[level]; !ok {
		return &api.Error{Status: http.StatusNotFound, Message: "There is no log level " + level}
	}
	return nil
}
