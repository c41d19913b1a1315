package connector

import (
	"slices"

	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

// apiTable are the properties of one API; their names stand behind apiN.
var apiTable = slices.Concat(requestTable, offsetTable, windowTable, retryTable, chainTable, responseTable)

const (
	groupRequest  = "Request"
	groupOffset   = "Offsets and pages"
	groupWindow   = "Time windows"
	groupRetry    = "Pace and retries"
	groupChain    = "API chaining"
	groupResponse = "Response"

	validPointer     = "a JSON Pointer: empty, or steps that each begin with /"
	validStatusCodes = "codes and ranges from 100 to 599, separated by commas, as 404,408,500-"
)

// requestTable is what to ask.
var requestTable = []perAPI{
	{Row: row{
		Name: "http.api.path", Group: groupRequest,
		Doc: "Path behind the base URL; may hold placeholders and a query. Absent: the base URL itself.",
	}, Set: property.Text(func(a *apiDraft) *string { return &a.Path })},
	{Row: row{
		Name: "topics", Required: true, Group: groupRequest, Valid: form.ValidTopic, Doc: "The one topic that the records go to.",
	}, Set: checked(form.Topic, func(a *apiDraft) *string { return &a.Topic })},
	{Row: row{
		Name: "http.request.method", Default: "GET", Choices: choices{{Name: "GET"}, {Name: "POST"}}, Group: groupRequest,
		Doc: "Method of every request.",
	}, Set: property.Text(func(a *apiDraft) *string { return &a.Method })},
	pairs("http.request.headers", "Request headers, as `name:value`, separated by `|`.",
		property.Text(func(a *apiDraft) *string { return &a.headers })),
	separator("http.request.headers.separator", "|", func(a *apiDraft) *string { return &a.headersSeparator }),
	{Row: row{
		Name: "http.request.sensitive.headers", Type: property.Password, Importance: property.Medium, Group: groupRequest,
		Doc: "Headers whose values must not be seen; they win over headers of the same name.",
	}, Set: hide(func(a *apiDraft) *Secret { return &a.sensitive })},
	pairs("http.request.parameters", "Query parameters, as `name=value`, separated by `&`. Only for GET.",
		property.Text(func(a *apiDraft) *string { return &a.parameters })),
	separator("http.request.parameters.separator", "&", func(a *apiDraft) *string { return &a.parametersSeparator }),
	pairs("http.path.parameters", "Values of `{name}` in the path, as `name:value`, separated by `|`.",
		property.Text(func(a *apiDraft) *string { return &a.pathParameters })),
	separator("http.path.parameters.separator", "|", func(a *apiDraft) *string { return &a.pathSeparator }),
	{Row: row{
		Name: "http.request.body", Importance: property.Medium, Group: groupRequest, Needs: "apiN.http.request.method=POST",
		Doc: "Body of every request; may hold placeholders.",
	}, Set: property.Text(func(a *apiDraft) *string { return &a.Body })},
}

func pairs(name, doc string, set func(*apiDraft, property.Value) error) perAPI {
	return perAPI{Row: row{Name: name, Importance: property.Medium, Group: groupRequest, Doc: doc}, Set: set}
}

func separator(name, byDefault string, field func(*apiDraft) *string) perAPI {
	return perAPI{Row: row{
		Name: name, Default: byDefault, Importance: property.Medium, Group: groupRequest, Doc: "What separates the entries of that list.",
	}, Set: property.Text(field)}
}
