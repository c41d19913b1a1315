package connector

import (
	"time"

	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
	"github.com/headwater/headwater/internal/connector/status"
)

const (
	childOnly      = "a parent of apiN"
	continuousOnly = "apiN.chaining.poll.mode=CONTINUOUS"
	maxRepoll      = 366 * 24 * time.Hour
)

// chainTable is what becomes of a child API's work items. The product has none of it.
var chainTable = []perAPI{
	{Row: row{
		Name: "chaining.poll.mode", Default: "ONCE", Choices: choice.PollModes, Importance: property.Medium, Group: groupChain,
		Needs: childOnly,
		Doc: "An extension. What follows the last page of a parent record: nothing until that record is emitted again, or another " +
			"poll after `chaining.repoll.interval.ms`.",
	}, Set: property.Pick(func(a *apiDraft) *PollMode { return &a.PollMode })},
	{Row: row{
		Name: "chaining.repoll.interval.ms", Type: property.Long, Default: "3600000", Min: 100, Max: maxRepoll.Milliseconds(),
		Importance: property.Medium, Group: groupChain, Needs: continuousOnly,
		Doc: "An extension. Pause between two polls for one parent record.",
	}, Set: property.Millis(func(a *apiDraft) *time.Duration { return &a.Repoll })},
	{Row: row{
		Name: "chaining.items.in.flight", Type: property.Int, Default: "1", Min: 1, Max: 100, Importance: property.Medium,
		Group: groupChain, Needs: childOnly,
		Doc: "An extension. For how many parent records each of the 15 lanes of the work queue asks at once.",
	}, Set: property.Whole(func(a *apiDraft) *int { return &a.InFlight })},
	{Row: row{
		Name: "chaining.end.on.status.codes", Importance: property.Medium, Group: groupChain, Needs: childOnly, Valid: validStatusCodes,
		Doc: "An extension. Answers that are no error but the end of what a parent record stands for, as `404,410`. They " +
			"are not tried again.",
	}, Set: setEndOn},
	{Row: row{
		Name: "chaining.parent.fields", Type: property.List, Importance: property.Low, Group: groupChain, Needs: childOnly,
		Valid: form.ValidSources,
		Doc: "An extension. What a child's records are given of their parent record. A source is a field, a dotted path or a JSON " +
			"Pointer.",
	}, Set: setParentFields},
	{Row: row{
		Name: "chaining.parent.fields.into", Default: "HEADERS", Choices: choice.ParentsInto, Importance: property.Low,
		Group: groupChain, Needs: "apiN.chaining.parent.fields",
		Doc: "An extension. Where these go: into headers of the record, or into its value, which must be an object.",
	}, Set: property.Pick(func(a *apiDraft) *ParentInto { return &a.ParentInto })},
}

func setEndOn(a *apiDraft, v property.Value) (err error) {
	a.EndOn, err = status.Parse(v.Text)
	return err
}

func setParentFields(a *apiDraft, v property.Value) error {
	list, err := form.Sources(v.Text)
	for _, f := range list {
		a.ParentFields = append(a.ParentFields, Pair(f))
	}
	return err
}
