package body

import (
	"errors"
	"slices"
	"strings"
)

// Levels are the log levels that Connect knows.
var Levels = []string{"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"}

// ErrLevel says that a level is none of Levels; Connect answers it with 404.
var ErrLevel = errors.New("the level is not one of " + strings.Join(Levels, ", "))

// Level reads the body of PUT /admin/loggers/{logger}; case does not matter. The error may be ErrLevel.
func Level(sent []byte) (string, error) {
	var v struct {
		Level *string `json:"level"`
	}
	if err := Decode(sent, &v); err != nil {
		return "", err
	}
	if v.Level == nil {
		return "", refusal("Desired 'level' parameter was not specified in request.")
	}
	level := strings.ToUpper(*v.Level)
	if !slices.Contains(Levels, level) {
		return "", ErrLevel
	}
	return level, nil
}
