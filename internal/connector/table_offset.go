package connector

import (
	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
	"github.com/headwater/headwater/internal/record/extract"
)

const (
	cursorOnly   = "apiN.http.offset.mode=CURSOR_PAGINATION"
	chainingOnly = "apiN.http.offset.mode=CHAINING"
)

// offsetTable is how one request follows from the last answer.
var offsetTable = []perAPI{
	{Row: row{
		Name: "http.offset.mode", Default: "SIMPLE_INCREMENTING", Choices: choice.Modes, Group: groupOffset,
		Doc: "How the next request is made from the last answer.",
	}, Set: property.Pick(func(a *apiDraft) *Mode { return &a.Mode })},
	{Row: row{
		Name: "http.initial.offset", Group: groupOffset,
		Doc: "First value of `${offset}`. A whole number for SIMPLE_INCREMENTING.",
	}, Set: property.Text(func(a *apiDraft) *string { return &a.InitialOffset })},
	{
		Row: row{
			Name: "http.offset.json.pointer", Blank: true, Importance: property.Medium, Group: groupOffset, Valid: validPointer,
			Doc: "Offset within each record; for CHAINING and SNAPSHOT_PAGINATION. Empty: the record itself is its offset.",
		},
		Set: pointer(func(a *apiDraft) **extract.Pointer { return &a.Offset }),
	},
	pointerRow("http.next.page.json.pointer", cursorOnly, "Next page in the response: a token, a URL or the end of a URL.",
		func(a *apiDraft) **extract.Pointer { return &a.NextPage }),
	{Row: row{
		Name: "http.cursor.pagination.parameter.name", Importance: property.Medium, Group: groupOffset, Needs: cursorOnly,
		Doc: "Query parameter that carries the token.",
	}, Set: property.Text(func(a *apiDraft) *string { return &a.CursorParameter })},
	{Row: row{
		Name: "is.next.page.token.absolute.url", Type: property.Boolean, Default: "true", Importance: property.Medium,
		Group: groupOffset, Needs: cursorOnly, Doc: "Whether a next page that is a URL is asked for as it stands.",
	}, Set: property.Flag(func(a *apiDraft) *bool { return &a.NextIsURL })},
	{Row: row{
		Name: "http.chaining.pagination.parameter.name", Importance: property.Medium, Group: groupOffset,
		Needs: "apiN.chaining.with.timestamp.mode=true", Doc: "Query parameter that carries the last record's key, as `starting_after`.",
	}, Set: property.Text(func(a *apiDraft) *string { return &a.ChainParameter })},
	pointerRow("http.offset.json.primary.key.pointer", "apiN.chaining.with.timestamp.mode=true", "Key within each record: `${primary_key}`.",
		func(a *apiDraft) **extract.Pointer { return &a.PrimaryKey }),
}

func pointerRow(name, needs, doc string, field func(*apiDraft) **extract.Pointer) perAPI {
	return perAPI{
		Row: row{Name: name, Importance: property.Medium, Group: groupOffset, Needs: needs, Valid: validPointer, Doc: doc},
		Set: pointer(field),
	}
}

// pointer compiles a JSON Pointer.
func pointer(field func(*apiDraft) **extract.Pointer) func(*apiDraft, property.Value) error {
	return func(a *apiDraft, v property.Value) error {
		p, err := form.Pointer(v.Text)
		if err == nil {
			*field(a) = &p
		}
		return err
	}
}

// setData reads http.response.data.json.pointer, whose empty value is the whole document.
func setData(a *apiDraft, v property.Value) (err error) {
	a.Data, err = form.Pointer(v.Text)
	return err
}
