// Package openapi describes the REST API as an OpenAPI 3.0 document. Which calls there are comes from the server's route
// table; what goes in and out is in operations.json and schemas.json, which tests hold against the Go types and against a
// running server.
package openapi

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed operations.json
var operationsJSON []byte

//go:embed schemas.json
var schemasJSON []byte

// Route is a row of the route table.
type Route struct {
	Method, Pattern string // as http.ServeMux has them
	About           string
	Role            string // what a caller must be; none: anybody
	TakesBody       bool
	Leader          bool // the leader answers, so it can be a bad moment
}

// details is what operations.json says about a route.
type details struct {
	Query   []string          `json:"query"`   // names in parameters.json's part of schemas.json
	Body    string            `json:"body"`    // a schema
	Answers map[string]string `json:"answers"` // status to schema; an empty one is an empty body
	Errors  []int             `json:"errors"`  // beyond those that any call of the kind can give
	Text    bool              `json:"text"`    // answers are plain text
}

// object is a JSON object.
type object = map[string]any

// Document returns the document for routes, ready to be marshalled. A route that operations.json does not know is
// described by its row alone.
func Document(version string, routes []Route) map[string]any {
	known, components := read()
	paths := map[string]object{}
	for _, rt := range routes {
		path := Path(rt.Pattern)
		if paths[path] == nil {
			paths[path] = object{}
		}
		paths[path][strings.ToLower(rt.Method)] = operation(rt, path, known[rt.Method+" "+path])
	}
	return object{
		"openapi": "3.0.3",
		"info": object{
			"title": "Headwater", "version": version,
			"description": "Kafka Connect's REST API, the managed service's offsets API, and Headwater's own.",
		},
		"servers":    []object{{"url": "/"}},
		"security":   []object{{}, {"basic": []string{}}, {"bearer": []string{}}},
		"paths":      paths,
		"components": components,
	}
}

// Path is a pattern of the route table as a path of the document.
func Path(pattern string) string { return strings.TrimSuffix(pattern, "{$}") }

// read takes the embedded files apart; they are part of the program, so they are well-formed.
func read() (known map[string]details, components object) {
	for into, from := range map[any][]byte{&known: operationsJSON, &components: schemasJSON} {
		if err := json.Unmarshal(from, into); err != nil {
			panic("openapi: embedded file: " + err.Error())
		}
	}
	return known, components
}

func operation(rt Route, path string, d details) object {
	op := object{
		"summary": rt.About, "operationId": id(rt.Method, path), "tags": []string{tag(path)},
		"responses": responses(rt, path, d), "x-headwater-role": rt.Role,
	}
	if p := parameters(path, d.Query); len(p) > 0 {
		op["parameters"] = p
	}
	if rt.TakesBody {
		op["requestBody"] = object{"required": true, "content": content(d.Body, false)}
	}
	return op
}

// id makes a name of a method and path, unique as they are: get_connectors_name_status.
func id(method, path string) string {
	words := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/{}.-", r) })
	return strings.Join(append([]string{strings.ToLower(method)}, words...), "_")
}

func tag(path string) string {
	switch {
	case managed(path):
		return "managed service"
	case strings.HasPrefix(path, "/headwater/"):
		return "headwater"
	}
	return "connect"
}

func managed(path string) bool { return strings.HasPrefix(path, "/connect/v1/") }

func parameters(path string, query []string) []object {
	var list []object
	for part := range strings.SplitSeq(path, "/") {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		list = append(list, ref("parameters", strings.TrimSuffix(name, "}")))
	}
	for _, name := range query {
		list = append(list, ref("parameters", name))
	}
	return list
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

func content(schema string, text bool) object {
	kind, s := "application/json", object{}
	if schema != "" {
		s = ref("schemas", schema)
	}
	if text {
		kind, s = "text/plain", object{"type": "string"}
	}
	return object{kind: object{"schema": s}}
}

// responses are the answers of a call and the errors that it can give.
func responses(rt Route, path string, d details) object {
	failure := "Error"
	if managed(path) {
		failure = "ManagedError"
	}
	all := object{}
	for _, code := range codes(rt, d) {
		all[strconv.Itoa(code)] = object{"description": http.StatusText(code), "content": content(failure, false)}
	}
	for code, schema := range d.Answers {
		n, _ := strconv.Atoi(code)
		answer := object{"description": http.StatusText(n)}
		if schema != "" || d.Text {
			answer["content"] = content(schema, d.Text)
		}
		if n == http.StatusCreated {
			answer["headers"] = object{"Location": object{"required": true, "schema": object{"type": "string"}}}
		}
		all[code] = answer
	}
	if len(d.Answers) == 0 {
		all["200"] = object{"description": "OK", "content": content("", false)}
	}
	return all
}

// codes are the statuses of errors: those of any call, those of calls of its kind, its own.
func codes(rt Route, d details) []int {
	list := append([]int{http.StatusForbidden, http.StatusInternalServerError, http.StatusServiceUnavailable}, d.Errors...)
	if rt.Role != "none" {
		list = append(list, http.StatusUnauthorized, http.StatusTooManyRequests)
	}
	if rt.TakesBody {
		list = append(list, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if rt.Leader {
		list = append(list, http.StatusConflict)
	}
	if strings.Contains(rt.Pattern, "{name}") || strings.Contains(rt.Pattern, "{plugin}") || strings.Contains(rt.Pattern, "{logger}") {
		list = append(list, http.StatusNotFound)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
