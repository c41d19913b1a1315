package connector

import (
	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

const groupError = "Errors"

// errorTable is what happens when something fails.
var errorTable = []global{
	{Row: row{
		Name: "behavior.on.error", Default: "FAIL", Choices: choice.OnErrors, Importance: property.Low, Group: groupError,
		Doc: "What follows an API error once the retries are spent: the task fails, or the same request is made again later.",
	}, Set: property.Pick(func(d *draft) *OnError { return &d.OnError })},
	{Row: row{
		Name: "errors.tolerance", Default: "none", Choices: choice.Tolerances, Importance: property.Low, Group: groupError,
		Doc: "Whether a record that cannot be converted or does not fit its topic is set aside (`all`) or fails the task.",
	}, Set: property.Pick(func(d *draft) *Tolerance { return &d.Tolerance })},
	{Row: row{
		Name: "reporter.error.topic.name", Default: "error-${connector}", Importance: property.Low, Group: groupError, Valid: form.ValidTopic,
		Doc: "Topic of error records; `${connector}` is the connector's name.",
	}, Set: property.Text(func(d *draft) *string { return &d.ErrorTopic })},
	{Row: row{
		Name: "report.errors.as", Default: "Error string", Choices: choice.ReportsAs, Importance: property.Low, Group: groupError,
		Doc: "Value of error records: a sentence, or the plain content of the response.",
	}, Set: property.Pick(func(d *draft) *ReportAs { return &d.ReportAs })},
	{Row: row{
		Name: "reporter.error.topic.value.format", Default: "json", Choices: choice.ReportFormats, Importance: property.Low, Group: groupError,
		Doc: "Whether that sentence stands in quotes, as JSON text, or bare.",
	}, Set: property.Pick(func(d *draft) *ReportFormat { return &d.ReportFormat })},
}
