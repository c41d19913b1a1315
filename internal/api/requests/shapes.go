// Package requests changes the offsets of connectors that run, as the managed service does: a request is taken at once,
// the connector is stopped, its offsets are changed, and it goes on. Each connector's last request and what became of it
// are kept in memory, by the worker that took it.
package requests

import (
	"encoding/base32"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/headwater/headwater/internal/api/shape"
)

// Kinds of requests.
const (
	Patch  = "PATCH"  // change the offsets that are listed
	Delete = "DELETE" // forget all
)

// Phases of a request.
const (
	Pending = "PENDING"
	Applied = "APPLIED"
	Failed  = "FAILED"
)

// Accepted is a request that was taken; Offsets is empty for Delete.
type Accepted struct {
	ID        string               `json:"id"`
	Name      string               `json:"name"`
	Offsets   []shape.OffsetChange `json:"offsets"`
	Requested time.Time            `json:"requested_at"`
	Type      string               `json:"type"`
}

// State is the phase of a request and a sentence on it.
type State struct {
	Phase   string `json:"phase"`
	Message string `json:"message"`
}

// Status is a request and what became of it. Previous is what the connector's offsets were before; Applied is nil until
// they were changed.
type Status struct {
	Request  Accepted       `json:"request"`
	State    State          `json:"status"`
	Previous []shape.Offset `json:"previous_offsets"`
	Applied  *time.Time     `json:"applied_at"`
}

// Current is where a connector stands now.
type Current struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Offsets  []shape.Offset `json:"offsets"`
	Metadata Metadata       `json:"metadata"`
}

// Metadata says when Current was so.
type Metadata struct {
	Observed time.Time `json:"observed_at"`
}

// ID makes an id of the managed service's form from a connector's name; it stays the same for the same name.
func ID(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	text := base32.HexEncoding.EncodeToString(h.Sum(nil))
	return "lcc-" + strings.ToLower(text[:6])
}

// NewCurrent shows a connector's offsets.
func NewCurrent(name string, list []shape.Offset) Current {
	return Current{ID(name), name, append([]shape.Offset{}, list...), Metadata{time.Now().UTC()}}
}

// done is the managed service's sentence on a request that was applied.
func done(kind string) string {
	past := "altered"
	if kind == Delete {
		past = "reset"
	}
	return fmt.Sprintf("The Connect framework-managed offsets for this connector have been %s successfully. However, if this "+
		"connector manages offsets externally, they will need to be manually %s in the system that the connector uses.", past, past)
}
