package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// source is what the demo has to know of a connector.
type source struct {
	name string
	file string // handed to the worker
	base string // http.api.base.url
	apis []api
}

// api is one API of a connector.
type api struct {
	connector string
	n         int // of apiN
	base      string
	topic     string
	path      string // http.api.path, perhaps with a query
	mode      string
	child     bool // it is asked for each record of another API
}

// parent is the part of a child's path that names its parent record.
var parent = regexp.MustCompile(`/[^/]+/\$\{[^}]+\}`)

// whole is the path under which the sample API lists the same for all parents: /v1/zones for /v1/regions/${id}/zones.
func (a api) whole() string { return parent.ReplaceAllString(a.path, "") }

// parseSource reads a connector file.
func parseSource(text []byte) (source, error) {
	var file struct {
		Name   string            `json:"name"`
		Config map[string]string `json:"config"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return source{}, err
	}
	s := source{name: file.Name, base: file.Config["http.api.base.url"]}
	chains := file.Config["api.chaining.parent.child.relationship"] + ","
	for n := 1; ; n++ {
		of := func(property string) string { return file.Config[fmt.Sprintf("api%d.%s", n, property)] }
		if of("topics") != "" {
			s.apis = append(s.apis, api{
				connector: s.name, n: n, base: s.base, topic: of("topics"), path: of("http.api.path"), mode: of("http.offset.mode"),
				child: strings.Contains(chains, fmt.Sprintf("::api%d,", n)),
			})
			continue
		}
		if n == 1 {
			return source{}, errors.New("it has no api1.topics")
		}
		return s, nil
	}
}

// moved is s with another base URL.
func (s source) moved(base string) source {
	s.base = base
	for i := range s.apis {
		s.apis[i].base = base
	}
	return s
}

// chained reports whether an API is the child of another.
func (s source) chained() bool {
	for _, a := range s.apis {
		if a.child {
			return true
		}
	}
	return false
}

// lastTopic is the topic to look at: that of the last API.
func (s source) lastTopic() string { return s.apis[len(s.apis)-1].topic }
