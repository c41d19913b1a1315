package simapi

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Connector describes the connector whose APIs are those of a Server.
type Connector struct {
	Name     string
	BaseURL  string // such as http://127.0.0.1:1234
	Interval int    // request.interval.ms of every API. Defaults to 100
	OnError  string // behavior.on.error. Defaults to IGNORE
	// Extra properties win over all others.
	Extra map[string]string
}

// TopicOf is the topic of an API of connector name.
func TopicOf(name string, api int) string { return fmt.Sprintf("%s-api%d", name, api) }

// Config is the connector's configuration: a flat map of properties.
func (s *Server) Config(c Connector) map[string]string {
	m := map[string]string{
		"name": c.Name, "connector.class": "HttpSourceV2", "tasks.max": strconv.Itoa(len(s.streams)),
		"http.api.base.url": c.BaseURL, "apis.num": strconv.Itoa(len(s.streams)), "output.data.format": "JSON",
		"behavior.on.error": "IGNORE", "auth.type": "NONE",
	}
	if c.OnError != "" {
		m["behavior.on.error"] = c.OnError
	}
	interval := 100
	if c.Interval > 0 {
		interval = c.Interval
	}
	for _, st := range s.streams {
		prefix := fmt.Sprintf("api%d.", st.api)
		block := map[string]string{
			"http.api.path": fmt.Sprintf("/api%d/items", st.api), "topics": TopicOf(c.Name, st.api),
			"request.interval.ms": strconv.Itoa(interval), "max.retries": "5", "retry.backoff.policy": "CONSTANT_VALUE",
			"retry.backoff.ms": "50",
		}
		for k, v := range st.mode.properties(st) {
			block[k] = v
		}
		for k, v := range block {
			m[prefix+k] = v
		}
	}
	for k, v := range c.Extra {
		m[k] = v
	}
	return m
}

// Document is Config as a connector file: {"name":...,"config":{...}}.
func (s *Server) Document(c Connector) []byte {
	doc, err := json.MarshalIndent(map[string]any{"name": c.Name, "config": s.Config(c)}, "", "  ")
	if err != nil {
		panic(err) // strings only
	}
	return doc
}

// PartitionURL is the url of an API's source partition: the base URL joined with the raw path.
func (a API) PartitionURL(base string) string {
	path, ok := a.stream.mode.properties(a.stream)["http.api.path"]
	if !ok {
		path = fmt.Sprintf("/api%d/items", a.ID)
	}
	return base + path
}
