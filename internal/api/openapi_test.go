package api

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/headwater/headwater/internal/api/openapi"
	"github.com/headwater/headwater/internal/api/plugins"
	"github.com/headwater/headwater/internal/api/requests"
	"github.com/headwater/headwater/internal/api/wire"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	w := ask(server(t, options(sample())), "GET /openapi.json", "")
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestTheDocumentIsValidAndWhole(t *testing.T) {
	doc := document(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	routes := server(t, options(sample())).routes()
	if n := operations(doc); n != len(routes) {
		t.Errorf("%d operations, %d routes", n, len(routes))
	}
	for _, rt := range routes {
		path := doc.Paths.Value(openapi.Path(rt.pattern))
		if path == nil || path.GetOperation(rt.method) == nil {
			t.Errorf("%s %s is missing", rt.method, rt.pattern)
			continue
		}
		op := path.GetOperation(rt.method)
		if (op.RequestBody != nil) != rt.takesBody || op.Extensions["x-headwater-role"] != rt.role.String() {
			t.Errorf("%s %s: body or role is wrong", rt.method, rt.pattern)
		}
		if rt.takesBody && op.RequestBody.Value.Content["application/json"].Schema.Ref == "" {
			t.Errorf("%s %s: operations.json does not say what the body is", rt.method, rt.pattern)
		}
		if !described(op) {
			t.Errorf("%s %s: operations.json does not say what it answers", rt.method, rt.pattern)
		}
		if placeholders := strings.Count(rt.pattern, "{") - strings.Count(rt.pattern, "{$}"); len(op.Parameters) < placeholders {
			t.Errorf("%s %s: %d parameters", rt.method, rt.pattern, len(op.Parameters))
		}
	}
}

func operations(doc *openapi3.T) (n int) {
	for _, path := range doc.Paths.Map() {
		n += len(path.Operations())
	}
	return n
}

// described reports whether each answer that is no error has a schema or is empty, and there is one.
func described(op *openapi3.Operation) bool {
	found := false
	for code, answer := range op.Responses.Map() {
		if code[0] != '2' {
			continue
		}
		found = true
		for kind, media := range answer.Value.Content {
			if kind == "application/json" && media.Schema.Ref == "" {
				return false
			}
		}
	}
	return found
}

// TestSchemasAreThoseOfTheTypes compares the properties of schemas with the fields that encoding/json sees.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	doc := document(t)
	for name, value := range map[string]any{
		"ConnectorInfo": info{}, "TaskID": taskID{}, "ConnectorStatus": Status{}, "ConnectorState": ConnectorState{},
		"TaskStatus": TaskStatus{}, "Progress": Progress{}, "APIProgress": APIProgress{}, "Offset": Offset{}, "OffsetChange": OffsetChange{},
		"Plugin": Plugin{}, "Definition": Definition{}, "Value": Value{}, "Validated": Validated{}, "Validation": plugins.Report{},
		"Logger": Logger{}, "ManagedOffsets": requests.Current{}, "OffsetRequestTaken": requests.Accepted{},
		"OffsetRequestStatus": requests.Status{},
		"Cluster":             wire.Cluster{}, "Worker": wire.Worker{}, "Assignments": wire.Assignments{}, "Assignment": wire.Task{},
		"Moves": wire.Moves{}, "Explain": wire.Explain{}, "Change": wire.Change{},
		"Queue": wire.Queue{}, "QueueAPI": wire.QueueAPI{}, "QueueLane": wire.QueueLane{}, "QueueItems": wire.QueueItems{},
		"QueueItem": wire.QueueItem{}, "QueueProgress": QueueProgress{}, "ExplainLanes": wire.ExplainLanes{},
	} {
		schema := doc.Components.Schemas[name].Value
		var got []string
		for property := range schema.Properties {
			got = append(got, property)
		}
		slices.Sort(got)
		all, always := fields(reflect.TypeOf(value))
		if !slices.Equal(got, all) {
			t.Errorf("%s has properties %v, the type %v", name, got, all)
		}
		slices.Sort(schema.Required)
		if name != "OffsetChange" && !slices.Equal(schema.Required, always) { // which is of requests too
			t.Errorf("%s always has %v, the type %v", name, schema.Required, always)
		}
	}
}

// fields returns the names of a struct's fields in JSON, and of those that are always there.
func fields(t reflect.Type) (all, always []string) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		all = append(all, name)
		if options == "" {
			always = append(always, name)
		}
	}
	slices.Sort(all)
	slices.Sort(always)
	return all, always
}
